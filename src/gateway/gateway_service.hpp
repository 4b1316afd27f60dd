#pragma once

#include <atomic>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "gateway/authentication.hpp"
#include "gateway/configuration.hpp"
#include "gateway/disk_cache.hpp"
#include "gateway/lock_makers.hpp"
#include "gateway/metrics.hpp"
#include "gateway/repository_endpoint.hpp"
#include "gateway/storage_endpoint.hpp"
#include "http/server.hpp"

namespace dmaas::gateway {

/// What the service works with; all outlive it.
struct GatewayParts {
  Configuration& configuration;
  TokenReviewer& reviewer;
  DiskCache* cache = nullptr;  // null: none
  Clock& clock;
  std::string controller_user{};  // "system:serviceaccount:NAMESPACE:dmaas-controller"
  std::stop_token abandon{};      // ends calls to the storages; later than the server's stop
};

/// The gateway as one HTTP handler: who asks, may they, do it, write it down. Thread-safe.
class GatewayService {
public:
  explicit GatewayService(const GatewayParts& parts);

  void handle(http::ServerRequest& request, http::ServerResponse& response, std::stop_token stop);
  /// Told when the process begins to end: `/readyz` says no from now on.
  void begin_shutdown() { ending_ = true; }

private:
  /// What the access log says beside method and status.
  struct LogEntry {
    std::string_view action = "other";
    std::string_view kind = "none";
    std::string session{};
    std::string repository{};
  };
  struct Permit {
    bool is_controller = false;
    std::string session{};
    std::optional<Refusal> refusal{};
  };

  bool answer_anonymous(http::ServerRequest& request, http::ServerResponse& response);
  std::optional<Caller> authenticate(http::ServerRequest& request, http::ServerResponse& response);
  void answer(const Caller& caller, http::ServerRequest& request, http::ServerResponse& response,
              LogEntry& entry);
  void answer_storage(const Caller& caller, http::ServerRequest& request,
                      http::ServerResponse& response);
  void answer_repository(const Caller& caller, const RepositoryRequest& wanted,
                         http::ServerRequest& request, http::ServerResponse& response);
  Permit permit(const Caller& caller, const RepositoryRequest& wanted) const;
  bool is_controller(const Caller& caller) const { return caller.user == parts_.controller_user; }

  const GatewayParts parts_;
  Metrics metrics_;
  Authenticator authenticator_;
  LockMakers locks_;
  RepositoryEndpoint repositories_;
  StorageEndpoint storages_;
  std::atomic<bool> ending_ = false;
};

}  // namespace dmaas::gateway
