#include "controller/standby/reconcile_standby.hpp"

#include <gtest/gtest.h>

#include "api/repository.hpp"
#include "api/snapshot.hpp"
#include "base/time_text.hpp"
#include "controller/testing/memory_world.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

using api::RestoreStage;
using api::StandbyData;
using api::StandbyPhase;

const kube::ObjectKey standby_key{"dr", "shop"};
const std::string first_id(64, 'a');
const std::string second_id(64, 'b');

/// A standby in namespace dr of a repository beside it.
class ReconcileStandbyTest : public testing::Test {
protected:
  ReconcileStandbyTest() {
    api::Standby standby;
    standby.metadata.namespace_name = standby_key.namespace_name;
    standby.metadata.name = standby_key.name;
    standby.spec.repository.name = "main";
    standby.spec.namespace_map = {{"shop", "dr"}};
    server_.seed(api::kind_info<api::Standby>().resource(), api::encode(standby));
    show_repository(api::ConditionStatus::yes, "the repository is open");
  }

  void show_repository(api::ConditionStatus ready, const std::string& message) {
    api::Repository repository;
    repository.metadata.namespace_name = "dr";
    repository.metadata.name = "main";
    repository.spec.storage = api::NamespacedReference{"bucket"};
    repository.spec.path = "east/ns/shop/shop";
    repository.status.conditions = {
        {.type = "Ready", .status = ready, .reason = "Seen", .message = message}};
    memory_.repositories.apply(api::encode(repository));
  }
  void add_backup(const std::string& id, std::chrono::minutes age) {
    api::Snapshot backup;
    backup.metadata.namespace_name = "dr";
    backup.metadata.name = "backup-" + id.substr(0, 1);
    backup.spec.repository.name = "main";
    backup.spec.snapshot_id = id;
    backup.spec.time = now_ - age;
    backup.status.complete = true;
    backup.status.components = {{.name = "volume/data", .kind = api::ComponentKind::volume}};
    memory_.snapshots.apply(api::encode(backup));
  }
  api::Standby standby_now() const {
    return *api::decode<api::Standby>(
        *server_.peek(api::kind_info<api::Standby>().resource(), standby_key));
  }
  void change(const std::function<void(api::StandbySpec&)>& edit) {
    auto standby = standby_now();
    edit(standby.spec);
    ASSERT_TRUE(
        server_.replace(api::kind_info<api::Standby>().resource(), api::encode(standby), {}, {}));
  }
  api::StandbyStatus step() {
    StandbyReconciler reconciler{memory_.world};
    auto action = reconciler.reconcile(standby_now().source, {});
    EXPECT_TRUE(action) << action.error().message();
    return standby_now().status;
  }
  api::RestoreSession session_now() const {
    auto work = standby_now().status.work;
    EXPECT_TRUE(work) << "no session is under way";
    auto object = server_.peek(sessions_, {"dr", work ? work->session : ""});
    EXPECT_TRUE(object) << "its session is not there";
    auto session = object ? api::decode<api::RestoreSession>(*object) : api::RestoreSession{};
    EXPECT_TRUE(session) << session.error().message();
    return session.value_or(api::RestoreSession{});
  }
  void end_session(RestoreStage stage, const std::string& message = "it was seen") {
    auto session = session_now();
    session.status.stage = stage;
    session.status.start_time = now_;
    session.status.completion_time = now_ + std::chrono::seconds{20};
    session.status.message = message;
    session.status.snapshot_id = first_id;
    session.status.backup_time = now_ - std::chrono::minutes{65};
    for (auto name : {"Preflight", "RestoringBackups", "ActivatingApplications"})
      session.status.stages.push_back({.name = name, .start_time = now_});
    session.status.volumes = {{.claim = "data",
                               .namespace_name = "dr",
                               .in_place = true,
                               .attempts = 1,
                               .bytes_total = 1000,
                               .bytes_written = 10}};
    ASSERT_TRUE(server_.replace(sessions_, api::encode(session), {.subresource = "status"}, {}));
  }
  /// Brings the newest backup, and tries it.
  void synchronise() {
    step();
    end_session(RestoreStage::succeeded);
    step();
    step();
    end_session(RestoreStage::succeeded);
    step();
  }
  bool is_true(std::string_view condition) const {
    return api::is_true(standby_now().status.conditions, condition);
  }

  const Timestamp now_ = std::chrono::floor<std::chrono::seconds>(system_clock().now());
  const kube::Resource sessions_ = api::kind_info<api::RestoreSession>().resource();
  kube::FakeApiServer server_;
  MemoryWorld memory_{server_};
};

TEST_F(ReconcileStandbyTest, ABackupIsBroughtByASessionAndWhatThatWroteIsShown) {
  add_backup(first_id, std::chrono::minutes{5});
  EXPECT_EQ(step().phase, StandbyPhase::syncing);
  EXPECT_EQ(session_now().spec.source.snapshot, first_id);
  end_session(RestoreStage::succeeded);
  auto status = step();
  EXPECT_EQ(status.data, StandbyData::synced);
  ASSERT_TRUE(status.last_sync);
  EXPECT_EQ(status.last_sync->bytes_total, 1000);
  EXPECT_EQ(status.last_sync->bytes_written, 10);
  EXPECT_TRUE(is_true(api::condition::synced));
  step();
  EXPECT_TRUE(session_now().spec.preflight_only);
  end_session(RestoreStage::succeeded);
  step();
  EXPECT_TRUE(is_true(api::condition::activation_ready));
  EXPECT_EQ(step().phase, StandbyPhase::following);
  EXPECT_EQ(server_.peek_all(sessions_).size(), 2U);
}

TEST_F(ReconcileStandbyTest, ASessionThatTheProcessBeforeHadStartedIsFoundAgain) {
  add_backup(first_id, std::chrono::minutes{5});
  auto before = standby_now();
  step();
  auto started = session_now().metadata.name;
  // What it knew was not written down.
  auto forgotten = standby_now();
  forgotten.status = before.status;
  ASSERT_TRUE(server_.replace(api::kind_info<api::Standby>().resource(), api::encode(forgotten),
                              {.subresource = "status"}, {}));
  change([](auto& spec) { spec.activate = true; });
  auto status = step();
  ASSERT_TRUE(status.work);
  EXPECT_EQ(status.work->session, started);
  EXPECT_EQ(server_.peek_all(sessions_).size(), 0U) << "the synchronisation is stopped first";
}

TEST_F(ReconcileStandbyTest, ASynchronisationThatFailsIsTriedAgainAndComparesContent) {
  add_backup(first_id, std::chrono::minutes{65});
  synchronise();
  add_backup(second_id, std::chrono::minutes{5});
  step();
  EXPECT_EQ(session_now().spec.in_place->compare, api::FileComparison::times);
  end_session(RestoreStage::failed, "the node is full");
  auto status = step();
  EXPECT_EQ(status.phase, StandbyPhase::failed);
  EXPECT_EQ(status.data, StandbyData::partial);
  EXPECT_EQ(status.synced->snapshot_id, first_id);
  EXPECT_NE(status.message.find("the node is full"), std::string::npos) << status.message;
  ASSERT_TRUE(status.retry_time);
  EXPECT_GT(*status.retry_time, now_);
  change([](auto& spec) { spec.history_limit = 5; });
  step();
  EXPECT_EQ(session_now().spec.in_place->compare, api::FileComparison::content);
}

TEST_F(ReconcileStandbyTest, ARepositoryThatCannotBeReadIsSaidAndWhatIsHereStays) {
  add_backup(first_id, std::chrono::minutes{5});
  synchronise();
  show_repository(api::ConditionStatus::no, "the bucket does not answer");
  auto status = step();
  EXPECT_FALSE(is_true(api::condition::ready));
  EXPECT_NE(status.message.find("the bucket does not answer"), std::string::npos);
  EXPECT_EQ(status.data, StandbyData::synced);
  show_repository(api::ConditionStatus::yes, "open");
  step();
  EXPECT_TRUE(is_true(api::condition::ready));
}

TEST_F(ReconcileStandbyTest, AnActivationIsShownAndStopsFollowing) {
  add_backup(first_id, std::chrono::minutes{65});
  synchronise();
  change([](auto& spec) { spec.activate = true; });
  EXPECT_EQ(step().phase, StandbyPhase::activating);
  end_session(RestoreStage::succeeded);
  auto status = step();
  EXPECT_EQ(status.phase, StandbyPhase::active);
  EXPECT_EQ(status.data, StandbyData::changed);
  add_backup(second_id, std::chrono::minutes{5});
  status = step();
  EXPECT_FALSE(status.work);
  EXPECT_EQ(status.newest->snapshot_id, second_id);
  EXPECT_FALSE(is_true(api::condition::synced));
}

TEST_F(ReconcileStandbyTest, AfterADeactivationFollowingWaitsForAWordAboutTheChanges) {
  add_backup(first_id, std::chrono::minutes{65});
  synchronise();
  change([](auto& spec) { spec.activate = true; });
  step();
  end_session(RestoreStage::succeeded);
  step();
  change([](auto& spec) { spec.activate = false; });
  auto status = step();
  EXPECT_FALSE(status.active);
  add_backup(second_id, std::chrono::minutes{5});
  step();
  auto trial = session_now();
  EXPECT_TRUE(trial.spec.preflight_only);
  end_session(RestoreStage::succeeded);
  status = step();
  EXPECT_NE(status.message.find("discardChanges"), std::string::npos) << status.message;
  change([](auto& spec) { spec.discard_changes = true; });
  step();
  EXPECT_EQ(session_now().spec.what.data, api::RestoreData::data_only);
  EXPECT_EQ(session_now().spec.in_place->compare, api::FileComparison::content);
}

TEST_F(ReconcileStandbyTest, OldSessionsGo) {
  change([](auto& spec) { spec.history_limit = 1; });
  add_backup(first_id, std::chrono::minutes{5});
  synchronise();
  step();
  EXPECT_EQ(server_.peek_all(sessions_).size(), 1U);
}

TEST_F(ReconcileStandbyTest, AnotherNamespacesRepositoryNeedsAGrant) {
  add_backup(first_id, std::chrono::minutes{5});
  auto standby = standby_now();
  standby.metadata.name = "other";
  standby.spec.repository = {"main", "elsewhere"};
  server_.seed(api::kind_info<api::Standby>().resource(), api::encode(standby));
  StandbyReconciler reconciler{memory_.world};
  auto object =
      *server_.peek(api::kind_info<api::Standby>().resource(), kube::ObjectKey{"dr", "other"});
  ASSERT_TRUE(reconciler.reconcile(object, {}));
  auto seen = *api::decode<api::Standby>(
      *server_.peek(api::kind_info<api::Standby>().resource(), kube::ObjectKey{"dr", "other"}));
  EXPECT_FALSE(seen.status.newest);
  EXPECT_NE(seen.status.message.find("BackupGrant"), std::string::npos) << seen.status.message;
}

}  // namespace
}  // namespace dmaas::controller
