#pragma once

#include <map>
#include <string>

namespace dmaas::api {

/// The files that are derived from the fields tables, by path below the checkout: a definition for
/// each kind in deploy/crds, and docs/reference/api.md. `dmaas_generate` writes them.
std::map<std::string, std::string> generated_files();

}  // namespace dmaas::api
