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
///   POST /v1/result       204 once the result is in the session's status; 503: post it again;
///                         both 404 like the order
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
  void handle(http::ServerRequest& request, http::ServerResponse& response, std::stop_token stop);
  Result<> answer(http::ServerRequest& request, http::ServerResponse& response,
                  std::stop_token stop);
  Result<std::string> authenticate(const http::ServerRequest& request, std::stop_token stop);
  Result<std::optional<api::WorkOrder>> find_order(const std::string& pod_uid,
                                                   std::stop_token stop);
  std::optional<api::OrderSession> find_session(const std::string& pod_uid) const;
  Result<> take_report(http::ServerRequest& request, http::ServerResponse& response,
                       const std::string& pod_uid, std::stop_token stop);

  World& world_;
  std::vector<WorkSource*> sources_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace dmaas::controller
