#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "base/task_group.hpp"
#include "crypto/random.hpp"
#include "crypto/sha256.hpp"
#include "storage/object_store.hpp"

namespace dmaas::storage {

/// A store with what it stands on (a directory, a server); each test gets an empty one.
class StoreUnderTest {
public:
  virtual ~StoreUnderTest() = default;
  virtual ObjectStore& store() = 0;
};

struct StoreKind {
  std::string name;
  std::function<std::unique_ptr<StoreUnderTest>()> create;
};
inline void PrintTo(const StoreKind& kind, std::ostream* out) {
  *out << kind.name;
}

/// What every ObjectStore does. Instantiate it once per test program:
/// INSTANTIATE_TEST_SUITE_P(Stores, ObjectStoreSuite, ::testing::Values(...), store_kind_name);
class ObjectStoreSuite : public ::testing::TestWithParam<StoreKind> {
protected:
  ObjectStore& store() { return under_test_->store(); }
  std::map<std::string, std::uint64_t> listed(std::string_view directory) {
    std::map<std::string, std::uint64_t> found;
    auto result = store().list(directory,
                               [&](const ObjectInfo& info) -> Result<> {
                                 EXPECT_TRUE(found.emplace(info.name, info.size).second)
                                     << info.name << " twice";
                                 return {};
                               },
                               {});
    EXPECT_TRUE(result) << result.error().message();
    return found;
  }
  Result<> save(std::string_view name, BytesView bytes, SaveOptions options = {}) {
    return store().save_bytes(name, bytes, options, {});
  }
  /// The name that content has in restic's layout.
  static std::string data_name(BytesView bytes) {
    const std::string hex = hex_of(crypto::sha256(bytes));
    return "data/" + hex.substr(0, 2) + "/" + hex;
  }

private:
  std::unique_ptr<StoreUnderTest> under_test_ = GetParam().create();
};

inline std::string store_kind_name(const ::testing::TestParamInfo<StoreKind>& info) {
  return info.param.name;
}

/// A source that cannot go back, as a network body.
class OneWaySource final : public ObjectSource {
public:
  OneWaySource(BytesView bytes, std::uint64_t announced_size)
      : inner_(source_of(bytes)), announced_size_(announced_size) {}
  std::uint64_t size() const override { return announced_size_; }
  Result<std::size_t> read(std::span<std::uint8_t> buffer) override { return inner_->read(buffer); }
  Result<> rewind() override { return fail(ErrorCode::unsupported, "the bytes are gone"); }

private:
  const std::unique_ptr<ObjectSource> inner_;
  const std::uint64_t announced_size_;
};

TEST_P(ObjectStoreSuite, ReturnsWhatWasSaved) {
  const Bytes content = crypto::random_bytes(300'000);
  const std::string name = data_name(content);
  ASSERT_TRUE(save(name, content));
  auto loaded = store().load_all(name, {});
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_TRUE(*loaded == content);
  auto info = store().stat(name, {});
  ASSERT_TRUE(info);
  EXPECT_EQ(info->size, content.size());
  EXPECT_EQ(info->name, name);
}

TEST_P(ObjectStoreSuite, KeepsEmptyObjects) {
  const std::string name = data_name({});
  ASSERT_TRUE(save(name, {}, {.sha256 = crypto::sha256({})}));
  auto loaded = store().load_all(name, {});
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_TRUE(loaded->empty());
}

TEST_P(ObjectStoreSuite, LoadsParts) {
  const Bytes content = crypto::random_bytes(10'000);
  const std::string name = data_name(content);
  ASSERT_TRUE(save(name, content));
  auto part = store().load_range(name, 4'000, 1'000, {});
  ASSERT_TRUE(part) << part.error().message();
  EXPECT_TRUE(std::ranges::equal(*part, std::span(content).subspan(4'000, 1'000)));
  EXPECT_TRUE(store().load_range(name, 9'999, 1, {}));
  EXPECT_TRUE(store().load_range(name, 10'000, 0, {}));
  Bytes tail;
  ASSERT_TRUE(store().load(name, {.offset = 9'000, .length = {}},
                           [&](BytesView piece) -> Result<> {
                             tail.insert(tail.end(), piece.begin(), piece.end());
                             return {};
                           },
                           {}));
  EXPECT_TRUE(std::ranges::equal(tail, std::span(content).subspan(9'000)));
}

TEST_P(ObjectStoreSuite, APartBeyondTheEndIsCorrupt) {
  const Bytes content = crypto::random_bytes(100);
  const std::string name = data_name(content);
  ASSERT_TRUE(save(name, content));
  EXPECT_TRUE(store().load_range(name, 90, 11, {}).failed_with(ErrorCode::corrupt));
  EXPECT_TRUE(store().load_range(name, 101, 1, {}).failed_with(ErrorCode::corrupt));
}

TEST_P(ObjectStoreSuite, MissingObjectsAreNotFound) {
  const std::string name = data_name(bytes_of("absent"));
  EXPECT_TRUE(store().stat(name, {}).failed_with(ErrorCode::not_found));
  EXPECT_TRUE(store().load_all(name, {}).failed_with(ErrorCode::not_found));
  EXPECT_TRUE(store().load_range(name, 5, 5, {}).failed_with(ErrorCode::not_found));
  EXPECT_TRUE(store().remove(name, {}));
}

TEST_P(ObjectStoreSuite, RefusesNamesThatLeaveTheStore) {
  for (const char* name : {"", "/config", "data/../config", "data//x", "a b", "data/", "./x"}) {
    EXPECT_TRUE(save(name, {}).failed_with(ErrorCode::invalid_input)) << name;
    EXPECT_TRUE(store().stat(name, {}).failed_with(ErrorCode::invalid_input)) << name;
    EXPECT_TRUE(store().remove(name, {}).failed_with(ErrorCode::invalid_input)) << name;
  }
}

TEST_P(ObjectStoreSuite, CreateOnlyKeepsAnExistingObject) {
  ASSERT_TRUE(save("config", bytes_of("first"), {.mode = SaveMode::create_only}));
  auto second = save("config", bytes_of("second"), {.mode = SaveMode::create_only});
  EXPECT_TRUE(second.failed_with(ErrorCode::already_exists));
  EXPECT_EQ(text_of(*store().load_all("config", {})), "first");
}

TEST_P(ObjectStoreSuite, WrongContentNeverBecomesVisible) {
  const Bytes content = crypto::random_bytes(200'000);
  Bytes damaged = content;
  damaged[100'000] ^= 1;
  const std::string name = data_name(content);
  auto saved = save(name, damaged, {.sha256 = crypto::sha256(content)});
  EXPECT_TRUE(saved.failed_with(ErrorCode::corrupt)) << name_of(saved.code());
  EXPECT_TRUE(store().stat(name, {}).failed_with(ErrorCode::not_found));
  ASSERT_TRUE(save(name, content, {.sha256 = crypto::sha256(content)}));
}

TEST_P(ObjectStoreSuite, SavesWhatTheCallerHasHashedItself) {
  const Bytes content = crypto::random_bytes(50'000);
  const SaveOptions options{.sha256 = crypto::sha256(content),
                            .sha256_origin = SaveOptions::Sha256Origin::computed};
  ASSERT_TRUE(save(data_name(content), content, options));
  EXPECT_TRUE(*store().load_all(data_name(content), {}) == content);
}

TEST_P(ObjectStoreSuite, AShortSourceLeavesNothing) {
  const Bytes content = crypto::random_bytes(1'000);
  OneWaySource source{content, 2'000};
  const std::string name = data_name(content);
  EXPECT_FALSE(store().save(name, source, {}, {}));
  EXPECT_TRUE(store().stat(name, {}).failed_with(ErrorCode::not_found));
}

TEST_P(ObjectStoreSuite, SavesSeveralObjectsInTwoSteps) {
  std::vector<Bytes> contents;
  std::vector<std::unique_ptr<PendingSave>> saves;
  for (int i = 0; i < 5; ++i) {
    const Bytes& content = contents.emplace_back(crypto::random_bytes(100'000));
    auto begun = store().begin_save(data_name(content), *source_of(content), {}, {});
    ASSERT_TRUE(begun) << begun.error().message();
    saves.push_back(std::move(*begun));
  }
  ASSERT_TRUE(store().complete_saves(std::move(saves), {}));
  for (const Bytes& content : contents) {
    auto loaded = store().load_all(data_name(content), {});
    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_TRUE(*loaded == content);
  }
}

TEST_P(ObjectStoreSuite, SavesFromASourceThatCannotGoBack) {
  const Bytes content = crypto::random_bytes(1'500'000);
  OneWaySource source{content, content.size()};
  const std::string name = data_name(content);
  auto saved = store().save(name, source, {.sha256 = crypto::sha256(content)}, {});
  ASSERT_TRUE(saved) << saved.error().message();
  EXPECT_TRUE(*store().load_all(name, {}) == content);
}

TEST_P(ObjectStoreSuite, ListsOnlyItsDirectory) {
  EXPECT_TRUE(listed("data").empty());
  std::map<std::string, std::uint64_t> saved;
  for (std::size_t i = 0; i < 20; ++i) {
    const Bytes content = crypto::random_bytes(i);
    saved[data_name(content)] = i;
    ASSERT_TRUE(save(data_name(content), content));
  }
  const std::string key = "keys/" + hex_of(crypto::sha256(bytes_of("key")));
  ASSERT_TRUE(save(key, bytes_of("key")));
  ASSERT_TRUE(save("config", bytes_of("config")));
  EXPECT_EQ(listed("data"), saved);
  EXPECT_EQ(listed("keys"), (std::map<std::string, std::uint64_t>{{key, 3}}));
  EXPECT_TRUE(listed("index").empty());
}

TEST_P(ObjectStoreSuite, AnErrorOfTheReceiverEndsAListing) {
  for (std::uint8_t i = 0; i < 3; ++i) ASSERT_TRUE(save(data_name({&i, 1}), {&i, 1}));
  int calls = 0;
  auto result = store().list("data",
                             [&](const ObjectInfo&) -> Result<> {
                               ++calls;
                               return fail(ErrorCode::unavailable, "enough");
                             },
                             {});
  EXPECT_TRUE(result.failed_with(ErrorCode::unavailable));
  EXPECT_EQ(calls, 1);
}

TEST_P(ObjectStoreSuite, AnErrorOfTheReceiverEndsALoad) {
  const Bytes content = crypto::random_bytes(100);
  ASSERT_TRUE(save(data_name(content), content));
  int calls = 0;
  auto result = store().load(data_name(content), {},
                             [&](BytesView) -> Result<> {
                               ++calls;
                               return fail(ErrorCode::unavailable, "enough");
                             },
                             {});
  EXPECT_TRUE(result.failed_with(ErrorCode::unavailable));
  EXPECT_EQ(calls, 1);
}

TEST_P(ObjectStoreSuite, RemovedObjectsAreGone) {
  const Bytes content = crypto::random_bytes(10);
  const std::string name = data_name(content);
  ASSERT_TRUE(save(name, content));
  ASSERT_TRUE(store().remove(name, {}));
  EXPECT_TRUE(store().stat(name, {}).failed_with(ErrorCode::not_found));
  EXPECT_TRUE(listed("data").empty());
}

TEST_P(ObjectStoreSuite, AStopRequestCancelsEveryCall) {
  std::stop_source stop;
  stop.request_stop();
  const auto token = stop.get_token();
  const auto ignore = [](const ObjectInfo&) -> Result<> { return {}; };
  EXPECT_TRUE(store().stat("config", token).failed_with(ErrorCode::cancelled));
  EXPECT_TRUE(store().load_all("config", token).failed_with(ErrorCode::cancelled));
  EXPECT_TRUE(store().save_bytes("config", {}, {}, token).failed_with(ErrorCode::cancelled));
  EXPECT_TRUE(store().remove("config", token).failed_with(ErrorCode::cancelled));
  EXPECT_TRUE(store().list("data", ignore, token).failed_with(ErrorCode::cancelled));
}

TEST_P(ObjectStoreSuite, ServesManyThreads) {
  TaskGroup group{{}};
  for (int thread = 0; thread < 6; ++thread) {
    group.add([&](std::stop_token stop) -> Result<> {
      for (int i = 0; i < 10; ++i) {
        const Bytes content = crypto::random_bytes(5'000);
        const std::string name = data_name(content);
        TRY(store().save_bytes(name, content, {.sha256 = crypto::sha256(content)}, stop));
        if (TRY(store().load_all(name, stop)) != content) {
          return fail(ErrorCode::corrupt, name + " differs");
        }
      }
      return {};
    });
  }
  auto result = group.wait();
  EXPECT_TRUE(result) << result.error().message();
  EXPECT_EQ(listed("data").size(), 60);
}

}  // namespace dmaas::storage
