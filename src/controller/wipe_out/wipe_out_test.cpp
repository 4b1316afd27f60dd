#include <gtest/gtest.h>

#include "api/kinds.hpp"
#include "api/labels.hpp"
#include "controller/testing/memory_world.hpp"
#include "controller/wipe_out/reconcile_wipe_out.hpp"
#include "controller/wipe_out/wipe_out_storage.hpp"

namespace dmaas::controller {
namespace {

const kube::Resource repositories = api::kind_info<api::Repository>().resource();
const kube::ObjectKey key{"shop", "db"};

/// A repository of this cluster whose deletion erases it.
class WipeOutTest : public testing::Test {
protected:
  WipeOutTest() {
    server_.seed(kube::resources::namespaces(),
                 kube::make_object(kube::resources::namespaces(), {"", "shop"}));
    for (const auto* kind : api::all_kinds()) {
      const auto definitions = kube::resources::custom_resource_definitions();
      server_.seed(definitions, kube::make_object(definitions, {"", kind->plural + ".dmaas.io"}));
    }
    storage_.metadata = {.name = "main", .namespace_name = "shop"};
    storage_.spec.recovery_password_secret.name = "r";
    storage_.spec.backend.local = api::LocalBackend{.path = "/srv"};
    memory_.storages.apply(api::encode(storage_));
    repository_.metadata = {.name = key.name, .namespace_name = key.namespace_name};
    repository_.metadata.finalizers = {std::string(api::wipe_out_finalizer)};
    repository_.spec = {.storage = api::NamespacedReference{"main"},
                        .path = "cluster/ns/shop/db",
                        .wipe_out = true};
    repository_.status.owned_by_this_cluster = true;
  }

  void seed() { memory_.repositories.apply(server_.seed(repositories, api::encode(repository_))); }
  void remove() {
    ASSERT_TRUE(server_.remove(repositories, key, {}, {}));
    memory_.repositories.apply(*server_.peek(repositories, key));
  }
  void reconcile() {
    auto action = reconciler_.reconcile(*server_.peek(repositories, key), {});
    EXPECT_TRUE(action) << action.error().message();
    if (auto newest = server_.peek(repositories, key)) memory_.repositories.apply(*newest);
  }
  bool is_there() { return server_.peek(repositories, key).has_value(); }
  std::string message() {
    auto ready = kube::find_condition(*server_.peek(repositories, key), "Ready");
    return ready ? ready->message : "";
  }
  std::string wipe_out_storage() {
    auto waiting = wipe_out_repositories(memory_.world, storage_, {});
    EXPECT_TRUE(waiting) << waiting.error().message();
    if (auto newest = server_.peek(repositories, key)) memory_.repositories.apply(*newest);
    return waiting.value_or("");
  }

  kube::FakeApiServer server_;
  MemoryWorld memory_{server_};
  std::shared_ptr<http::Client> http_ = http::Client::create({}).value();
  GatewayClient gateway_{*http_, memory_.settings, memory_.clock};
  WipeOutReconciler reconciler_{memory_.world, gateway_};
  api::BackupStorage storage_;
  api::Repository repository_;
};

TEST_F(WipeOutTest, TheFinalizerFollowsTheSpec) {
  repository_.metadata.finalizers.clear();
  seed();
  reconcile();
  EXPECT_TRUE(kube::has_finalizer(*server_.peek(repositories, key), api::wipe_out_finalizer));
  Json change = JsonObject{{"spec", {{"wipeOut", false}}}};
  ASSERT_TRUE(server_.patch(repositories, key, {kube::PatchKind::merge, change}, {}, {}));
  reconcile();
  EXPECT_FALSE(kube::has_finalizer(*server_.peek(repositories, key), api::wipe_out_finalizer));
}

TEST_F(WipeOutTest, ARepositoryStaysUntilItIsErased) {
  seed();
  remove();
  reconcile();
  ASSERT_TRUE(is_there());
  EXPECT_EQ(message(), "erasing the repository and its backups");
}

TEST_F(WipeOutTest, ItsMaintenanceEndsFirst) {
  repository_.status.maintenance.phase = api::MaintenancePhase::running;
  seed();
  remove();
  reconcile();
  EXPECT_EQ(message(), "waiting: its maintenance is being ended");
}

TEST_F(WipeOutTest, WhoeverChangesHisMindKeepsTheBackups) {
  repository_.spec.wipe_out = false;
  seed();
  remove();
  reconcile();
  EXPECT_FALSE(is_there());
}

TEST_F(WipeOutTest, WhatIsOfAnotherClusterIsNotErased) {
  repository_.status.owned_by_this_cluster = false;
  repository_.status.owner_cluster = api::ClusterIdentity{"west", "u"};
  seed();
  remove();
  reconcile();
  EXPECT_FALSE(is_there());
}

TEST_F(WipeOutTest, ANamespaceThatGoesErasesNothing) {
  seed();
  remove();
  ASSERT_TRUE(server_.remove(kube::resources::namespaces(), {"", "shop"}, {}, {}));
  reconcile();
  EXPECT_FALSE(is_there());
}

TEST_F(WipeOutTest, ADefinitionThatGoesErasesNothing) {
  seed();
  remove();
  ASSERT_TRUE(server_.remove(kube::resources::custom_resource_definitions(),
                             {"", "repositories.dmaas.io"}, {}, {}));
  reconcile();
  EXPECT_FALSE(is_there());
}

TEST_F(WipeOutTest, AStorageStaysWhileARepositoryOnItIsErased) {
  EXPECT_FALSE(outlives_its_deletion(memory_.world, storage_));
  seed();
  EXPECT_TRUE(outlives_its_deletion(memory_.world, storage_));
  EXPECT_EQ(wipe_out_storage(), "");
  remove();
  EXPECT_EQ(wipe_out_storage(),
            "1 repositories are to be erased, the first is Repository shop/db: not begun");
}

TEST_F(WipeOutTest, AStorageThatIsWipedOutTakesItsRepositoriesWithIt) {
  repository_.spec.wipe_out = false;
  repository_.metadata.finalizers.clear();
  seed();
  storage_.spec.deletion_policy = api::StorageDeletion::wipe_out;
  EXPECT_NE(wipe_out_storage(), "");
  EXPECT_TRUE(flag_at(*server_.peek(repositories, key), "spec", "wipeOut"));
  EXPECT_NE(wipe_out_storage(), "");
  EXPECT_FALSE(kube::is_terminating(*server_.peek(repositories, key)));  // nothing keeps it yet
  reconcile();
  EXPECT_NE(wipe_out_storage(), "");
  EXPECT_TRUE(kube::is_terminating(*server_.peek(repositories, key)));
}

TEST_F(WipeOutTest, AStorageOfANamespaceThatGoesIsLetGo) {
  seed();
  remove();
  storage_.spec.deletion_policy = api::StorageDeletion::wipe_out;
  EXPECT_NE(wipe_out_storage(), "");
  ASSERT_TRUE(server_.remove(kube::resources::namespaces(), {"", "shop"}, {}, {}));
  EXPECT_EQ(wipe_out_storage(), "");
}

TEST_F(WipeOutTest, AStorageLeavesWhatOtherClustersKeepThere) {
  repository_.status.owned_by_this_cluster = false;
  seed();
  storage_.spec.deletion_policy = api::StorageDeletion::wipe_out;
  EXPECT_EQ(wipe_out_storage(), "");
  EXPECT_FALSE(kube::is_terminating(*server_.peek(repositories, key)));
}

}  // namespace
}  // namespace dmaas::controller
