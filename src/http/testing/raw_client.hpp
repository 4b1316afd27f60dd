#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/file.hpp"

namespace dmaas::http {

/// A plain connection to 127.0.0.1 that sends and receives exactly what a test says.
class RawClient {
public:
  explicit RawClient(std::uint16_t port);

  /// False when the other side does not take it all.
  bool send(std::string_view text);
  /// Reads until `ending` has arrived, 10 s have passed or the stream ended; what was read, past
  /// the ending too.
  std::string read_until(std::string_view ending);
  /// Everything until the other side closes, at most for 10 s.
  std::string read_to_end();
  /// Head and body of the next answer that has a Content-Length or none.
  std::string read_answer();
  /// Reads and forgets `size` bytes without keeping them; how many came.
  std::size_t drop(std::size_t size);
  void close() { socket_.reset(); }
  /// Ends with a TCP reset instead of in good order.
  void reset();

private:
  bool receive();

  FileDescriptor socket_;
  std::string received_;
};

}  // namespace dmaas::http
