#include "http/server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/bounded_queue.hpp"
#include "http/server_connection.hpp"
#include "http/server_transport.hpp"

namespace dmaas::http {
namespace {

constexpr std::chrono::seconds shutdown_grace{10};

/// The connections that live, to end them at shutdown.
class ConnectionList {
public:
  void add(const std::shared_ptr<ServerConnection>& connection) {
    std::lock_guard lock{mutex_};
    std::erase_if(connections_, [](const auto& known) { return known.expired(); });
    connections_.push_back(connection);
  }

  void for_each(void (ServerConnection::*action)()) {
    std::vector<std::shared_ptr<ServerConnection>> living;
    {
      std::lock_guard lock{mutex_};
      for (const auto& known : connections_) {
        if (auto connection = known.lock()) living.push_back(std::move(connection));
      }
    }
    for (const auto& connection : living) ((*connection).*action)();
  }

  bool is_empty() {
    std::lock_guard lock{mutex_};
    return std::ranges::all_of(connections_, [](const auto& known) { return known.expired(); });
  }

private:
  std::mutex mutex_;
  std::vector<std::weak_ptr<ServerConnection>> connections_;
};

class ThreadedServer final : public Server {
public:
  ThreadedServer(ServerOptions options, Handler handler, std::unique_ptr<Listener> listener)
      : options_(std::move(options)),
        handler_(std::move(handler)),
        listener_(std::move(listener)),
        // A connection has at most one request waiting, so a push never blocks an event loop.
        waiting_(options_.max_connections + 1) {
    for (unsigned i = 0; i < options_.handler_threads; ++i) {
      handlers_.emplace_back([this] { run_handlers(); });
    }
    listener_->accept([this](std::unique_ptr<Transport> transport) {
      connections_.add(ServerConnection::start(
          std::move(transport), options_,
          [this](auto connection) { waiting_.push(std::move(connection), {}); }));
    });
  }

  ~ThreadedServer() override {
    listener_->stop_accepting();
    stop_.request_stop();
    connections_.for_each(&ServerConnection::end);
    auto deadline = std::chrono::steady_clock::now() + shutdown_grace;
    while (!connections_.is_empty()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      if (std::chrono::steady_clock::now() < deadline) continue;
      connections_.for_each(&ServerConnection::cut);
      deadline += shutdown_grace;
    }
    waiting_.close();
    handlers_.clear();
  }

  std::uint16_t port() const override { return listener_->port(); }
  Result<> replace_certificate(const std::string& certificate,
                               const std::string& private_key) override {
    return listener_->replace_certificate(certificate, private_key);
  }

private:
  void run_handlers() {
    while (auto connection = waiting_.pop({})) (*connection)->run(handler_, stop_.get_token());
  }

  const ServerOptions options_;
  const Handler handler_;
  std::stop_source stop_;
  std::unique_ptr<Listener> listener_;
  ConnectionList connections_;
  BoundedQueue<std::shared_ptr<ServerConnection>> waiting_;
  std::vector<std::jthread> handlers_;
};

}  // namespace

Result<std::string> ServerRequest::read_all(std::size_t max_bytes) {
  std::string body;
  std::vector<std::uint8_t> piece(16 << 10);
  while (true) {
    auto count = TRY(read_body(piece));
    if (count == 0) return body;
    if (body.size() + count > max_bytes) {
      return fail(ErrorCode::exhausted, fmt::format("the body is larger than {} bytes", max_bytes));
    }
    body.append(reinterpret_cast<const char*>(piece.data()), count);
  }
}

Result<> ServerResponse::send_text(int status, std::string_view text) {
  return send(status, {{"Content-Type", "text/plain; charset=utf-8"}}, bytes_of(text));
}

Result<> ServerResponse::send_json(int status, std::string_view json) {
  return send(status, {{"Content-Type", "application/json"}}, bytes_of(json));
}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, Handler handler) {
  Listener::Options listen;
  listen.address = options.address;
  listen.port = options.port;
  listen.certificate = options.certificate;
  listen.private_key = options.private_key;
  listen.max_connections = options.max_connections;
  auto listener = TRY(Listener::open(std::move(listen)));
  return std::make_unique<ThreadedServer>(std::move(options), std::move(handler),
                                          std::move(listener));
}

}  // namespace dmaas::http
