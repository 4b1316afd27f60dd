#include "gateway/disk_cache.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "crypto/sha256.hpp"

namespace dmaas::gateway {
namespace {

class DiskCacheTest : public testing::Test {
protected:
  void SetUp() override { std::filesystem::remove_all(directory); }
  void TearDown() override { std::filesystem::remove_all(directory); }

  std::unique_ptr<DiskCache> open(std::uint64_t max_bytes = 1000) {
    auto cache = DiskCache::open(directory, max_bytes);
    ENSURE(cache.has_value());
    return std::move(*cache);
  }
  static void put(DiskCache& cache, const std::string& name, const std::string& content) {
    auto writer = cache.add({name}, crypto::sha256(bytes_of(content)));
    writer.append(bytes_of(content));
    writer.finish();
  }
  static std::string get(DiskCache& cache, const CacheName& name) {
    auto found = cache.find(name);
    if (!found) return "absent";
    std::string content(found->size, '\0');
    EXPECT_EQ(::read(found->file.get(), content.data(), content.size()),
              static_cast<ssize_t>(content.size()));
    return content;
  }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(directory), {}));
  }

  const std::string directory = testing::TempDir() + "gateway_cache";
};

TEST_F(DiskCacheTest, ReturnsWhatWasPutInAlsoAfterARestart) {
  {
    auto cache = open();
    put(*cache, "a", "hello");
    EXPECT_EQ(get(*cache, {"a"}), "hello");
    EXPECT_EQ(get(*cache, {"b"}), "absent");
  }
  auto cache = open();
  EXPECT_EQ(cache->size_bytes(), 5u + 32u);
  EXPECT_EQ(get(*cache, {"a"}), "hello");
  cache->drop("a");
  EXPECT_EQ(get(*cache, {"a"}), "absent");
  EXPECT_EQ(files(), 0u);
}

TEST_F(DiskCacheTest, KeepsPartsApartAndDropsThemWithTheirObject) {
  auto cache = open();
  auto add_part = [&](const std::string& object, std::uint64_t first, const std::string& content) {
    auto writer = cache->add({object, CacheName::Part{first, content.size()}}, std::nullopt);
    writer.append(bytes_of(content));
    writer.finish();
  };
  add_part("a", 0, "one");
  add_part("a", 3, "two");
  add_part("b", 0, "six");
  put(*cache, "a", "onetwo");
  EXPECT_EQ(get(*cache, {"a", CacheName::Part{0, 3}}), "one");
  EXPECT_EQ(get(*cache, {"a", CacheName::Part{3, 3}}), "two");
  EXPECT_EQ(get(*cache, {"a", CacheName::Part{0, 2}}), "absent");
  cache->drop("a");
  EXPECT_EQ(get(*cache, {"a", CacheName::Part{3, 3}}), "absent");
  EXPECT_EQ(get(*cache, {"a"}), "absent");
  EXPECT_EQ(get(*cache, {"b", CacheName::Part{0, 3}}), "six");
}

TEST_F(DiskCacheTest, GivesUpTheLeastRecentlyUsedFirst) {
  auto cache = open(1000);
  for (auto name : {"a", "b", "c", "d"}) put(*cache, name, std::string(200, name[0]));
  EXPECT_EQ(get(*cache, {"a"}), std::string(200, 'a'));
  put(*cache, "e", std::string(200, 'e'));
  EXPECT_EQ(get(*cache, {"b"}), "absent");
  EXPECT_EQ(get(*cache, {"a"}), std::string(200, 'a'));
  EXPECT_LE(cache->size_bytes(), 1000u);
  EXPECT_EQ(files(), 4u);
}

TEST_F(DiskCacheTest, NeverKeepsBytesThatAreNotTheObject) {
  auto cache = open();
  auto writer = cache->add({"a"}, crypto::sha256(bytes_of("right")));
  writer.append(bytes_of("wrong"));
  writer.finish();
  EXPECT_EQ(get(*cache, {"a"}), "absent");
}

TEST_F(DiskCacheTest, NoticesDamageThatAProcessFindsAtItsStart) {
  {
    auto cache = open();
    put(*cache, "a", "hello");
    put(*cache, "b", "hello");
  }
  bool first = true;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (std::exchange(first, false)) {
      std::filesystem::resize_file(entry.path(), 20);
    } else {
      std::fstream(entry.path(), std::ios::in | std::ios::out) << "j";
    }
  }
  auto cache = open();
  EXPECT_EQ(get(*cache, {"a"}), "absent");
  EXPECT_EQ(get(*cache, {"b"}), "absent");
  EXPECT_EQ(files(), 0u);
}

TEST_F(DiskCacheTest, LeavesNothingOfAnUnfinishedOrTooLargeObject) {
  auto cache = open(1000);
  {
    auto unfinished = cache->add({"a"}, crypto::sha256(bytes_of("hello")));
    EXPECT_TRUE(unfinished.append(bytes_of("he")));
    auto large = cache->add({"b"}, crypto::sha256({}));
    EXPECT_FALSE(large.append(bytes_of(std::string(600, 'x'))));
    large.finish();
  }
  EXPECT_EQ(files(), 0u);
  EXPECT_EQ(cache->size_bytes(), 0u);
}

TEST_F(DiskCacheTest, ClearsWhatAKilledProcessLeftAndWhatASmallerLimitForbids) {
  {
    auto cache = open(1000);
    put(*cache, "a", std::string(200, 'a'));
    put(*cache, "b", std::string(200, 'b'));
  }
  std::ofstream(directory + "/" + std::string(64, 'f') + ".7.tmp") << "half";
  auto cache = open(300);
  EXPECT_EQ(files(), 1u);
  EXPECT_EQ(cache->size_bytes(), 232u);
}

}  // namespace
}  // namespace dmaas::gateway
