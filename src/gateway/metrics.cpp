#include "gateway/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dmaas::gateway {

void Metrics::begin_request() {
  std::lock_guard lock{mutex_};
  ++in_flight_;
}

void Metrics::end_request(const RequestRecord& record) {
  auto seconds = std::chrono::duration<double>(record.duration).count();
  auto bucket = std::ranges::lower_bound(bounds_seconds, seconds) - bounds_seconds.begin();
  std::lock_guard lock{mutex_};
  --in_flight_;
  ++requests_[{std::string(record.action), std::string(record.kind), record.status}];
  ++durations_[static_cast<std::size_t>(bucket)];
  duration_sum_ += seconds;
  received_bytes_ += record.received_bytes;
  sent_bytes_ += record.sent_bytes;
}

void Metrics::count_cache(std::string_view outcome) {
  std::lock_guard lock{mutex_};
  ++cache_[std::string(outcome)];
}

void Metrics::count_authentication(std::string_view outcome) {
  std::lock_guard lock{mutex_};
  ++authentications_[std::string(outcome)];
}

std::string Metrics::text(const Gauges& gauges) const {
  std::lock_guard lock{mutex_};
  MetricsText text;
  text.begin("dmaas_gateway_requests_total", "counter", "Answered requests.");
  for (const auto& [what, count] : requests_) {
    const auto& [action, kind, status] = what;
    text.add({{"action", action}, {"kind", kind}, {"code", std::to_string(status)}},
             static_cast<double>(count));
  }
  write_durations(text);
  text.add_family("dmaas_gateway_received_bytes_total", "counter", "Bytes of request bodies.",
                  static_cast<double>(received_bytes_));
  text.add_family("dmaas_gateway_sent_bytes_total", "counter", "Bytes of answers' bodies.",
                  static_cast<double>(sent_bytes_));
  text.add_family("dmaas_gateway_requests_in_flight", "gauge", "Requests being answered.",
                  static_cast<double>(in_flight_));
  text.begin("dmaas_gateway_cache_lookups_total", "counter", "Look-ups in the disk cache.");
  for (const auto& [outcome, count] : cache_)
    text.add({{"outcome", outcome}}, static_cast<double>(count));
  text.add_family("dmaas_gateway_cache_bytes", "gauge", "Size of the disk cache.",
                  static_cast<double>(gauges.cache_bytes));
  text.begin("dmaas_gateway_authentications_total", "counter", "Requests by who sent them.");
  for (const auto& [outcome, count] : authentications_)
    text.add({{"outcome", outcome}}, static_cast<double>(count));
  text.add_family("dmaas_gateway_grants", "gauge", "Grants of live sessions.",
                  static_cast<double>(gauges.grants));
  text.add_family("dmaas_gateway_storages", "gauge", "Configured storages.",
                  static_cast<double>(gauges.storages));
  return text.take();
}

void Metrics::write_durations(MetricsText& text) const {
  text.begin("dmaas_gateway_request_duration_seconds", "histogram",
             "From header to end of answer.");
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < durations_.size(); ++i) {
    sum += durations_[i];
    auto bound = i < bounds_seconds.size() ? fmt::format("{}", bounds_seconds[i]) : "+Inf";
    text.add("_bucket", {{"le", bound}}, static_cast<double>(sum));
  }
  text.add("_sum", {}, duration_sum_);
  text.add("_count", {}, static_cast<double>(sum));
}

}  // namespace dmaas::gateway
