#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace dmaas::http {

/// Header names are matched without regard to case.
using Headers = std::vector<std::pair<std::string, std::string>>;
/// The first value of a header, or "".
std::string_view header_of(const Headers& headers, std::string_view name);

/// Delivers a request body; fills a prefix of the buffer, 0 at the end.
using BodyReader = std::function<Result<std::size_t>(std::span<std::uint8_t>)>;

struct Request {
  std::string method = "GET";
  std::string url = {};  // absolute; path and query already percent-encoded
  Headers headers = {};
  std::string body = {};        // used when `body_reader` is empty
  BodyReader body_reader = {};  // streams `body_size` bytes, or until its end (chunked)
  std::optional<std::uint64_t> body_size = {};
  std::chrono::milliseconds idle_timeout{
      60'000};                                 // no byte in either direction for so long: timeout
  std::chrono::milliseconds total_timeout{0};  // 0: none
};

struct Response {
  int status = 0;
  Headers headers;
  std::string body;  // empty when a sink took it
};

struct ClientOptions {
  std::string ca_certificates = {};     // PEM text; empty: the system's
  std::string client_certificate = {};  // PEM text
  std::string client_key = {};          // PEM text
  enum class Verify { peer, nothing } verify = Verify::peer;
  std::string server_name = {};  // expected name in the certificate; empty: the URL's host
  std::chrono::milliseconds connect_timeout{10'000};
  std::size_t max_body_bytes = 256 << 20;  // of a response that is collected
};

/// Blocking HTTP/1.1 client; keeps connections. Thread-safe: each call takes a connection of its
/// own from the pool, so HTTP/2 would share nothing and is not offered.
///
/// A response of any status is a value. Errors: unavailable (connect, reset, body cut short),
/// timeout, cancelled (within 100 ms of the stop request, unless a reader or sink of the caller
/// blocks), permission_denied (TLS verification; the message says which), exhausted (body too
/// large), invalid_input (URL, headers, certificates, a body shorter than `body_size`). Messages
/// name method and URL without its query. Redirects are not followed. A kept connection that turns
/// out dead is replaced once, if the body can still be sent from its start.
class Client {
public:
  static Result<std::unique_ptr<Client>> create(ClientOptions options);
  virtual ~Client() = default;

  virtual Result<Response> send(const Request& request, std::stop_token stop) = 0;

  /// Hands the body of a response with status 200..299 to `sink` piece by piece as it arrives
  /// (watches, downloads); other bodies are collected into `body` (at most 1 MiB, beyond that
  /// exhausted). `on_headers` is called first, also for them. An error of either ends the transfer
  /// and is passed on.
  virtual Result<Response> stream(const Request& request,
                                  const std::function<Result<>(const Response&)>& on_headers,
                                  const std::function<Result<>(BytesView)>& sink,
                                  std::stop_token stop) = 0;
};

/// RFC 3986: everything but unreserved characters becomes %XX; '/' too unless `keep_slash`.
enum class Slash { keep, encode };
std::string percent_encode(std::string_view text, Slash slash = Slash::encode);
std::string percent_decode(std::string_view text);

}  // namespace dmaas::http
