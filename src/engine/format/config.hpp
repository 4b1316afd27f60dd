#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace dmaas::engine {

/// How the content of files is cut into blobs. Stock restic always cuts by rabin; any cut is valid
/// in the format.
enum class ChunkerKind { rabin, fastcdc };

/// Of fastcdc's table: 256 numbers.
inline constexpr std::size_t gear_bytes = 256 * 8;

struct Config {
  unsigned version = 2;                  // 1 or 2
  std::string id;                        // 64 hexadecimal digits
  std::uint64_t chunker_polynomial = 0;  // irreducible, degree 53
  /// Stored under the key "dmaas_chunker", which others ignore; absent there: rabin.
  ChunkerKind chunker = ChunkerKind::rabin;
  /// Of fastcdc, in a repository that cuts like another one: its table, under "dmaas_gear". Empty:
  /// it follows from the master key.
  Bytes gear{};

  bool operator==(const Config&) const = default;
};

std::string encode_config(const Config& config);
/// Errors: corrupt; unsupported (a version or chunker that a newer program made; the message says
/// so).
Result<Config> decode_config(std::string_view json);

}  // namespace dmaas::engine
