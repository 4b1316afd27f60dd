#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <atomic>
#include <set>
#include <thread>

#include "crypto/random.hpp"
#include "crypto/sha256.hpp"
#include "http/client.hpp"
#include "minio_server.hpp"
#include "storage/object_store_suite.hpp"
#include "storage/open.hpp"
#include "storage/s3/s3_store.hpp"

namespace dmaas::storage {
namespace {

using ::testing::HasSubstr;

/// One server for the whole program.
MinioServer& minio() {
  static const std::unique_ptr<MinioServer> server = [] {
    auto started = MinioServer::start();
    if (!started) {
      ADD_FAILURE() << started.error().message();
      ::exit(1);
    }
    return std::move(*started);
  }();
  return *server;
}

StorageOptions options() {
  return {.s3 = minio().credentials()};
}

std::unique_ptr<ObjectStore> open(std::string_view bucket_and_prefix,
                                  const StorageOptions& with = options()) {
  return std::move(*open_storage(minio().location(bucket_and_prefix), with, system_clock()));
}

void create(std::string_view bucket) {
  auto created = create_container(minio().location(bucket), options(), system_clock(), {});
  ASSERT_TRUE(created) << created.error().message();
}

class BucketUnderTest final : public StoreUnderTest {
public:
  explicit BucketUnderTest(std::string_view prefix) {
    static int number = 0;
    const std::string bucket = "suite-" + std::to_string(++number);
    create(bucket);
    store_ = storage::open_storage(minio().location(bucket + std::string(prefix)), options(),
                                   system_clock())
                 .value();
  }
  ObjectStore& store() override { return *store_; }

private:
  std::unique_ptr<ObjectStore> store_;
};

StoreKind bucket_kind(std::string name, std::string prefix) {
  return {std::move(name), [prefix] { return std::make_unique<BucketUnderTest>(prefix); }};
}

INSTANTIATE_TEST_SUITE_P(Minio, ObjectStoreSuite,
                         ::testing::Values(bucket_kind("bucket", ""),
                                           bucket_kind("prefix", "/a b+c&d/ä")),
                         store_kind_name);

TEST(S3OnMinioTest, CreatingABucketTwiceIsSuccess) {
  create("twice");
  create("twice");
}

TEST(S3OnMinioTest, AMissingBucketIsNamedByEveryCall) {
  auto store = open("no-such-bucket/p");
  const auto ignore = [](const ObjectInfo&) -> Result<> { return {}; };
  for (const Error& error :
       {store->stat("config", {}).error(), store->load_all("config", {}).error(),
        store->save_bytes("config", {}, {}, {}).error(), store->list("data", ignore, {}).error()}) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_input);
    EXPECT_THAT(error.message(), HasSubstr("there is no bucket \"no-such-bucket\""));
  }
}

TEST(S3OnMinioTest, WrongCredentialsAreNamedByEveryCall) {
  create("credentials");
  StorageOptions wrong_secret = options();
  wrong_secret.s3.secret_key = "wrong-secret";
  StorageOptions wrong_key = options();
  wrong_key.s3.access_key = "nobody";
  const auto check = [](ObjectStore& store, std::string_view remedy) {
    for (const Error& error :
         {store.stat("config", {}).error(), store.load_all("config", {}).error(),
          store.save_bytes("config", bytes_of("x"), {}, {}).error()}) {
      EXPECT_EQ(error.code(), ErrorCode::permission_denied);
      EXPECT_THAT(error.message(), HasSubstr(remedy));
    }
  };
  check(*open("credentials", wrong_secret), "correct the secret key");
  check(*open("credentials", wrong_key), "correct the access key");
}

TEST(S3OnMinioTest, LargeObjectsGoUpInPartsAndComeBackEqual) {
  create("large");
  auto session = std::make_unique<S3Session>(
      std::move(*http::Client::create({})),
      S3Addressing{std::get<S3Location>(*parse_location(minio().location("large"))), "us-east-1",
                   StorageOptions::Addressing::automatic},
      minio().credentials(), system_clock(), std::make_shared<Throttle>());
  auto store = open_s3_store(std::move(session), {.location = "s3:large",
                                                  .prefix = "",
                                                  .multipart_threshold_bytes = 6 << 20,
                                                  .part_bytes = 5 << 20});
  const Bytes content = crypto::random_bytes(17 << 20);
  const SaveOptions checked{.mode = SaveMode::create_only, .sha256 = crypto::sha256(content)};
  auto saved = store->save_bytes("config", content, checked, {});
  ASSERT_TRUE(saved) << saved.error().message();
  EXPECT_TRUE(*store->load_all("config", {}) == content);
  EXPECT_TRUE(
      store->save_bytes("config", content, checked, {}).failed_with(ErrorCode::already_exists));

  const SaveOptions wrong{.sha256 = crypto::sha256(bytes_of("other"))};
  EXPECT_TRUE(store->save_bytes("keys/a", content, wrong, {}).failed_with(ErrorCode::corrupt));
  EXPECT_TRUE(store->stat("keys/a", {}).failed_with(ErrorCode::not_found));
}

TEST(S3OnMinioTest, ListsMoreThanOnePage) {
  create("pages");
  auto store = open("pages/p");
  constexpr int objects = 1'205;
  TaskGroup group{{}};
  for (int worker = 0; worker < 4; ++worker) {
    group.add([&, worker](std::stop_token stop) -> Result<> {
      for (int i = worker; i < objects; i += 4) {
        TRY(store->save_bytes("keys/" + std::to_string(i), {}, {}, stop));
      }
      return {};
    });
  }
  ASSERT_TRUE(group.wait());
  std::set<std::string> names;
  ASSERT_TRUE(store->list("keys",
                          [&](const ObjectInfo& info) -> Result<> {
                            names.insert(info.name);
                            return {};
                          },
                          {}));
  EXPECT_EQ(names.size(), objects);
}

TEST(S3OnMinioTest, OneOfManyCreatorsWins) {
  create("race");
  auto store = open("race");
  std::atomic<int> winners = 0;
  {
    std::vector<std::jthread> creators;
    for (int i = 0; i < 8; ++i) {
      creators.emplace_back([&, i] {
        const std::string content = std::to_string(i);
        if (store->save_bytes("config", bytes_of(content), {.mode = SaveMode::create_only}, {})) {
          ++winners;
        }
      });
    }
  }
  EXPECT_EQ(winners, 1);
}

TEST(S3OnMinioTest, CallsOutliveACrashOfTheServer) {
  create("crash");
  auto store = open("crash");
  const Bytes content = crypto::random_bytes(1 << 20);
  std::stop_source enough;
  TaskGroup group{{}};
  for (int worker = 0; worker < 3; ++worker) {
    group.add([&, worker](std::stop_token) -> Result<> {
      for (int i = 0; !enough.stop_requested(); ++i) {
        const std::string name = fmt::format("keys/{}-{}", worker, i);
        TRY(store->save_bytes(name, content, {.sha256 = crypto::sha256(content)}, {}));
        if (TRY(store->load_all(name, {})) != content) return fail(ErrorCode::corrupt, name);
      }
      return {};
    });
  }
  for (int crash = 0; crash < 3; ++crash) {
    system_clock().sleep(std::chrono::milliseconds(200), {});
    ASSERT_TRUE(minio().restart());
  }
  enough.request_stop();
  auto result = group.wait();
  EXPECT_TRUE(result) << result.error().message();
}

}  // namespace
}  // namespace dmaas::storage
