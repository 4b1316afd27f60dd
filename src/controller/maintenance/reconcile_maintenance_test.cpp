#include "controller/maintenance/reconcile_maintenance.hpp"

#include <gtest/gtest.h>

#include "api/kinds.hpp"
#include "api/labels.hpp"
#include "controller/maintenance/expire_backups.hpp"
#include "controller/testing/memory_world.hpp"
#include "kube/runtime/finalizer.hpp"

namespace dmaas::controller {
namespace {

using api::MaintenancePhase;

const kube::Resource repositories = api::kind_info<api::Repository>().resource();
const kube::Resource snapshots = api::kind_info<api::Snapshot>().resource();
const kube::ObjectKey repository_key{"shop", "db"};
const kube::ObjectKey snapshot_key{"shop", "db-1"};

/// A repository of namespace shop that is maintained only on demand and after deletions.
class ReconcileMaintenanceTest : public testing::Test {
protected:
  ReconcileMaintenanceTest() {
    api::BackupStorage storage;
    storage.metadata = {.name = "main", .namespace_name = "shop"};
    storage.spec.recovery_password_secret.name = "r";
    storage.spec.backend.local = api::LocalBackend{.path = "/srv"};
    storage.spec.maintenance.schedule.clear();
    memory_.storages.apply(api::encode(storage));
    api::Repository repository;
    repository.metadata = {.name = repository_key.name,
                           .namespace_name = repository_key.namespace_name};
    repository.spec = {.storage = api::NamespacedReference{"main"}, .path = "cluster/ns/shop/db"};
    repository.status.owned_by_this_cluster = true;
    api::set_condition(repository.status.conditions,
                       {.type = std::string(api::condition::ready),
                        .status = api::ConditionStatus::yes,
                        .reason = "R"},
                       memory_.clock.now());
    memory_.repositories.apply(server_.seed(repositories, api::encode(repository)));
    seed_space("");
    seed_definition("");
  }

  void seed_space(const std::string& finalizer) {
    seed_empty(kube::resources::namespaces(), "shop", finalizer);
  }
  void seed_definition(const std::string& finalizer) {
    seed_empty(kube::resources::custom_resource_definitions(), "snapshots.dmaas.io", finalizer);
  }
  void seed_empty(const kube::Resource& resource, const std::string& name,
                  const std::string& finalizer) {
    auto object = kube::make_object(resource, {"", name});
    if (!finalizer.empty()) ensure_object(object, "metadata")["finalizers"] = JsonArray{finalizer};
    server_.seed(resource, std::move(object));
  }

  /// Deletes a Snapshot, which waits for its backup to be erased.
  void delete_snapshot(api::DeletionPolicy policy = api::DeletionPolicy::erase) {
    api::Snapshot snapshot;
    snapshot.metadata = {.name = snapshot_key.name, .namespace_name = snapshot_key.namespace_name};
    snapshot.metadata.finalizers = {std::string(api::erase_finalizer)};
    snapshot.spec.repository.name = repository_key.name;
    snapshot.spec.deletion_policy = policy;
    snapshot.spec.snapshot_id = std::string(64, 'a');
    server_.seed(snapshots, api::encode(snapshot));
    ASSERT_TRUE(server_.remove(snapshots, snapshot_key, {}, {}));
    memory_.snapshots.apply(*server_.peek(snapshots, snapshot_key));
  }

  MaintenancePhase phase_after_a_look() {
    auto action = reconciler_.reconcile(*server_.peek(repositories, repository_key), {});
    EXPECT_TRUE(action) << action.error().message();
    auto newest = *server_.peek(repositories, repository_key);
    memory_.repositories.apply(newest);
    return api::decode<api::Repository>(newest).value().status.maintenance.phase;
  }

  kube::FakeApiServer server_;
  MemoryWorld memory_{server_};
  MaintenanceReconciler reconciler_{memory_.world};
};

TEST_F(ReconcileMaintenanceTest, ADeletedBackupIsErasedAtOnce) {
  delete_snapshot();
  EXPECT_EQ(phase_after_a_look(), MaintenancePhase::waiting);
}

TEST_F(ReconcileMaintenanceTest, ABackupThatWasErasedAMomentAgoIsNotErasedAgain) {
  delete_snapshot();
  auto waiting = *server_.peek(snapshots, snapshot_key);
  ASSERT_TRUE(
      kube::remove_finalizer(server_, snapshots, waiting, std::string(api::erase_finalizer), {}));
  ASSERT_FALSE(server_.peek(snapshots, snapshot_key));  // the watch has not told so yet
  EXPECT_EQ(phase_after_a_look(), MaintenancePhase::idle);
}

TEST_F(ReconcileMaintenanceTest, BackupsOfANamespaceThatIsDeletedAreNotErased) {
  seed_space("keep");
  ASSERT_TRUE(server_.remove(kube::resources::namespaces(), {"", "shop"}, {}, {}));
  delete_snapshot();
  EXPECT_EQ(phase_after_a_look(), MaintenancePhase::idle);
  EXPECT_TRUE(list_erased_backups(memory_.world, repository_key, {}).value().empty());
}

TEST_F(ReconcileMaintenanceTest, BackupsWhoseDefinitionIsDeletedAreNotErased) {
  seed_definition("keep");
  ASSERT_TRUE(server_.remove(kube::resources::custom_resource_definitions(),
                             {"", "snapshots.dmaas.io"}, {}, {}));
  delete_snapshot();
  EXPECT_EQ(phase_after_a_look(), MaintenancePhase::idle);
}

TEST_F(ReconcileMaintenanceTest, ABackupThatIsToStayIsNotErasedThoughItsFinalizerIsStillThere) {
  delete_snapshot(api::DeletionPolicy::retain);
  EXPECT_EQ(phase_after_a_look(), MaintenancePhase::idle);
}

TEST_F(ReconcileMaintenanceTest, NothingIsDueWithoutARequestADeletionOrASchedule) {
  EXPECT_EQ(phase_after_a_look(), MaintenancePhase::idle);
}

}  // namespace
}  // namespace dmaas::controller
