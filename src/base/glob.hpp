#pragma once

#include <string_view>

namespace dmaas {

/// `*` stands for any characters, also none, `?` for exactly one; everything else for itself. Takes
/// time proportional to the product of the lengths at worst.
bool matches_glob(std::string_view pattern, std::string_view text);

}  // namespace dmaas
