#pragma once

#include <string_view>

#include "base/result.hpp"

namespace dmaas {

/// Perl's syntax. Errors: invalid_input (what is wrong with the expression).
Result<> check_regular_expression(std::string_view expression);

/// Whether some part of `text` matches. Patterns come from users: one that takes too many steps for
/// this text ends with an error instead of holding the caller. Errors: invalid_input (the
/// expression), exhausted (too many steps).
Result<bool> matches_somewhere(std::string_view text, std::string_view expression);

}  // namespace dmaas
