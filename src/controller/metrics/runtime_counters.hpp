#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "base/metrics_text.hpp"
#include "kube/runtime/controller.hpp"

namespace dmaas::controller {

/// Counts what the controllers of this process do. Thread-safe.
class RuntimeCounters final : public kube::RuntimeMetrics {
public:
  void reconciled(const std::string& controller, kube::ReconcileOutcome outcome,
                  std::chrono::nanoseconds duration) override;
  void queue_changed(const std::string& controller, std::size_t waiting) override;
  void watch_failed(const std::string& resource, const Error& error) override;
  void leadership_changed(const std::string& lease, bool leading) override;

  void write(MetricsText& text) const;

private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, kube::ReconcileOutcome>, std::uint64_t> reconciled_;
  std::map<std::string, double> seconds_;
  std::map<std::string, std::size_t> waiting_;
  std::map<std::string, std::uint64_t> failed_watches_;
  bool leads_ = false;
};

}  // namespace dmaas::controller
