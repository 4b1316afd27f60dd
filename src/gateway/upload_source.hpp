#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/bytes.hpp"
#include "http/server.hpp"
#include "storage/object_store.hpp"

namespace dmaas::gateway {

/// A request's body on its way into a store. A small body is read into memory first, so that the
/// store can repeat a failed try; of a large one only a piece is in memory at any time.
class UploadSource final : public storage::ObjectSource {
public:
  static constexpr std::uint64_t max_kept_bytes = 1 << 20;
  /// Asked before the last byte is handed over: an error withholds it, and with it the object.
  using Permission = std::function<Result<>()>;

  UploadSource(http::ServerRequest& request, std::uint64_t size, Permission permission)
      : request_(request), size_(size), permission_(std::move(permission)) {}

  std::uint64_t size() const override { return size_; }
  Result<std::size_t> read(std::span<std::uint8_t> buffer) override;
  Result<> rewind() override;

  /// Why the client's side failed, not the storage.
  const std::optional<Error>& client_error() const { return client_error_; }
  std::uint64_t received_bytes() const { return received_bytes_; }

private:
  Result<> keep_small_body();
  Result<std::size_t> receive(std::span<std::uint8_t> buffer);

  http::ServerRequest& request_;
  const std::uint64_t size_;
  const Permission permission_;
  std::optional<Bytes> kept_;
  std::uint64_t position_ = 0;
  std::uint64_t received_bytes_ = 0;
  std::optional<Error> client_error_;
};

}  // namespace dmaas::gateway
