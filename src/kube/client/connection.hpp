#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "http/client.hpp"
#include "kube/client/cluster_access.hpp"

namespace dmaas::kube {

/// Requests to one API server with whatever identity is valid at the time. Thread-safe.
class Connection {
public:
  Connection(ClusterAccess access, Clock& clock) : access_(std::move(access)), clock_(clock) {}

  /// `request.url` is a path with query. The status of the answer is a value. Waits and repeats
  /// when the server asks for it (5 times, 60 s in all), and once with a fresh identity after 401.
  Result<http::Response> send(http::Request request, const std::optional<Account>& account,
                              std::stop_token stop);
  /// As `send` for one attempt; hands the body of a success to the sink as it arrives.
  Result<http::Response> stream(http::Request request, const std::optional<Account>& account,
                                const std::function<Result<>(BytesView)>& sink,
                                std::stop_token stop);

  /// What a WebSocket to the same server needs.
  struct Upgrade {
    std::string origin;
    http::Headers headers;
    http::ClientOptions options;
  };
  Result<Upgrade> upgrade(const std::optional<Account>& account, std::stop_token stop);
  IdentitySource& identity() { return *access_.identity; }

private:
  struct Prepared {
    std::shared_ptr<http::Client> client;
    http::Headers headers;
  };
  Result<Prepared> prepare(const std::optional<Account>& account, std::stop_token stop);
  Result<std::shared_ptr<http::Client>> client_for(const Identity& identity);
  http::ClientOptions client_options(const Identity& identity) const;

  const ClusterAccess access_;
  Clock& clock_;
  std::mutex mutex_;
  std::shared_ptr<http::Client> client_;  // made for the two below
  std::string client_certificate_;
  std::string client_key_;
};

}  // namespace dmaas::kube
