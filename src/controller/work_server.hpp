#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controller/work_source.hpp"
#include "controller/world.hpp"
#include "http/server.hpp"

namespace dmaas::controller {

/// Where movers come for their orders, over TLS:
///
///   GET  /v1/work-order   200 WorkOrder; 404 while no live session knows the pod
///   POST /v1/progress     204
///   POST /v1/result       204 once the result is in the session's status; 503: post it again
///   GET  /healthz, /readyz
///
/// Each call carries the pod's token of audience `dmaas-controller`; the UID that the token is
/// bound to decides everything, nothing that the caller says. Only the leading controller answers
/// /v1 (others: 503).
class WorkServer {
public:
  WorkServer(World& world, std::vector<WorkSource*> sources);

  /// Errors: as http::Server::start.
  Result<> start();
  std::uint16_t port() const { return server_->port(); }

private:
  struct Caller {
    std::string pod_uid;
    api::OrderSession session;  // of its order
  };

  void handle(http::ServerRequest& request, http::ServerResponse& response, std::stop_token stop);
  Result<> answer(http::ServerRequest& request, http::ServerResponse& response,
                  std::stop_token stop);
  Result<std::string> authenticate(const http::ServerRequest& request, std::stop_token stop);
  Result<std::optional<api::WorkOrder>> find_order(const std::string& pod_uid,
                                                   std::stop_token stop);
  Result<> take_report(http::ServerRequest& request, http::ServerResponse& response,
                       const std::string& pod_uid, std::stop_token stop);

  World& world_;
  std::vector<WorkSource*> sources_;
  std::mutex mutex_;
  std::map<std::string, api::OrderSession> sessions_;  // by pod uid, of orders handed out
  std::unique_ptr<http::Server> server_;
};

}  // namespace dmaas::controller
