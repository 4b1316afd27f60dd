#include "http/server_transport.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <future>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace dmaas::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using Tcp = asio::ip::tcp;
using SystemError = boost::system::error_code;
using TlsContext = std::shared_ptr<asio::ssl::context>;

// When file descriptors run out, accepting again at once would only burn the processor.
constexpr std::chrono::milliseconds accept_pause{100};

Result<std::size_t> result_of(const SystemError& error, std::size_t count) {
  if (!error) return count;
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) return 0;
  if (error == beast::error::timeout)
    return fail(ErrorCode::timeout, "the client was silent for too long");
  if (error == asio::error::operation_aborted)
    return fail(ErrorCode::cancelled, "the connection was closed");
  return fail(ErrorCode::unavailable, "connection to the client: " + error.message());
}

/// Counts live transports and wakes the acceptor when one ends.
struct ConnectionCount {
  std::atomic<unsigned> live = 0;
  std::function<void()> on_release;
};

/// A slot of the connection limit for as long as it lives.
class ConnectionSlot {
public:
  explicit ConnectionSlot(std::shared_ptr<ConnectionCount> count) : count_(std::move(count)) {
    ++count_->live;
  }
  ConnectionSlot(const ConnectionSlot&) = delete;
  ConnectionSlot& operator=(const ConnectionSlot&) = delete;
  ~ConnectionSlot() {
    --count_->live;
    count_->on_release();
  }

private:
  std::shared_ptr<ConnectionCount> count_;
};

template <class Stream>
class StreamTransport final : public Transport {
  static constexpr bool is_tls = !std::is_same_v<Stream, beast::tcp_stream>;

public:
  template <class... Arguments>
  StreamTransport(std::unique_ptr<ConnectionSlot> slot, TlsContext context,
                  Arguments&&... arguments)
      : slot_(std::move(slot)),
        context_(std::move(context)),
        stream_(std::forward<Arguments>(arguments)...) {
    SystemError error;
    tcp().socket().set_option(Tcp::no_delay(true), error);
    auto remote = tcp().socket().remote_endpoint(error);
    if (!error) remote_ = remote.address().to_string();
  }

  std::string remote_address() const override { return remote_; }

  void post(std::function<void()> task) override {
    asio::post(stream_.get_executor(), std::move(task));
  }

  void handshake(std::chrono::milliseconds timeout, Done done) override {
    if constexpr (is_tls) {
      tcp().expires_after(timeout);
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [done = std::move(done)](const SystemError& error) {
                                done(error ? result_of(error, 0) : Result<std::size_t>(1));
                              });
    } else {
      static_cast<void>(timeout);
      done(std::size_t{1});
    }
  }

  void read_some(std::span<std::uint8_t> buffer, std::chrono::milliseconds timeout,
                 Done done) override {
    tcp().expires_after(timeout);
    stream_.async_read_some(asio::buffer(buffer.data(), buffer.size()),
                            completion(std::move(done)));
  }

  void write(BytesView bytes, std::chrono::milliseconds timeout, Done done) override {
    tcp().expires_after(timeout);
    asio::async_write(stream_, asio::buffer(bytes.data(), bytes.size()),
                      completion(std::move(done)));
  }

  void end_sending(std::chrono::milliseconds timeout, Done done) override {
    if constexpr (is_tls) {
      tcp().expires_after(timeout);
      stream_.async_shutdown(
          [done = std::move(done)](const SystemError& error) { done(result_of(error, 0)); });
    } else {
      static_cast<void>(timeout);
      SystemError error;
      tcp().socket().shutdown(Tcp::socket::shutdown_send, error);
      done(result_of(error, 0));
    }
  }

  void close() override { tcp().close(); }

private:
  beast::tcp_stream& tcp() { return beast::get_lowest_layer(stream_); }

  static auto completion(Done done) {
    return [done = std::move(done)](const SystemError& error, std::size_t count) {
      done(result_of(error, count));
    };
  }

  std::unique_ptr<ConnectionSlot> slot_;
  TlsContext context_;
  Stream stream_;
  std::string remote_;
};

Result<TlsContext> make_tls_context(const std::string& certificate,
                                    const std::string& private_key) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  // Idle connections hold no record buffers: 34 kB less for each.
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  SystemError error;
  context->use_certificate_chain(asio::buffer(certificate), error);
  if (error) return fail(ErrorCode::invalid_input, "TLS certificate: " + error.message());
  context->use_private_key(asio::buffer(private_key), asio::ssl::context::pem, error);
  if (error) return fail(ErrorCode::invalid_input, "TLS private key: " + error.message());
  if (SSL_CTX_check_private_key(context->native_handle()) != 1) {
    return fail(ErrorCode::invalid_input, "TLS private key does not belong to the certificate");
  }
  return context;
}

/// An event loop of one thread: everything on it is in sequence without locks.
struct EventLoop {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  std::jthread thread;
};
using EventLoops = std::vector<std::unique_ptr<EventLoop>>;

EventLoops make_loops(unsigned count) {
  EventLoops loops(count);
  for (auto& loop : loops) loop = std::make_unique<EventLoop>();
  return loops;
}

class ListenerOnLoops final : public Listener {
public:
  explicit ListenerOnLoops(Options options)
      : options_(std::move(options)), loops_(make_loops(std::max(1u, options_.event_loops))) {
    count_->on_release = [this] { asio::post(loops_[0]->context, [this] { accept_next(); }); };
  }

  ~ListenerOnLoops() override {
    stop_accepting();
    for (auto& loop : loops_) loop->work.reset();
    for (auto& loop : loops_) {
      if (loop->thread.joinable()) loop->thread.join();
    }
  }

  Result<> bind() {
    if (!options_.certificate.empty()) {
      tls_ = TRY(make_tls_context(options_.certificate, options_.private_key));
    }
    SystemError error;
    auto address = asio::ip::make_address(options_.address, error);
    if (error)
      return fail(ErrorCode::invalid_input,
                  fmt::format("'{}' is not an IP address", options_.address));
    Tcp::endpoint endpoint(address, options_.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return fail(ErrorCode::unavailable,
                  fmt::format("listening on {} port {}: {}", options_.address, options_.port,
                              error.message()));
    }
    port_ = acceptor_.local_endpoint().port();
    return {};
  }

  void accept(OnAccept on_accept) override {
    on_accept_ = std::move(on_accept);
    asio::post(loops_[0]->context, [this] { accept_next(); });
    for (auto& loop : loops_) {
      loop->thread = std::jthread([context = &loop->context] { context->run(); });
    }
  }

  void stop_accepting() override {
    if (!loops_[0]->thread.joinable()) return;
    run_on(*loops_[0], [this] {
      SystemError ignored;
      acceptor_.close(ignored);
      pause_.cancel();
    });
    // What was accepted before is on its way from loop 0 to the others: behind these it has been
    // handed over.
    for (auto& loop : loops_) run_on(*loop, [] {});
  }

  std::uint16_t port() const override { return port_; }

  Result<> replace_certificate(const std::string& certificate,
                               const std::string& private_key) override {
    auto context = TRY(make_tls_context(certificate, private_key));
    std::lock_guard lock{mutex_};
    if (!tls_) return fail(ErrorCode::unsupported, "this server speaks plain HTTP");
    tls_ = std::move(context);
    return {};
  }

private:
  static void run_on(EventLoop& loop, const std::function<void()>& task) {
    std::promise<void> done;
    asio::post(loop.context, [&] {
      task();
      done.set_value();
    });
    done.get_future().wait();
  }

  // Everything below runs on loop 0.

  void accept_next() {
    if (accepting_ || !acceptor_.is_open() || count_->live >= options_.max_connections) return;
    accepting_ = true;
    auto& loop = *loops_[next_loop_++ % loops_.size()];
    acceptor_.async_accept(loop.context,
                           [this, &loop](const SystemError& error, Tcp::socket socket) {
                             accepting_ = false;
                             if (error) return accept_after_pause(error);
                             take(loop, std::move(socket));
                             accept_next();
                           });
  }

  void accept_after_pause(const SystemError& error) {
    if (error == asio::error::operation_aborted) return;
    pause_.expires_after(accept_pause);
    pause_.async_wait([this](const SystemError& cancelled) {
      if (!cancelled) accept_next();
    });
  }

  void take(EventLoop& loop, Tcp::socket socket) {
    TlsContext context;
    {
      std::lock_guard lock{mutex_};
      context = tls_;
    }
    auto slot = std::make_unique<ConnectionSlot>(count_);
    auto box = std::make_shared<std::unique_ptr<Transport>>();
    if (context) {
      using Tls = beast::ssl_stream<beast::tcp_stream>;
      *box = std::make_unique<StreamTransport<Tls>>(std::move(slot), context, std::move(socket),
                                                    *context);
    } else {
      *box = std::make_unique<StreamTransport<beast::tcp_stream>>(std::move(slot), nullptr,
                                                                  std::move(socket));
    }
    asio::post(loop.context, [this, box] { on_accept_(std::move(*box)); });
  }

  const Options options_;
  EventLoops loops_;
  Tcp::acceptor acceptor_{loops_[0]->context};
  asio::steady_timer pause_{loops_[0]->context};
  std::shared_ptr<ConnectionCount> count_ = std::make_shared<ConnectionCount>();
  OnAccept on_accept_;
  std::uint16_t port_ = 0;
  bool accepting_ = false;
  std::size_t next_loop_ = 0;
  std::mutex mutex_;
  TlsContext tls_;  // guarded by mutex_
};

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(Options options) {
  auto listener = std::make_unique<ListenerOnLoops>(std::move(options));
  TRY(listener->bind());
  return listener;
}

}  // namespace dmaas::http
