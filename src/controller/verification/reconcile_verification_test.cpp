#include "controller/verification/reconcile_verification.hpp"

#include <gtest/gtest.h>

#include "api/backup_grant.hpp"
#include "api/labels.hpp"
#include "api/names.hpp"
#include "api/repository.hpp"
#include "api/snapshot.hpp"
#include "controller/testing/memory_world.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

using api::VerificationPhase;
namespace resources = kube::resources;

const kube::ObjectKey session_key{"shop", "nightly"};

template <class Kind>
kube::Resource resource_of() {
  return api::kind_info<Kind>().resource();
}

/// A session of namespace shop, stepped over an API server in memory; what the cluster would do is
/// done by hand. Every step is made by a controller that starts anew.
class ReconcileVerificationTest : public testing::Test {
protected:
  ReconcileVerificationTest() {
    server_.seed(resources::namespaces(), kube::make_object(resources::namespaces(), {"", "shop"}));
    for (const kube::ObjectKey& key : {kube::ObjectKey{"default", "kubernetes"},
                                       kube::ObjectKey{"dmaas-system", "dmaas-gateway"}}) {
      auto service = kube::make_object(resources::services(), key);
      service.as_object()["spec"] = JsonObject{{"clusterIP", "10.0.0.1"}};
      server_.seed(resources::services(), service);
    }
    api::Repository repository;
    repository.metadata.namespace_name = "shop";
    repository.metadata.name = "main";
    repository.spec.storage = api::NamespacedReference{"main"};
    repository.spec.path = "east/ns/shop/shop";
    repositories_ = api::encode(repository);
    api::Snapshot backup;
    backup.metadata.namespace_name = "shop";
    backup.metadata.name = "shop-1";
    backup.spec.repository.name = "main";
    backup.spec.snapshot_id = std::string(64, 'a');
    backup.spec.time = system_clock().now() - std::chrono::minutes{5};
    backup.status.complete = true;
    backup.status.application = api::ApplicationIdentity{"shop", "shop"};
    backup_ = server_.seed(resource_of<api::Snapshot>(), api::encode(backup));
    api::VerificationSession session;
    session.metadata.namespace_name = session_key.namespace_name;
    session.metadata.name = session_key.name;
    session.metadata.finalizers = {std::string(api::finalizer)};
    session.spec.repository.name = "main";
    server_.seed(resource_of<api::VerificationSession>(), api::encode(session));
    scratch_ = api::scratch_name(session_now().metadata.uid);
  }

  api::VerificationSession session_now() const {
    auto object = server_.peek(resource_of<api::VerificationSession>(), session_key);
    return object ? *api::decode<api::VerificationSession>(*object) : api::VerificationSession{};
  }
  VerificationPhase phase() const { return session_now().status.phase; }

  void step() {
    MemoryWorld memory{server_};
    memory.repositories.apply(repositories_);
    memory.snapshots.apply(backup_);
    for (const auto& grant : server_.peek_all(resource_of<api::BackupGrant>()))
      memory.grant_objects.apply(grant);
    VerificationReconciler reconciler{memory.world};
    auto object = server_.peek(resource_of<api::VerificationSession>(), session_key);
    if (!object) return;
    auto action = reconciler.reconcile(*object, {});
    EXPECT_TRUE(action) << action.error().message();
  }
  void step_until(VerificationPhase wanted) {
    for (int i = 0; i < 12 && phase() != wanted; ++i) step();
    ASSERT_EQ(phase(), wanted) << session_now().status.message;
  }

  void set_spec(const std::function<void(api::VerificationSession&)>& change) {
    auto session = session_now();
    change(session);
    ASSERT_TRUE(
        server_.replace(resource_of<api::VerificationSession>(), api::encode(session), {}, {}));
  }

  /// Kubernetes makes the account of the namespace, and the probe ends with this answer.
  void answer_probe(bool passed) {
    step_until(VerificationPhase::isolating);
    for (int i = 0; i < 3; ++i) step();
    server_.seed(resources::service_accounts(),
                 kube::make_object(resources::service_accounts(), {scratch_, "default"}));
    step();
    auto pods = server_.peek_all(resources::pods());
    ASSERT_EQ(pods.size(), 1U);
    auto text =
        to_text(to_json(api::ProbeReport{passed, passed ? "quiet" : "it reached 10.0.0.1"}));
    JsonObject container{{"state", {{"terminated", {{"exitCode", 0}, {"message", text}}}}}};
    pods[0].as_object()["status"] =
        JsonObject{{"phase", "Succeeded"}, {"containerStatuses", JsonArray{std::move(container)}}};
    ASSERT_TRUE(server_.replace(resources::pods(), pods[0], {.subresource = "status"}, {}));
    step();
  }
  std::optional<api::RestoreSession> restore_now() const {
    auto object = server_.peek(resource_of<api::RestoreSession>(), {"shop", scratch_});
    if (!object) return std::nullopt;
    return *api::decode<api::RestoreSession>(*object);
  }
  void end_restore(api::RestoreStage stage, const std::string& message, int objects) {
    step_until(VerificationPhase::restoring);
    step();
    auto restore = *restore_now();
    restore.status.stage = stage;
    restore.status.message = message;
    restore.status.start_time = system_clock().now() - std::chrono::seconds{42};
    restore.status.completion_time = system_clock().now();
    restore.status.counts = {{.kind = "ConfigMap", .created = objects}};
    ASSERT_TRUE(server_.replace(resource_of<api::RestoreSession>(), api::encode(restore),
                                {.subresource = "status"}, {}));
  }
  /// Up to the pod of Helm.
  void begin_chart() {
    auto backup = *api::decode<api::Snapshot>(backup_);
    backup.status.components = {{.name = "volume/data", .kind = api::ComponentKind::volume}};
    backup_ = api::encode(backup);
    set_spec([](auto& session) {
      session.spec.verification.helm = api::LaunchChart{.image = "helm:3", .chart = "/charts/db"};
    });
    answer_probe(true);
    end_restore(api::RestoreStage::succeeded, "restored 1 volume", 1);
    step_until(VerificationPhase::launching);
    step();
  }
  void end_chart(int exit_code, const std::string& said) {
    auto pod = server_.peek(resources::pods(), {scratch_, "dmaas-launch"});
    ASSERT_TRUE(pod);
    JsonObject container{{"state", {{"terminated", {{"exitCode", exit_code}, {"message", said}}}}}};
    pod->as_object()["status"] = JsonObject{{"phase", exit_code == 0 ? "Succeeded" : "Failed"},
                                            {"containerStatuses", JsonArray{std::move(container)}}};
    ASSERT_TRUE(server_.replace(resources::pods(), *pod, {.subresource = "status"}, {}));
  }
  bool has_scratch() const {
    return server_.peek(resources::namespaces(), {"", scratch_}).has_value();
  }
  const api::Condition* verdict() {
    auto object = server_.peek(resource_of<api::Snapshot>(), {"shop", "shop-1"});
    told_ = *api::decode<api::Snapshot>(*object);
    return api::find_condition(told_.status.conditions, api::condition::verified);
  }

  kube::FakeApiServer server_;
  Json repositories_;
  Json backup_;
  api::Snapshot told_;
  std::string scratch_;
};

TEST_F(ReconcileVerificationTest, RestoresIntoANamespaceOfItsOwnAndRemovesIt) {
  answer_probe(true);
  step_until(VerificationPhase::restoring);
  step();
  auto restore = restore_now();
  ASSERT_TRUE(restore);
  EXPECT_TRUE(restore->spec.defuse);
  EXPECT_EQ(restore->spec.namespace_map.at("shop"), scratch_);
  EXPECT_EQ(restore->spec.source.snapshot, std::string(64, 'a'));
  auto binding = server_.peek(resources::role_bindings(), {scratch_, "dmaas-verify"});
  ASSERT_TRUE(binding);
  EXPECT_EQ(text_at(items_at(*binding, "subjects").at(0), "name"), "dmaas-verify-shop");
  end_restore(api::RestoreStage::succeeded, "restored 7 objects", 7);
  step_until(VerificationPhase::succeeded);
  EXPECT_FALSE(has_scratch());
  auto status = session_now().status;
  ASSERT_TRUE(status.time_to_recover);
  EXPECT_NEAR(std::chrono::duration<double>(*status.time_to_recover).count(), 42, 1);
  ASSERT_TRUE(verdict());
  EXPECT_EQ(verdict()->status, api::ConditionStatus::yes);
}

TEST_F(ReconcileVerificationTest, RefusesANetworkThatDoesNotIsolate) {
  answer_probe(false);
  step_until(VerificationPhase::failed);
  EXPECT_NE(session_now().status.message.find("it reached 10.0.0.1"), std::string::npos);
  EXPECT_FALSE(restore_now());
  EXPECT_FALSE(has_scratch());
  EXPECT_EQ(verdict(), nullptr);
}

TEST_F(ReconcileVerificationTest, GoesOnUnisolatedWhereThatIsAllowed) {
  set_spec([](auto& session) { session.spec.verification.allow_unisolated = true; });
  answer_probe(false);
  step_until(VerificationPhase::restoring);
  EXPECT_EQ(session_now().status.warnings.size(), 1U);
}

TEST_F(ReconcileVerificationTest, ARestoreThatFailsOrBringsNothingSpeaksAgainstTheBackup) {
  answer_probe(true);
  end_restore(api::RestoreStage::succeeded, "restored 0 objects", 0);
  step_until(VerificationPhase::failed);
  EXPECT_NE(session_now().status.message.find("the restore brought nothing"), std::string::npos);
  ASSERT_TRUE(verdict());
  EXPECT_EQ(verdict()->status, api::ConditionStatus::no);
  EXPECT_FALSE(has_scratch());
}

TEST_F(ReconcileVerificationTest, DeletingItStopsTheRestoreBeforeTheNamespaceGoes) {
  answer_probe(true);
  step_until(VerificationPhase::restoring);
  step();
  ASSERT_TRUE(restore_now());
  ASSERT_TRUE(server_.remove(resource_of<api::VerificationSession>(), session_key, {}, {}));
  for (int i = 0; i < 8; ++i) step();
  EXPECT_FALSE(restore_now());
  EXPECT_FALSE(has_scratch());
  EXPECT_FALSE(server_.peek(resource_of<api::VerificationSession>(), session_key));
  EXPECT_EQ(verdict(), nullptr);
}

TEST_F(ReconcileVerificationTest, AChartThatIsNotInstalledSpeaksAgainstTheBackupInHelmsWords) {
  begin_chart();
  end_chart(1, "Error: INSTALLATION FAILED: context deadline exceeded");
  step_until(VerificationPhase::failed);
  EXPECT_EQ(session_now().status.message,
            "chart /charts/db was not installed: Error: INSTALLATION FAILED: context deadline "
            "exceeded");
  ASSERT_TRUE(verdict());
  EXPECT_EQ(verdict()->status, api::ConditionStatus::no);
  EXPECT_FALSE(has_scratch());
}

TEST_F(ReconcileVerificationTest, ChecksBeginOnceTheChartIsInstalled) {
  begin_chart();
  EXPECT_EQ(restore_now()->spec.what.data, api::RestoreData::data_only);
  end_chart(0, "");
  step_until(VerificationPhase::succeeded);
  EXPECT_TRUE(session_now().status.time_to_recover);
}

TEST_F(ReconcileVerificationTest, ANamespaceThatDoesNotGoIsToldAndWaitedFor) {
  answer_probe(false);
  auto space = *server_.peek(resources::namespaces(), {"", scratch_});
  space.as_object()["metadata"].as_object()["finalizers"] = JsonArray{"example.com/stuck"};
  ASSERT_TRUE(server_.replace(resources::namespaces(), space, {}, {}));
  for (int i = 0; i < 5; ++i) step();
  EXPECT_EQ(phase(), VerificationPhase::cleaning_up);
  EXPECT_EQ(session_now().status.message, "waiting for namespace " + scratch_ + " to go");
  space = *server_.peek(resources::namespaces(), {"", scratch_});
  space.as_object()["metadata"].as_object().erase("finalizers");
  ASSERT_TRUE(server_.replace(resources::namespaces(), space, {}, {}));
  step_until(VerificationPhase::failed);
  EXPECT_FALSE(has_scratch());
}

TEST_F(ReconcileVerificationTest, ANamespaceOfSomebodyElseIsNeverTouched) {
  server_.seed(resources::namespaces(), kube::make_object(resources::namespaces(), {"", scratch_}));
  step_until(VerificationPhase::failed);
  EXPECT_NE(session_now().status.message.find("not of this session"), std::string::npos);
  EXPECT_TRUE(has_scratch());
}

}  // namespace
}  // namespace dmaas::controller
