#include "gateway/storage_set.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "storage/testing/skipping_clock.hpp"

namespace dmaas::gateway {
namespace {

using namespace std::chrono_literals;

TEST(OpenStoreTest, TransfersAreAsSlowAsTheDefinitionSays) {
  const std::string directory = testing::TempDir() + "gateway_storage_set";
  std::filesystem::remove_all(directory);
  const Bytes content(1 << 20, 'x');
  storage::SkippingClock clock;
  api::GatewayStorage definition{.name = "s/main", .location = directory};
  const auto unlimited = std::move(*open_store(definition, clock));
  ASSERT_TRUE(unlimited->save_bytes("config", content, {}, {}));
  EXPECT_EQ(clock.monotonic(), 0s);
  definition.upload_rate = 1 << 20;
  const auto slow_to_write = std::move(*open_store(definition, clock));
  ASSERT_TRUE(slow_to_write->save_bytes("config", content, {}, {}));
  EXPECT_EQ(clock.monotonic(), 1s);
  definition.download_rate = 2 << 20;
  const auto slow_to_read = std::move(*open_store(definition, clock));
  ASSERT_TRUE(slow_to_read->load_all("config", {}));
  EXPECT_EQ(clock.monotonic(), 1'500ms);
  EXPECT_EQ(slow_to_read->location(), unlimited->location());
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace dmaas::gateway
