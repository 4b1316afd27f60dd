#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "http/client.hpp"

namespace dmaas::http {

/// A request as the handler sees it. The body is read by the handler, piece by piece, or not at
/// all.
class ServerRequest {
public:
  virtual ~ServerRequest() = default;
  virtual std::string_view method() const = 0;
  virtual std::string_view path() const = 0;      // percent-decoded, without the query
  virtual std::string_view raw_path() const = 0;  // as it was sent, without the query
  virtual std::string_view query() const = 0;     // raw
  virtual std::string_view header(std::string_view name) const = 0;
  virtual std::optional<std::uint64_t> content_length() const = 0;
  virtual std::string remote_address() const = 0;
  /// Fills a prefix of the buffer, 0 at the end. Errors: unavailable (the client went away),
  /// timeout, exhausted.
  virtual Result<std::size_t> read_body(std::span<std::uint8_t> buffer) = 0;
  /// The whole of a small body. Errors: as above; exhausted beyond `max_bytes`.
  Result<std::string> read_all(std::size_t max_bytes);
};

/// How the answer leaves. Exactly one of `send` or `start` is called.
class ServerResponse {
public:
  virtual ~ServerResponse() = default;
  /// A header `Connection: close` ends the connection after this answer.
  virtual Result<> send(int status, const Headers& headers, BytesView body) = 0;
  /// Streams a body: with `size` as Content-Length, else chunked. The handler calls `write` until
  /// done, then returns. When fewer than `size` bytes were written the connection is cut, so that
  /// the client notices.
  virtual Result<> start(int status, const Headers& headers, std::optional<std::uint64_t> size) = 0;
  virtual Result<> write(BytesView piece) = 0;
  /// Ends a started answer as broken: the connection is cut, so that the client notices.
  virtual void abandon() = 0;

  Result<> send_text(int status, std::string_view text);
  Result<> send_json(int status, std::string_view json);
};

/// Called on a pool thread, may block. `stop` is requested when the server shuts down.
using Handler = std::function<void(ServerRequest&, ServerResponse&, std::stop_token stop)>;

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;         // 0: any free port
  std::string certificate;        // PEM chain; empty: plain HTTP
  std::string private_key;        // PEM
  unsigned handler_threads = 16;  // handlers that may block at once; further requests wait
  unsigned max_connections = 2000;
  std::uint64_t max_body_bytes = 8ull << 30;
  std::size_t max_header_bytes = 32 << 10;
  std::chrono::seconds idle_timeout{75};  // between requests and between pieces of a body
  std::chrono::seconds header_timeout{20};
  /// A body that moves slower than this, averaged over all waiting for the client beyond the grace,
  /// is cut.
  std::uint64_t min_body_bytes_per_second = 512;
  std::chrono::seconds body_rate_grace{30};
};

/// HTTP/1.1 server with keep-alive, TLS 1.2+, streaming bodies in both directions and bounded
/// memory (about 70 kB a connection and 192 kB a body in flight).
class Server {
public:
  /// Listens at once. Errors: unavailable (address in use), invalid_input (certificate or key).
  static Result<std::unique_ptr<Server>> start(ServerOptions options, Handler handler);
  /// Stops listening, ends idle connections, lets running handlers finish for up to 10 s.
  virtual ~Server() = default;
  virtual std::uint16_t port() const = 0;
  /// Uses another certificate for new connections.
  virtual Result<> replace_certificate(const std::string& certificate,
                                       const std::string& private_key) = 0;
};

}  // namespace dmaas::http
