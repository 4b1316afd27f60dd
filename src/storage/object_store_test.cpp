#include "storage/object_store.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "storage/limited_store.hpp"
#include "storage/local/local_store.hpp"
#include "storage/memory_store.hpp"
#include "storage/object_name.hpp"
#include "storage/object_store_suite.hpp"
#include "storage/open.hpp"
#include "storage/testing/rest_server.hpp"
#include "storage/testing/skipping_clock.hpp"

namespace dmaas::storage {
namespace {

class MemoryUnderTest final : public StoreUnderTest {
public:
  ObjectStore& store() override { return store_; }

private:
  MemoryStore store_;
};

class LimitedUnderTest final : public StoreUnderTest {
public:
  ObjectStore& store() override { return *store_; }

private:
  SkippingClock clock_;
  std::unique_ptr<ObjectStore> store_ =
      limited(std::make_unique<MemoryStore>(), {.upload = 1 << 20, .download = 1 << 20}, clock_);
};

class LocalUnderTest final : public StoreUnderTest {
public:
  LocalUnderTest() {
    char pattern[] = "/tmp/dmaas-store-XXXXXX";
    directory_ = ::mkdtemp(pattern);
    store_ = open_local_store(directory_ + "/a/b/", 2);
  }
  ~LocalUnderTest() override { std::filesystem::remove_all(directory_); }
  ObjectStore& store() override { return *store_; }
  std::filesystem::path directory() const { return directory_ + "/a/b"; }

private:
  std::string directory_;
  std::unique_ptr<ObjectStore> store_;
};

class RestUnderTest final : public StoreUnderTest {
public:
  ObjectStore& store() override { return *store_; }

private:
  RestServer server_;
  std::unique_ptr<ObjectStore> store_ =
      std::move(*open_storage("rest:" + server_.url(), {.rest_password = "pw"}, system_clock()));
};

template <class Under>
StoreKind kind_of(std::string name) {
  return {std::move(name), [] { return std::make_unique<Under>(); }};
}

INSTANTIATE_TEST_SUITE_P(Stores, ObjectStoreSuite,
                         ::testing::Values(kind_of<MemoryUnderTest>("memory"),
                                           kind_of<LimitedUnderTest>("limited"),
                                           kind_of<LocalUnderTest>("local"),
                                           kind_of<RestUnderTest>("rest")),
                         store_kind_name);

TEST(LocalStoreTest, APendingSaveIsInvisibleAndLeavesNothingWhenItIsDropped) {
  const LocalUnderTest local;
  const auto store = std::move(*open_storage(local.directory().string(), {}, system_clock()));
  const auto source = source_of(bytes_of("content"));
  auto save = store->begin_save("data/ab/abcd", *source, {}, {});
  ASSERT_TRUE(save);
  EXPECT_TRUE(store->stat("data/ab/abcd", {}).failed_with(ErrorCode::not_found));
  save->reset();
  EXPECT_TRUE(std::filesystem::is_empty(local.directory() / "data/ab"));
}

TEST(LocalStoreTest, APendingCreateGivesWayToWhatCameBetween) {
  LocalUnderTest local;
  const auto source = source_of(bytes_of("late"));
  auto save = local.store().begin_save("config", *source, {.mode = SaveMode::create_only}, {});
  ASSERT_TRUE(save);
  ASSERT_TRUE(local.store().save_bytes("config", bytes_of("first"), {}, {}));
  std::vector<std::unique_ptr<PendingSave>> saves;
  saves.push_back(std::move(*save));
  EXPECT_TRUE(
      local.store().complete_saves(std::move(saves), {}).failed_with(ErrorCode::already_exists));
  EXPECT_EQ(text_of(*local.store().load_all("config", {})), "first");
}

TEST(ObjectNameTest, AcceptsTheLayoutOfRepositoriesOnly) {
  EXPECT_TRUE(is_object_name("config"));
  EXPECT_TRUE(is_object_name("data/ab/abcd"));
  EXPECT_TRUE(is_object_name(".dmaas/storage.json"));
  EXPECT_FALSE(is_object_name("data/.."));
  EXPECT_FALSE(is_object_name("config~1f"));
  EXPECT_FALSE(is_object_name(std::string(1025, 'a')));
}

TEST(ObjectStoreTest, LoadAllIsBounded) {
  MemoryStore store;
  ASSERT_TRUE(store.save_bytes("config", bytes_of("12345"), {}, {}));
  EXPECT_TRUE(store.load_all("config", {}, 4).failed_with(ErrorCode::exhausted));
  EXPECT_TRUE(store.load_all("config", {}, 5));
}

}  // namespace
}  // namespace dmaas::storage
