#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "api/work_order.hpp"
#include "base/clock.hpp"
#include "http/client.hpp"
#include "mover/mover.hpp"

namespace dmaas::mover {

/// The mover's way to the controller. Thread-safe.
class ControllerLink {
public:
  static Result<std::unique_ptr<ControllerLink>> open(const MoverOptions& options, Clock& clock);

  /// Asks until the controller knows this pod, for up to 2 minutes. Errors: not_found,
  /// permission_denied, unavailable.
  Result<api::WorkOrder> fetch_order(std::stop_token stop);
  /// One try; progress that gets lost does no harm.
  void post_progress(const api::MoverProgress& progress, std::stop_token stop);
  /// Until the controller has written the result down, for up to 30 minutes: it may be starting
  /// anew.
  Result<> post_result(const api::MoverResult& result, std::stop_token stop);

private:
  ControllerLink(const MoverOptions& options, Clock& clock, std::unique_ptr<http::Client> client)
      : options_(options), clock_(clock), client_(std::move(client)) {}
  Result<http::Response> send(std::string_view method, std::string_view path, std::string body,
                              std::stop_token stop);

  const MoverOptions options_;
  Clock& clock_;
  std::unique_ptr<http::Client> client_;
};

}  // namespace dmaas::mover
