#include "http/websocket.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <chrono>
#include <thread>
#include <type_traits>
#include <utility>

#include "http/outcome.hpp"
#include "http/url.hpp"

namespace dmaas::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using Tcp = asio::ip::tcp;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;
using SystemError = boost::system::error_code;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t max_refusal_text = 4 << 10;
// A peer whose machine is gone is noticed after a minute by the kernel's probes.
constexpr int probe_after_seconds = 30;
constexpr int probe_interval_seconds = 10;
constexpr int probe_count = 3;

ErrorCode code_of_status(int status) {
  switch (status) {
    case 401:
    case 403:
      return ErrorCode::permission_denied;
    case 404:
      return ErrorCode::not_found;
    case 408:
    case 504:
      return ErrorCode::timeout;
    case 409:
      return ErrorCode::conflict;
    case 429:
      return ErrorCode::unavailable;
    default:
      break;
  }
  if (status >= 500) return ErrorCode::unavailable;
  // Anything below 400 is a server that does not speak WebSocket here.
  return status >= 400 ? ErrorCode::invalid_input : ErrorCode::unsupported;
}

ErrorCode code_of(const SystemError& error) {
  if (error == beast::error::timeout) return ErrorCode::timeout;
  if (error == websocket::error::message_too_big || error == websocket::error::buffer_overflow) {
    return ErrorCode::exhausted;
  }
  return ErrorCode::unavailable;
}

Result<> configure_tls(asio::ssl::context& context, const ClientOptions& options) {
  SystemError error;
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  if (options.ca_certificates.empty()) {
    context.set_default_verify_paths(error);
  } else {
    context.add_certificate_authority(asio::buffer(options.ca_certificates), error);
  }
  if (error) return fail(ErrorCode::invalid_input, "CA certificates: " + error.message());
  if (options.client_certificate.empty()) return {};
  context.use_certificate_chain(asio::buffer(options.client_certificate), error);
  if (error) return fail(ErrorCode::invalid_input, "client certificate: " + error.message());
  context.use_private_key(asio::buffer(options.client_key), asio::ssl::context::pem, error);
  if (error) return fail(ErrorCode::invalid_input, "client key: " + error.message());
  return {};
}

std::string without_brackets(const std::string& host) {
  return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

std::string join(const std::vector<std::string>& parts) {
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// One event loop with one thread for each connection: the callers' threads wait for what happens
/// on it.
template <class Stream>
class Connection final : public WebSocket {
  static constexpr bool is_tls = std::is_same_v<Stream, TlsStream>;

public:
  Connection(Url url, std::shared_ptr<asio::ssl::context> tls)
      : url_(std::move(url)),
        tls_(std::move(tls)),
        stream_(make_stream()),
        thread_([this] { loop_.run(); }) {}

  ~Connection() override {
    asio::post(loop_, [this] { tcp().close(); });
    work_.reset();
    thread_.join();
  }

  Result<> open(const Headers& headers, const std::vector<std::string>& subprotocols,
                const ClientOptions& options, std::stop_token stop) {
    deadline_ = SteadyClock::now() + options.connect_timeout;
    TRY(connect_tcp(stop));
    if constexpr (is_tls) TRY(secure(options, stop));
    TRY(upgrade(headers, subprotocols, stop));
    tcp().expires_never();
    stream_.read_message_max(options.max_body_bytes);
    stream_.binary(true);
    // Kubernetes takes every frame for a message: its first byte names a channel.
    stream_.auto_fragment(false);
    return {};
  }

  std::string protocol() const override { return protocol_; }

  Result<std::optional<std::string>> receive(std::stop_token stop) override {
    bool closed = false;
    auto received = run(stop, "receiving", [&](auto done) {
      stream_.async_read(
          incoming_, [this, &closed, done](const SystemError& error, std::size_t count) {
            // Many servers drop the TLS connection right behind their close frame: what was said
            // before counts.
            closed = error == websocket::error::closed || (error && stream_.reason());
            done(closed ? SystemError() : error, count);
          });
    });
    if (!received) return fail(std::move(received).error());
    if (closed) return std::nullopt;
    std::string message(static_cast<const char*>(incoming_.data().data()), incoming_.size());
    incoming_.consume(incoming_.size());
    return message;
  }

  Result<> send(BytesView message, std::stop_token stop) override {
    TRY(run(stop, "sending", [&](auto done) {
      stream_.async_write(asio::buffer(message.data(), message.size()), done);
    }));
    return {};
  }

private:
  websocket::stream<Stream> make_stream() {
    if constexpr (is_tls) {
      return websocket::stream<Stream>(loop_, *tls_);
    } else {
      return websocket::stream<Stream>(loop_);
    }
  }

  beast::tcp_stream& tcp() { return beast::get_lowest_layer(stream_); }

  /// Starts an operation on the loop and waits for it. A stop request closes the connection, which
  /// ends the operation.
  template <class Start>
  Result<std::size_t> run(std::stop_token stop, std::string_view what, Start start) {
    Outcome outcome;
    auto done = [this, what, &outcome](const SystemError& error, std::size_t count) {
      outcome.set(error ? Result<std::size_t>(fail(code_of(error), describe(what, error))) : count);
    };
    asio::post(loop_, [&start, done] { start(done); });
    std::stop_callback on_stop(stop, [this] { asio::post(loop_, [this] { tcp().close(); }); });
    auto result = outcome.wait();
    if (!result && stop.stop_requested()) {
      return fail(ErrorCode::cancelled, fmt::format("{} {}: stopped", what, url_.origin()));
    }
    return result;
  }

  std::string describe(std::string_view what, const SystemError& error) const {
    return fmt::format("{} {}: {}", what, url_.origin(), error.message());
  }

  Result<> connect_tcp(std::stop_token stop) {
    Tcp::resolver resolver(loop_);
    Tcp::resolver::results_type endpoints;
    auto port = !url_.port.empty() ? url_.port : is_tls ? "443" : "80";
    TRY(run(stop, "resolving the host of", [&](auto done) {
      resolver.async_resolve(without_brackets(url_.host), port,
                             [&, done](const SystemError& error, auto found) {
                               endpoints = std::move(found);
                               done(error, 0);
                             });
    }));
    TRY(run(stop, "connecting to", [&](auto done) {
      tcp().expires_at(deadline_);
      tcp().async_connect(
          endpoints, [done](const SystemError& error, const Tcp::endpoint&) { done(error, 0); });
    }));
    SystemError ignored;
    tcp().socket().set_option(Tcp::no_delay(true), ignored);
    tcp().socket().set_option(asio::socket_base::keep_alive(true), ignored);
    set_probe(TCP_KEEPIDLE, probe_after_seconds);
    set_probe(TCP_KEEPINTVL, probe_interval_seconds);
    set_probe(TCP_KEEPCNT, probe_count);
    return {};
  }

  void set_probe(int option, int value) {
    ::setsockopt(tcp().socket().native_handle(), IPPROTO_TCP, option, &value, sizeof value);
  }

  Result<> secure(const ClientOptions& options, std::stop_token stop) {
    auto& tls = stream_.next_layer();
    auto name = without_brackets(options.server_name.empty() ? url_.host : options.server_name);
    SystemError not_an_address;
    asio::ip::make_address(name, not_an_address);
    if (not_an_address) SSL_set_tlsext_host_name(tls.native_handle(), name.c_str());
    bool verify = options.verify == ClientOptions::Verify::peer;
    tls.set_verify_mode(verify ? asio::ssl::verify_peer : asio::ssl::verify_none);
    if (verify) tls.set_verify_callback(asio::ssl::host_name_verification(name));
    auto shaken = run(stop, "TLS with", [&](auto done) {
      tcp().expires_at(deadline_);
      tls.async_handshake(asio::ssl::stream_base::client,
                          [done](const SystemError& error) { done(error, 0); });
    });
    if (shaken) return {};
    auto verified = SSL_get_verify_result(tls.native_handle());
    if (!verify || verified == X509_V_OK) return fail(std::move(shaken).error());
    return fail(ErrorCode::permission_denied,
                fmt::format("TLS with {}: certificate not accepted for '{}': {}", url_.origin(),
                            name, X509_verify_cert_error_string(verified)));
  }

  Result<> upgrade(const Headers& headers, const std::vector<std::string>& subprotocols,
                   std::stop_token stop) {
    stream_.set_option(websocket::stream_base::decorator([&](websocket::request_type& request) {
      for (const auto& [name, value] : headers) request.set(name, value);
      if (!subprotocols.empty())
        request.set(beast::http::field::sec_websocket_protocol, join(subprotocols));
    }));
    websocket::response_type response;
    auto target = url_.path + (url_.query.empty() ? "" : "?" + url_.query);
    auto upgraded = run(stop, "WebSocket with", [&](auto done) {
      tcp().expires_at(deadline_);
      stream_.async_handshake(response, url_.authority(), target,
                              [done](const SystemError& error) { done(error, 0); });
    });
    // The decorator refers to arguments of this call.
    stream_.set_option(websocket::stream_base::decorator([](websocket::request_type&) {}));
    auto status = static_cast<int>(response.result_int());
    if (!upgraded && upgraded.failed_with(ErrorCode::unavailable) && status != 101 &&
        !response.reason().empty()) {
      return refused(status, response.body());
    }
    if (!upgraded) return fail(std::move(upgraded).error());
    auto chosen = response[beast::http::field::sec_websocket_protocol];
    protocol_.assign(chosen.data(), chosen.size());
    if (!subprotocols.empty() && !protocol_.empty() &&
        std::ranges::find(subprotocols, protocol_) == subprotocols.end()) {
      return fail(ErrorCode::unsupported,
                  fmt::format("{} speaks the WebSocket subprotocol '{}', not one of: {}",
                              url_.origin(), protocol_, join(subprotocols)));
    }
    return {};
  }

  Result<> refused(int status, std::string_view body) const {
    auto text = body.substr(0, max_refusal_text);
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
    return fail(code_of_status(status), fmt::format("WebSocket with {}: HTTP {}{}{}", url_.origin(),
                                                    status, text.empty() ? "" : ": ", text));
  }

  const Url url_;
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{loop_.get_executor()};
  const std::shared_ptr<asio::ssl::context> tls_;
  websocket::stream<Stream> stream_;
  beast::flat_buffer incoming_;
  SteadyClock::time_point deadline_;
  std::string protocol_;
  std::jthread thread_;
};

template <class Stream>
Result<std::unique_ptr<WebSocket>> open(Url url, std::shared_ptr<asio::ssl::context> tls,
                                        const Headers& headers,
                                        const std::vector<std::string>& subprotocols,
                                        const ClientOptions& options, std::stop_token stop) {
  auto connection = std::make_unique<Connection<Stream>>(std::move(url), std::move(tls));
  TRY(connection->open(headers, subprotocols, options, stop));
  return connection;
}

}  // namespace

Result<std::unique_ptr<WebSocket>> WebSocket::connect(std::string_view url, const Headers& headers,
                                                      const std::vector<std::string>& subprotocols,
                                                      const ClientOptions& options,
                                                      std::stop_token stop) {
  // ws is to http as wss is to https: same ports, same names.
  std::string text(url);
  if (text.starts_with("ws:") || text.starts_with("wss:")) text.replace(0, 2, "http");
  auto parsed = TRY(parse_url(text));
  if (parsed.scheme == "http") {
    return open<beast::tcp_stream>(std::move(parsed), nullptr, headers, subprotocols, options,
                                   stop);
  }
  auto tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  TRY(configure_tls(*tls, options));
  return open<TlsStream>(std::move(parsed), std::move(tls), headers, subprotocols, options, stop);
}

}  // namespace dmaas::http
