#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "api/work_order.hpp"
#include "base/result.hpp"

namespace dmaas::controller {

/// Knows what the movers of one kind of session have to do.
class WorkSource {
public:
  virtual ~WorkSource() = default;
  virtual std::string_view session_kind() const = 0;
  /// The live session that has recorded the pod with this UID, if any. Thread-safe.
  virtual std::optional<api::OrderSession> session_of(const std::string& pod_uid) const = 0;
  /// The order for the pod with this UID, if a live session has recorded it; else nothing.
  /// Thread-safe.
  virtual Result<std::optional<api::WorkOrder>> order_for(const std::string& pod_uid,
                                                          std::stop_token stop) = 0;
};

}  // namespace dmaas::controller
