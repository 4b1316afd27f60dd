#pragma once

#include <string>
#include <string_view>

#include "api/verification.hpp"

namespace dmaas::applications {

/// What is wrong with `text`, for people, shortened; "" when it is as expected. Pure.
std::string find_mismatch(const api::ExpectedText& expected, std::string_view text);

/// `text` on one line for messages, cut in the middle when it is long.
std::string shortened_quote(std::string_view text);

}  // namespace dmaas::applications
