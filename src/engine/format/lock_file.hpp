#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace dmaas::engine {

struct LockFile {
  Timestamp time;
  bool exclusive = false;
  std::string hostname;
  std::string username;
  std::int64_t pid = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;

  bool operator==(const LockFile&) const = default;
};

std::string encode_lock_file(const LockFile& lock);
/// Errors: corrupt.
Result<LockFile> decode_lock_file(std::string_view json);

}  // namespace dmaas::engine
