#include <sys/resource.h>

#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

#include "cluster_fixture.hpp"

namespace dmaas::kube {
namespace {

constexpr int object_count = 10'000;
constexpr int writers = 8;

double seconds_since(std::chrono::nanoseconds begun) {
  return std::chrono::duration<double>(system_clock().monotonic() - begun).count();
}

class ManyObjectsTest : public ClusterTest {};

TEST_F(ManyObjectsTest, TenThousandConfigMapsAreMadeAndListed) {
  auto begun = system_clock().monotonic();
  std::atomic<int> next = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < writers; ++i) {
      threads.emplace_back([&] {
        const std::string value(1000, 'x');
        for (int number = next++; number < object_count; number = next++) {
          auto made = client_->create(resources::config_maps(),
                                      config_map("c" + std::to_string(number), value), {}, {});
          ASSERT_TRUE(made) << made.error().message();
        }
      });
    }
  }
  auto creation = seconds_since(begun);

  begun = system_clock().monotonic();
  int seen = 0;
  std::size_t bytes = 0;
  auto count = [&](Json object) -> Result<> {
    if (name_of(object).starts_with("c")) ++seen;
    bytes += text_at(object, "data", "value").size();
    return {};
  };
  auto listed = client_->list(resources::config_maps(), {.namespace_name = namespace_}, count, {});
  ASSERT_TRUE(listed) << listed.error().message();
  EXPECT_EQ(seen, object_count);
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf(
      "%d ConfigMaps of 1 kB: created in %.1f s with %d writers, listed in %.2f s, peak memory %ld "
      "MB\n",
      object_count, creation, writers, seconds_since(begun), usage.ru_maxrss / 1024);
  RecordProperty("creation_seconds", std::to_string(creation));
}

}  // namespace
}  // namespace dmaas::kube
