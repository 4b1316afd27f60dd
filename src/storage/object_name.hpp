#pragma once

#include <stop_token>
#include <string_view>

#include "base/result.hpp"

namespace dmaas::storage {

/// True for what ObjectStore accepts as a name: '/'-separated segments of [A-Za-z0-9._-], never "."
/// or "..", at most 1024 bytes.
bool is_object_name(std::string_view name);

/// What every call checks first. Errors: cancelled (`stop` was requested), invalid_input (no object
/// name).
Result<> check_call(std::string_view name, const std::stop_token& stop);
/// The same for the directory of a listing, which may be "".
Result<> check_list_call(std::string_view directory, const std::stop_token& stop);

}  // namespace dmaas::storage
