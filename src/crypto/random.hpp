#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.hpp"

namespace dmaas::crypto {

/// Fills `buffer` from the system's generator, fit for keys. Thread-safe. A failing generator ends
/// the process.
void fill_random(std::span<std::uint8_t> buffer);
Bytes random_bytes(std::size_t length);

/// Takes the same time wherever the first difference is; false for different lengths.
bool equal_in_constant_time(BytesView a, BytesView b);

}  // namespace dmaas::crypto
