#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>

#include "base/metrics_text.hpp"

namespace dmaas::gateway {

/// What one request was, for counting.
struct RequestRecord {
  std::string_view action;  // of a closed set: labels must stay few
  std::string_view kind;
  int status = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;
  std::chrono::nanoseconds duration{0};
};

/// Figures that are known at the moment of asking.
struct Gauges {
  std::uint64_t cache_bytes = 0;
  std::size_t grants = 0;
  std::size_t storages = 0;
};

/// Counters of the process in Prometheus' text format. Thread-safe.
class Metrics {
public:
  void begin_request();
  void end_request(const RequestRecord& record);
  void count_cache(std::string_view outcome);  // "hit" or "miss"
  void count_authentication(std::string_view outcome);

  std::string text(const Gauges& gauges) const;

private:
  void write_durations(MetricsText& text) const;

  static constexpr std::array<double, 7> bounds_seconds{0.005, 0.025, 0.1, 0.5, 2.5, 10, 60};

  mutable std::mutex mutex_;
  std::uint64_t in_flight_ = 0;
  std::uint64_t received_bytes_ = 0;
  std::uint64_t sent_bytes_ = 0;
  std::map<std::tuple<std::string, std::string, int>, std::uint64_t>
      requests_;  // by action, kind, status
  std::array<std::uint64_t, bounds_seconds.size() + 1> durations_{};
  double duration_sum_ = 0;
  std::map<std::string, std::uint64_t> cache_;
  std::map<std::string, std::uint64_t> authentications_;
};

}  // namespace dmaas::gateway
