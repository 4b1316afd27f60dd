#include "gateway/configuration.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "storage/memory_store.hpp"

namespace dmaas::gateway {
namespace {

using namespace std::chrono_literals;
using api::GatewayGrant;
using api::GatewayScope;

GatewayGrant grant(std::string repository, GatewayScope scope = GatewayScope::backup) {
  return {.pod_uid = "uid",
          .session = "s",
          .storage = "a/b",
          .repository = std::move(repository),
          .scope = scope};
}

TEST(GrantTableTest, GivesARepositoryOnlyToItsPodAndNotItsNeighbours) {
  GrantTable table({grant("/east/ns/shop/")});
  EXPECT_NE(table.find("uid", "a/b", "east/ns/shop"), nullptr);
  EXPECT_EQ(table.find("uid", "a/b", "east/ns/shop2"), nullptr);
  EXPECT_EQ(table.find("uid", "a/b", "east/ns"), nullptr);
  EXPECT_EQ(table.find("uid", "a/b", "east/ns/shop/db"), nullptr);
  EXPECT_EQ(table.find("uid", "a/c", "east/ns/shop"), nullptr);
  EXPECT_EQ(table.find("other", "a/b", "east/ns/shop"), nullptr);
}

TEST(GrantTableTest, IgnoresGrantsThatNameNoPodOrNoPath) {
  auto nobody = grant("r");
  nobody.pod_uid.clear();
  GrantTable table({nobody, grant("../r"), grant(""), grant("a//b")});
  EXPECT_EQ(table.size(), 0u);
}

TEST(GrantTableTest, UsesTheWidestOfSeveralGrants) {
  GrantTable table(
      {grant("r", GatewayScope::read), grant("r", GatewayScope::maintain), grant("r")});
  EXPECT_EQ(table.find("uid", "a/b", "r")->scope, GatewayScope::maintain);
}

class ConfigurationTest : public testing::Test {
protected:
  StorageSet storages{[this](const api::GatewayStorage& definition)
                          -> Result<std::unique_ptr<storage::ObjectStore>> {
    ++opened;
    if (definition.location == "bad") return fail(ErrorCode::invalid_input, "not a location");
    return std::make_unique<storage::MemoryStore>();
  }};
  Configuration configuration{storages};
  int opened = 0;
};

TEST_F(ConfigurationTest, KeepsWhatItHasWhenATextCannotBeRead) {
  EXPECT_FALSE(configuration.is_complete());
  configuration.take_storages(
      api::encode_gateway_storages({{.name = "a/b", .location = "memory"}}));
  configuration.take_grants(api::encode_gateway_grants({grant("r")}));
  configuration.take_storages("not JSON");
  configuration.take_grants("{}");
  EXPECT_TRUE(configuration.is_complete());
  EXPECT_TRUE(storages.find("a/b"));
  EXPECT_EQ(configuration.grants()->size(), 1u);
}

TEST_F(ConfigurationTest, OpensOnlyWhatChangedAndLeavesRunningUsersTheirStore) {
  configuration.take_storages(api::encode_gateway_storages(
      {{.name = "a/b", .location = "x", .secret_key = "1"}, {.name = "a/c", .location = "y"}}));
  auto held = *storages.find("a/b");
  auto unchanged = *storages.find("a/c");
  configuration.take_storages(api::encode_gateway_storages(
      {{.name = "a/b", .location = "x", .secret_key = "2"}, {.name = "a/c", .location = "y"}}));
  EXPECT_EQ(opened, 3);
  EXPECT_NE(*storages.find("a/b"), held);
  EXPECT_EQ(*storages.find("a/c"), unchanged);
  EXPECT_TRUE(held->store->save_bytes("config", bytes_of("x"), {}, {}));
  configuration.take_storages("[]");
  EXPECT_EQ(storages.find("a/b").code(), ErrorCode::not_found);
}

TEST_F(ConfigurationTest, SaysWhyAStorageCannotBeOpened) {
  configuration.take_storages(api::encode_gateway_storages(
      {{.name = "a/b", .location = "bad"}, {.name = "a/c", .location = "y"}}));
  EXPECT_EQ(storages.find("a/b").code(), ErrorCode::invalid_input);
  EXPECT_TRUE(storages.find("a/c"));
}

TEST_F(ConfigurationTest, FollowsTheFilesOfADirectory) {
  auto directory = testing::TempDir() + "gateway_configuration";
  std::filesystem::create_directories(directory);
  auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream(directory + "/" + name) << text;
  };
  write("grants.json", api::encode_gateway_grants({grant("r")}));
  ManualClock clock{Timestamp(1'800'000'000s)};
  auto source = directory_source(directory, clock);
  std::jthread thread([&](std::stop_token stop) { source->run(configuration, stop); });
  auto eventually = [&](auto condition) {
    for (int i = 0; i < 500 && !condition(); ++i) {
      clock.advance(1s);
      std::this_thread::sleep_for(10ms);
    }
    return condition();
  };
  EXPECT_TRUE(eventually(
      [&] { return configuration.is_complete() && configuration.grants()->size() == 1; }));
  EXPECT_EQ(storages.size(), 0u);
  write("storages.json", api::encode_gateway_storages({{.name = "a/b", .location = "x"}}));
  EXPECT_TRUE(eventually([&] { return storages.size() == 1; }));
  std::filesystem::remove(directory + "/grants.json");
  EXPECT_TRUE(eventually([&] { return configuration.grants()->size() == 0; }));
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace dmaas::gateway
