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
    auto writer = cache.add(name, crypto::sha256(bytes_of(content)));
    writer.append(bytes_of(content));
    writer.finish();
  }
  static std::string get(DiskCache& cache, const std::string& name, const std::string& expected) {
    auto found = cache.find(name, crypto::sha256(bytes_of(expected)));
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
    EXPECT_EQ(get(*cache, "a", "hello"), "hello");
    EXPECT_EQ(get(*cache, "b", "hello"), "absent");
  }
  auto cache = open();
  EXPECT_EQ(cache->size_bytes(), 5u);
  EXPECT_EQ(get(*cache, "a", "hello"), "hello");
  cache->drop("a");
  EXPECT_EQ(get(*cache, "a", "hello"), "absent");
}

TEST_F(DiskCacheTest, GivesUpTheLeastRecentlyUsedFirst) {
  auto cache = open(1000);
  for (auto name : {"a", "b", "c", "d"}) put(*cache, name, std::string(240, name[0]));
  EXPECT_EQ(get(*cache, "a", std::string(240, 'a')), std::string(240, 'a'));
  put(*cache, "e", std::string(240, 'e'));
  EXPECT_EQ(get(*cache, "b", std::string(240, 'b')), "absent");
  EXPECT_EQ(get(*cache, "a", std::string(240, 'a')), std::string(240, 'a'));
  EXPECT_LE(cache->size_bytes(), 1000u);
  EXPECT_EQ(files(), 4u);
}

TEST_F(DiskCacheTest, NeverKeepsBytesThatAreNotTheObject) {
  auto cache = open();
  auto writer = cache->add("a", crypto::sha256(bytes_of("right")));
  writer.append(bytes_of("wrong"));
  writer.finish();
  EXPECT_EQ(get(*cache, "a", "right"), "absent");
}

TEST_F(DiskCacheTest, NoticesDamageThatAProcessFindsAtItsStart) {
  {
    auto cache = open();
    put(*cache, "a", "hello");
  }
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    std::ofstream(entry.path()) << "hellx";
  auto cache = open();
  EXPECT_EQ(get(*cache, "a", "hello"), "absent");
  EXPECT_EQ(files(), 0u);
}

TEST_F(DiskCacheTest, LeavesNothingOfAnUnfinishedOrTooLargeObject) {
  auto cache = open(1000);
  {
    auto unfinished = cache->add("a", crypto::sha256(bytes_of("hello")));
    EXPECT_TRUE(unfinished.append(bytes_of("he")));
    auto large = cache->add("b", crypto::sha256({}));
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
  EXPECT_EQ(cache->size_bytes(), 200u);
}

}  // namespace
}  // namespace dmaas::gateway
