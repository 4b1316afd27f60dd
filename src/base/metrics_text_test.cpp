#include "base/metrics_text.hpp"

#include <gtest/gtest.h>

namespace dmaas {
namespace {

TEST(MetricsTextTest, WritesFamiliesAndSamples) {
  MetricsText text;
  text.begin("jobs_total", "counter", "Jobs that ended.");
  text.add({{"kind", "a"}, {"message", "say \"hi\"\\\nthere"}}, 3);
  text.add({}, 1.5);
  text.add_family("up_since_seconds", "gauge", "Start.", 1'796'000'000);
  EXPECT_EQ(text.take(),
            "# HELP jobs_total Jobs that ended.\n# TYPE jobs_total counter\n"
            "jobs_total{kind=\"a\",message=\"say \\\"hi\\\"\\\\\\nthere\"} 3\n"
            "jobs_total 1.5\n"
            "# HELP up_since_seconds Start.\n# TYPE up_since_seconds gauge\n"
            "up_since_seconds 1796000000\n");
}

TEST(MetricsTextTest, WritesHistograms) {
  MetricsText text;
  text.begin("seconds", "histogram", "Time.");
  text.add("_bucket", {{"le", "+Inf"}}, 2);
  text.add("_sum", {}, 0.25);
  EXPECT_EQ(text.take(),
            "# HELP seconds Time.\n# TYPE seconds histogram\nseconds_bucket{le=\"+Inf\"} 2\n"
            "seconds_sum 0.25\n");
}

}  // namespace
}  // namespace dmaas
