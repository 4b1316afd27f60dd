#include "controller/repository/own_storage.hpp"

#include <gtest/gtest.h>

#include "controller/testing/memory_world.hpp"

namespace dmaas::controller {
namespace {

const kube::Resource repositories = api::kind_info<api::Repository>().resource();
const kube::Resource storages = api::kind_info<api::BackupStorage>().resource();
const kube::ObjectKey key{"shop", "db"};

class OwnStorageTest : public testing::Test {
protected:
  OwnStorageTest() {
    memory_.settings.cluster_name = "east";
    api::Repository repository;
    repository.metadata = {.name = key.name, .namespace_name = key.namespace_name};
    repository.spec.backend.emplace().s3 = api::S3Backend{.bucket = "backups"};
    repository.spec.storage_secret_name = "db-storage";
    server_.seed(repositories, api::encode(repository));
  }

  api::Repository repository() {
    return api::decode<api::Repository>(*server_.peek(repositories, key)).value();
  }
  Result<> keep() {
    auto kept = keep_own_storage(memory_.world, repository(), {});
    if (auto made = server_.peek(storages, key)) memory_.storages.apply(*made);
    return kept;
  }
  api::BackupStorage storage() {
    return api::decode<api::BackupStorage>(*server_.peek(storages, key)).value();
  }

  kube::FakeApiServer server_;
  MemoryWorld memory_{server_};
};

TEST_F(OwnStorageTest, ABackendOfItsOwnIsAStorageOfItsName) {
  ASSERT_TRUE(keep());
  auto made = storage();
  EXPECT_EQ(made.spec.backend.s3->bucket, "backups");
  EXPECT_EQ(made.spec.credential_secret->name, "db-storage");
  EXPECT_EQ(made.spec.recovery_password_secret.name, "db-storage");
  EXPECT_EQ(made.spec.recovery_password_secret.key, "RESTIC_PASSWORD");
  EXPECT_EQ(made.spec.usage.namespaces, api::UsageScope::own);
  ASSERT_EQ(made.metadata.owner_references.size(), 1U);
  EXPECT_EQ(made.metadata.owner_references[0].uid, repository().metadata.uid);
  EXPECT_EQ(api::storage_of(repository()), key);
}

TEST_F(OwnStorageTest, WithoutAPathItHoldsTheApplicationOfItsName) {
  ASSERT_TRUE(lacks_path(repository()));
  ASSERT_TRUE(give_path(memory_.world, repository(), {}));
  EXPECT_EQ(repository().spec.path, "east/ns/shop/db");
  EXPECT_FALSE(lacks_path(repository()));
}

TEST_F(OwnStorageTest, ItFollowsTheSpecAndKeepsWhatElseWasSet) {
  ASSERT_TRUE(keep());
  Json quota = JsonObject{{"spec", {{"quota", "5Gi"}}}};
  ASSERT_TRUE(server_.patch(storages, key, {kube::PatchKind::merge, quota}, {}, {}));
  Json secret = JsonObject{{"spec", {{"storageSecretName", "other"}}}};
  ASSERT_TRUE(server_.patch(repositories, key, {kube::PatchKind::merge, secret}, {}, {}));
  memory_.storages.apply(*server_.peek(storages, key));
  auto kept = keep();
  ASSERT_TRUE(kept) << kept.error().message();
  EXPECT_EQ(storage().spec.credential_secret->name, "other");
  EXPECT_EQ(storage().spec.quota->text, "5Gi");
}

TEST_F(OwnStorageTest, TheStorageOfSomebodyElseIsNotTaken) {
  api::BackupStorage other;
  other.metadata = {.name = key.name, .namespace_name = key.namespace_name};
  other.spec.backend.s3 = api::S3Backend{.bucket = "others"};
  other.spec.credential_secret = api::LocalReference{"c"};
  other.spec.recovery_password_secret.name = "r";
  memory_.storages.apply(server_.seed(storages, api::encode(other)));
  auto kept = keep();
  EXPECT_TRUE(kept.failed_with(ErrorCode::invalid_input));
  EXPECT_EQ(storage().spec.backend.s3->bucket, "others");
}

}  // namespace
}  // namespace dmaas::controller
