#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dmaas {

using MetricLabels = std::vector<std::pair<std::string_view, std::string_view>>;

/// Writes Prometheus' text format, version 0.0.4
/// (prometheus.io/docs/instrumenting/exposition_formats).
class MetricsText {
public:
  /// Begins a family; the samples that follow belong to it. `type`: counter, gauge, histogram.
  void begin(std::string_view name, std::string_view type, std::string_view help);
  void add(const MetricLabels& labels, double value) { add("", labels, value); }
  /// `suffix`: _bucket, _sum or _count of a histogram.
  void add(std::string_view suffix, const MetricLabels& labels, double value);
  /// A family of one sample.
  void add_family(std::string_view name, std::string_view type, std::string_view help,
                  double value);

  std::string take() { return std::move(text_); }

private:
  std::string name_;
  std::string text_;
};

}  // namespace dmaas
