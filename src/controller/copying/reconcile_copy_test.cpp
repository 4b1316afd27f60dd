#include "controller/copying/reconcile_copy.hpp"

#include <gtest/gtest.h>

#include "api/kinds.hpp"
#include "api/labels.hpp"
#include "controller/testing/memory_world.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

using api::CopyPhase;

const kube::Resource copies = api::kind_info<api::CopySession>().resource();
const kube::Resource pods = kube::resources::pods();
const kube::ObjectKey session_key{"shop", "copy-1"};

/// A session of namespace shop from storage main to storage second, over an API server in memory.
class ReconcileCopyTest : public testing::Test {
protected:
  ReconcileCopyTest() {
    memory_.settings.gateway_url = "http://127.0.0.1:1";  // nobody answers
    for (auto name : {"main", "second"}) {
      put_storage(name);
      put_repository(name, api::MaintenancePhase::idle);
    }
    seed(session_key.name, CopyPhase::pending);
  }

  void put_storage(const std::string& name, bool is_ready = true) {
    api::BackupStorage storage;
    storage.metadata = {.name = name, .namespace_name = "dmaas-system"};
    storage.spec.usage.namespaces = api::UsageScope::all;
    storage.spec.recovery_password_secret.name = "r";
    storage.spec.backend.local = api::LocalBackend{.path = "/srv"};
    api::set_condition(storage.status.conditions,
                       {.type = std::string(api::condition::ready),
                        .status = is_ready ? api::ConditionStatus::yes : api::ConditionStatus::no,
                        .reason = "R",
                        .message = "no answer"},
                       memory_.clock.now());
    memory_.storages.apply(api::encode(storage));
  }
  void put_repository(const std::string& storage, api::MaintenancePhase maintenance) {
    api::Repository repository;
    repository.metadata = {.name = "db-" + storage, .namespace_name = "shop"};
    repository.spec = {.storage = api::NamespacedReference{storage, "dmaas-system"},
                       .path = "cluster/ns/shop/db"};
    repository.status.maintenance.phase = maintenance;
    memory_.repositories.apply(api::encode(repository));
  }
  api::CopySession seed(const std::string& name, CopyPhase phase) {
    api::CopySession session;
    session.metadata = {.name = name, .namespace_name = "shop"};
    session.metadata.finalizers = {std::string(api::finalizer)};
    session.spec.source.name = "db-main";
    session.spec.storage = {.name = "second", .namespace_name = "dmaas-system"};
    session.spec.backups.missing = true;
    session.status.phase = phase;
    if (phase == CopyPhase::copying) {
      session.status.start_time = memory_.clock.now();
      session.status.backups = {{.snapshot = "db-1", .snapshot_id = std::string(64, 'a')}};
    }
    auto stored = server_.seed(copies, api::encode(session));
    memory_.copy_sessions.apply(stored);
    return api::decode<api::CopySession>(stored).value();
  }
  void begin_copying() {
    auto session = now();
    session.status.phase = CopyPhase::copying;
    session.status.start_time = memory_.clock.now();
    session.status.backups = {{.snapshot = "db-1", .snapshot_id = std::string(64, 'a')}};
    ASSERT_TRUE(server_.replace(copies, api::encode(session), {.subresource = "status"}, {}));
  }

  api::CopySession now() const {
    auto object = server_.peek(copies, session_key);
    return object ? api::decode<api::CopySession>(*object).value() : api::CopySession{};
  }
  /// One look of the controller; its error if it has one.
  std::string step() {
    auto object = server_.peek(copies, session_key);
    if (!object) return "gone";
    auto action = reconciler_.reconcile(*object, {});
    if (auto newest = server_.peek(copies, session_key)) memory_.copy_sessions.apply(*newest);
    return action ? "" : action.error().message();
  }

  kube::FakeApiServer server_;
  MemoryWorld memory_{server_};
  CopyReconciler reconciler_{memory_.world};
};

TEST_F(ReconcileCopyTest, ItWaitsForMaintenanceOfEitherRepository) {
  for (auto storage : {"main", "second"}) {
    put_repository(storage, api::MaintenancePhase::running);
    step();
    EXPECT_NE(now().status.message.find("is being maintained"), std::string::npos) << storage;
    EXPECT_FALSE(now().status.start_time);
    put_repository(storage, api::MaintenancePhase::idle);
  }
  step();
  EXPECT_TRUE(now().status.start_time);
}

TEST_F(ReconcileCopyTest, ItWaitsForAnotherThatCopiesToTheSameRepository) {
  auto other = seed("copy-0", CopyPhase::copying);
  step();
  EXPECT_EQ(now().status.message, "waiting for session shop/copy-0, which copies there");
  other.status.phase = CopyPhase::succeeded;
  auto ended = server_.replace(copies, api::encode(other), {.subresource = "status"}, {});
  ASSERT_TRUE(ended) << ended.error().message();
  memory_.copy_sessions.apply(*ended);
  step();
  EXPECT_TRUE(now().status.start_time);
}

TEST_F(ReconcileCopyTest, ItWaitsForAStorageThatIsNotReady) {
  put_storage("second", false);
  EXPECT_NE(step().find("no answer"), std::string::npos);
  EXPECT_EQ(now().status.phase, CopyPhase::pending);
}

TEST_F(ReconcileCopyTest, WhatItMayNotReachEndsIt) {
  auto closed = api::decode<api::BackupStorage>(*memory_.storages.find({"dmaas-system", "second"}));
  closed->spec.usage.namespaces = api::UsageScope::own;
  memory_.storages.apply(api::encode(*closed));
  step();
  EXPECT_EQ(now().status.phase, CopyPhase::failed);
  EXPECT_NE(now().status.message.find("is not open to namespace"), std::string::npos);
}

TEST_F(ReconcileCopyTest, OneMoverReadsTheOneRepositoryAndWritesTheOther) {
  begin_copying();
  step();
  ASSERT_TRUE(now().status.pod);
  EXPECT_EQ(now().status.attempts, 1);
  auto grants = memory_.grants.all();
  ASSERT_EQ(grants.size(), 2U);
  EXPECT_EQ(grants[0].storage, "dmaas-system/second");
  EXPECT_EQ(grants[0].scope, api::GatewayScope::backup);
  EXPECT_EQ(grants[1].storage, "dmaas-system/main");
  EXPECT_EQ(grants[1].scope, api::GatewayScope::read);
  auto session = reconciler_.session_of(now().status.pod->uid);
  ASSERT_TRUE(session);
  EXPECT_EQ(session->name, session_key.name);
  EXPECT_FALSE(reconciler_.session_of("another"));
}

TEST_F(ReconcileCopyTest, AMoverThatIsLostIsFollowedByAnother) {
  begin_copying();
  step();
  auto first = *now().status.pod;
  ASSERT_TRUE(server_.remove(pods, {first.namespace_name, first.name}, {}, {}));
  step();
  step();
  ASSERT_TRUE(now().status.pod);
  EXPECT_NE(now().status.pod->uid, first.uid);
  EXPECT_EQ(now().status.attempts, 2);
}

TEST_F(ReconcileCopyTest, WhatTheMoverFailedOfEndsIt) {
  begin_copying();
  step();
  auto pod = *now().status.pod;
  memory_.reports.post_result(pod.uid, *reconciler_.session_of(pod.uid),
                              {.outcome = api::MoverOutcome::failed,
                               .error_code = "exhausted",
                               .message = "the storage is full"},
                              {}, {});
  for (int i = 0; i < 3; ++i) step();
  EXPECT_EQ(now().status.phase, CopyPhase::failed);
  EXPECT_EQ(now().status.message, "the storage is full");
  EXPECT_FALSE(now().status.pod);
  EXPECT_TRUE(server_.peek_all(pods).empty());
}

TEST_F(ReconcileCopyTest, DeletingItLeavesNothing) {
  begin_copying();
  step();
  ASSERT_EQ(server_.peek_all(pods).size(), 1U);
  ASSERT_TRUE(server_.remove(copies, session_key, {}, {}));
  for (int i = 0; i < 3; ++i) step();
  EXPECT_FALSE(server_.peek(copies, session_key));
  EXPECT_TRUE(server_.peek_all(pods).empty());
  EXPECT_TRUE(memory_.grants.all().empty());
}

}  // namespace
}  // namespace dmaas::controller
