#include "controller/metrics/runtime_counters.hpp"

namespace dmaas::controller {
namespace {

std::string_view name_of(kube::ReconcileOutcome outcome) {
  switch (outcome) {
    case kube::ReconcileOutcome::succeeded:
      return "succeeded";
    case kube::ReconcileOutcome::failed:
      return "failed";
    default:
      return "cancelled";
  }
}

}  // namespace

void RuntimeCounters::reconciled(const std::string& controller, kube::ReconcileOutcome outcome,
                                 std::chrono::nanoseconds duration) {
  std::lock_guard lock{mutex_};
  ++reconciled_[{controller, outcome}];
  seconds_[controller] += std::chrono::duration<double>(duration).count();
}

void RuntimeCounters::queue_changed(const std::string& controller, std::size_t waiting) {
  std::lock_guard lock{mutex_};
  waiting_[controller] = waiting;
}

void RuntimeCounters::watch_failed(const std::string& resource, const Error&) {
  std::lock_guard lock{mutex_};
  ++failed_watches_[resource];
}

void RuntimeCounters::leadership_changed(const std::string&, bool leading) {
  std::lock_guard lock{mutex_};
  leads_ = leading;
}

void RuntimeCounters::write(MetricsText& text) const {
  std::lock_guard lock{mutex_};
  text.add_family("dmaas_controller_leader", "gauge", "1: this process leads.", leads_ ? 1 : 0);
  text.begin("dmaas_controller_reconciles_total", "counter", "Reconciliations that ended.");
  for (const auto& [what, count] : reconciled_) {
    text.add({{"controller", what.first}, {"outcome", name_of(what.second)}},
             static_cast<double>(count));
  }
  text.begin("dmaas_controller_reconcile_seconds_total", "counter",
             "Time spent in reconciliations.");
  for (const auto& [controller, seconds] : seconds_)
    text.add({{"controller", controller}}, seconds);
  text.begin("dmaas_controller_queue_length", "gauge", "Objects that wait to be reconciled.");
  for (const auto& [controller, waiting] : waiting_)
    text.add({{"controller", controller}}, static_cast<double>(waiting));
  text.begin("dmaas_controller_watch_failures_total", "counter", "Watches that broke.");
  for (const auto& [resource, count] : failed_watches_)
    text.add({{"resource", resource}}, static_cast<double>(count));
}

}  // namespace dmaas::controller
