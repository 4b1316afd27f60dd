#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "kube/client/client.hpp"

namespace dmaas::kube {

/// Turns the bytes of a watch into events: one JSON document per line. Without I/O; used by one
/// thread.
class WatchStream {
public:
  explicit WatchStream(const WatchSink& sink, std::size_t max_line_bytes = 32 << 20)
      : sink_(sink), max_line_bytes_(max_line_bytes) {}

  /// Hands complete lines to the sink. Errors: the sink's; what an ERROR event says; unavailable
  /// (not a watch event); exhausted (line too long). After a 410 nothing more is delivered.
  Result<> feed(BytesView piece);
  /// An ERROR event with code 410 arrived.
  bool is_expired() const { return expired_; }

private:
  Result<> take_line(std::string_view line);

  const WatchSink& sink_;
  const std::size_t max_line_bytes_;
  std::string rest_;
  bool expired_ = false;
};

}  // namespace dmaas::kube
