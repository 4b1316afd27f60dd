#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace dmaas {

/// All documents of a YAML text as JSON, empty ones left out. Plain scalars become null, bool or
/// number by YAML 1.2's core schema; quoted ones stay strings. Errors: invalid_input, exhausted
/// (over 16 MiB, 100 levels or 1 M nodes).
Result<std::vector<Json>> parse_yaml_documents(std::string_view text);
/// The only document of `text`. Errors: as above; invalid_input unless there is exactly one.
Result<Json> parse_yaml(std::string_view text);
/// Block style, in order of insertion, strings quoted only where they would read as something else.
std::string to_yaml(const Json& json);

}  // namespace dmaas
