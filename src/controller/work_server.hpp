#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "controller/metrics/cluster_metrics.hpp"
#include "controller/metrics/runtime_counters.hpp"
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
///   GET  /metrics         for whoever may get the path /metrics at the API server, by token
///
/// Each call carries the pod's token of audience `dmaas-controller`; the UID that the token is
/// bound to decides everything, nothing that the caller says. Only the leading controller answers
/// /v1, because only it knows every session (others: 503).
class WorkServer {
public:
  /// Takes a renewed certificate while it runs. Errors: as http::Server::start; of the files.
  /// `clock` outlives it.
  static Result<std::unique_ptr<WorkServer>> start(const Settings& settings, Clock& clock);

  /// Counts what the controllers of this process do.
  RuntimeCounters& counters() { return counters_; }

  /// Answers from this world until `stop`, then ends what is still being answered.
  void serve(World& world, std::vector<WorkSource*> sources, std::stop_token stop);
  std::uint16_t port() const { return server_->port(); }

private:
  /// What is served now.
  struct Service {
    World& world;
    std::vector<WorkSource*> sources;
  };
  struct Call {
    http::ServerRequest& request;
    http::ServerResponse& response;
    std::stop_token stop{};
  };

  WorkServer() = default;
  void handle(const Call& call);
  Result<> answer(const Call& call);
  static Result<> answer_mover(Service& service, const Call& call);
  Result<> answer_metrics(Service& service, const Call& call);
  static Result<std::string> authenticate(Service& service, const Call& call);
  static Result<api::WorkOrder> find_order(Service& service, const std::string& pod_uid,
                                           std::stop_token stop);
  static std::optional<api::OrderSession> find_session(const Service& service,
                                                       const std::string& pod_uid);
  static Result<> take_report(Service& service, const Call& call, const std::string& pod_uid);

  RuntimeCounters counters_;
  ClusterMetrics metrics_;
  std::shared_mutex serving_;  // held shared by every call, alone to begin and end serving
  std::unique_ptr<Service> service_;
  std::stop_source over_;
  std::unique_ptr<http::Server> server_;
  std::jthread certificate_thread_;
};

}  // namespace dmaas::controller
