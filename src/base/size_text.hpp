#pragma once

#include <cstdint>
#include <string>

namespace dmaas {

/// For people: "17 B", "1.5 GiB".
std::string format_bytes(std::int64_t bytes);

}  // namespace dmaas
