#pragma once

#include <cstdint>
#include <string>

namespace dmaas {

/// For people: "17 B", "1.5 GiB", with so many decimals from 1 KiB on.
std::string format_bytes(std::int64_t bytes, int decimals = 1);

}  // namespace dmaas
