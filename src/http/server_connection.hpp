#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "http/server.hpp"
#include "http/server_transport.hpp"

namespace dmaas::http {

/// One client's connection: reads a request's header on the event loop, then belongs to a handler
/// thread until the answer is out, then reads the next one.
class ServerConnection {
public:
  /// Hands a connection whose request waits to the handler threads.
  using Ready = std::function<void(std::shared_ptr<ServerConnection>)>;

  /// On the transport's event loop. `options` outlive the connection.
  static std::shared_ptr<ServerConnection> start(std::unique_ptr<Transport> transport,
                                                 const ServerOptions& options, Ready ready);
  virtual ~ServerConnection() = default;

  /// Answers the request that waits; on a handler thread.
  virtual void run(const Handler& handler, std::stop_token stop) = 0;
  /// Ends after the request that is under way, at once when there is none. From any thread.
  virtual void end() = 0;
  /// At once. From any thread.
  virtual void cut() = 0;
};

}  // namespace dmaas::http
