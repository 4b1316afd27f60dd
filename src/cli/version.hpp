#pragma once

#include <string_view>

namespace dmaas::cli {

/// "dmaas 0.1.0", as snapshots record it.
constexpr std::string_view program_version() {
  return "dmaas " DMAAS_VERSION;
}

}  // namespace dmaas::cli
