#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "gateway/disk_cache.hpp"
#include "http/server.hpp"

namespace dmaas::gateway {

/// What a 206 answer carries.
struct ObjectPart {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
  std::optional<std::uint64_t> object_size{};
};

/// Begins the answer to a GET, of the whole object without `part`; without `size` it is chunked.
Result<> start_object(http::ServerResponse& response, const std::optional<ObjectPart>& part,
                      std::optional<std::uint64_t> size);

/// Passes an object from a store to a client while it arrives. The answer begins with the first
/// bytes, so that a failing load still gets a status of its own; a small object gets its size, a
/// larger one of unknown size is chunked. Used by one thread.
class ObjectRelay {
public:
  ObjectRelay(http::ServerResponse& response, std::optional<ObjectPart> part,
              std::optional<DiskCache::Writer> copy)
      : response_(response), part_(part), copy_(std::move(copy)) {}

  /// The sink of ObjectStore::load.
  Result<> take(BytesView piece);
  /// The load succeeded.
  Result<> finish();
  /// The load failed: true when it is too late for another answer; then the connection is cut.
  bool abandon();

private:
  Result<> start(std::optional<std::uint64_t> size);

  http::ServerResponse& response_;
  const std::optional<ObjectPart> part_;
  std::optional<DiskCache::Writer> copy_;
  Bytes held_;
  bool started_ = false;
};

}  // namespace dmaas::gateway
