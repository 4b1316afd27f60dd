#include "gateway/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dmaas::gateway {
namespace {

void write_head(std::string& out, std::string_view name, std::string_view type,
                std::string_view text) {
  out += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, text);
}

void write_one(std::string& out, std::string_view name, std::string_view type,
               std::string_view text, std::uint64_t value) {
  write_head(out, name, type, text);
  out += fmt::format("{} {}\n", name, value);
}

}  // namespace

void Metrics::begin_request() {
  std::lock_guard lock{mutex_};
  ++in_flight_;
}

void Metrics::end_request(const RequestRecord& record) {
  auto labels = fmt::format("action=\"{}\",kind=\"{}\",code=\"{}\"", record.action, record.kind,
                            record.status);
  auto seconds = std::chrono::duration<double>(record.duration).count();
  auto bucket = std::ranges::lower_bound(bounds_seconds, seconds) - bounds_seconds.begin();
  std::lock_guard lock{mutex_};
  --in_flight_;
  ++requests_[labels];
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
  std::string out;
  write_head(out, "dmaas_gateway_requests_total", "counter", "Answered requests.");
  for (const auto& [labels, count] : requests_) {
    out += fmt::format("dmaas_gateway_requests_total{{{}}} {}\n", labels, count);
  }
  write_head(out, "dmaas_gateway_request_duration_seconds", "histogram",
             "From header to end of answer.");
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < durations_.size(); ++i) {
    sum += durations_[i];
    auto bound = i < bounds_seconds.size() ? fmt::format("{}", bounds_seconds[i]) : "+Inf";
    out +=
        fmt::format("dmaas_gateway_request_duration_seconds_bucket{{le=\"{}\"}} {}\n", bound, sum);
  }
  out += fmt::format("dmaas_gateway_request_duration_seconds_sum {}\n", duration_sum_);
  out += fmt::format("dmaas_gateway_request_duration_seconds_count {}\n", sum);
  write_one(out, "dmaas_gateway_received_bytes_total", "counter", "Bytes of request bodies.",
            received_bytes_);
  write_one(out, "dmaas_gateway_sent_bytes_total", "counter", "Bytes of answers' bodies.",
            sent_bytes_);
  write_one(out, "dmaas_gateway_requests_in_flight", "gauge", "Requests being answered.",
            in_flight_);
  write_head(out, "dmaas_gateway_cache_lookups_total", "counter", "Look-ups in the disk cache.");
  for (const auto& [outcome, count] : cache_) {
    out += fmt::format("dmaas_gateway_cache_lookups_total{{outcome=\"{}\"}} {}\n", outcome, count);
  }
  write_one(out, "dmaas_gateway_cache_bytes", "gauge", "Size of the disk cache.",
            gauges.cache_bytes);
  write_head(out, "dmaas_gateway_authentications_total", "counter", "Requests by who sent them.");
  for (const auto& [outcome, count] : authentications_) {
    out +=
        fmt::format("dmaas_gateway_authentications_total{{outcome=\"{}\"}} {}\n", outcome, count);
  }
  write_one(out, "dmaas_gateway_grants", "gauge", "Grants of live sessions.", gauges.grants);
  write_one(out, "dmaas_gateway_storages", "gauge", "Configured storages.", gauges.storages);
  return out;
}

}  // namespace dmaas::gateway
