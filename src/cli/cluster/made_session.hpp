#pragma once

#include "base/json.hpp"
#include "cli/cluster/output.hpp"

namespace dmaas::cli {

/// Tells of a session that is not followed: as a document, or that it was created, or would be.
void print_made_session(const Json& made, bool dry_run, OutputFormat format);

}  // namespace dmaas::cli
