#include "controller/copying/catch_up.hpp"

#include <gtest/gtest.h>

#include "base/time_text.hpp"
#include "base/yaml.hpp"
#include "controller/backup/backup_work.hpp"
#include "controller/testing/memory_world.hpp"

namespace dmaas::controller {
namespace {

const std::string main_storage = "dmaas-system/main";
const std::string away = "dmaas-system/away";

Timestamp day(int number) {
  return *parse_timestamp("2026-01-01T00:00:00Z") + std::chrono::days{number};
}

/// A session that was over on that day; `dropped`: without the storage that is away.
api::BackupSession session_of(int number, bool dropped) {
  api::BackupSession session;
  session.metadata.name = "s" + std::to_string(number);
  session.status.phase = api::BackupPhase::succeeded;
  session.status.start_time = day(number);
  session.status.storages = {{.storage = main_storage, .complete = true},
                             {.storage = away, .complete = !dropped, .dropped = dropped}};
  return session;
}

TEST(NoteMissedTest, RemembersTheOldestBackupThatAStorageMissed) {
  api::BackupConfigurationStatus status;
  note_missed(status, {session_of(3, true), session_of(2, true), session_of(1, false)},
              {main_storage, away});
  ASSERT_EQ(status.catch_up.size(), 1U);
  EXPECT_EQ(status.catch_up.front().storage, away);
  EXPECT_EQ(status.catch_up.front().missed_since, day(2));
  // The older sessions are gone meanwhile.
  note_missed(status, {session_of(9, true)}, {main_storage, away});
  EXPECT_EQ(status.catch_up.front().missed_since, day(2));
}

TEST(NoteMissedTest, WhatWasCaughtUpIsNotLookedAtAgain) {
  api::BackupConfigurationStatus status;
  std::vector sessions{session_of(3, true), session_of(2, true)};
  note_missed(status, sessions, {main_storage, away});
  note_caught_up(status.catch_up.front(), sessions);
  EXPECT_EQ(status.catch_up.front().caught_up_until, day(3));
  note_missed(status, sessions, {main_storage, away});
  EXPECT_FALSE(status.catch_up.front().missed_since);
  sessions.push_back(session_of(4, true));
  note_missed(status, sessions, {main_storage, away});
  EXPECT_EQ(status.catch_up.front().missed_since, day(4));
}

TEST(NoteMissedTest, AStorageThatThePlanHasNoMoreIsForgotten) {
  api::BackupConfigurationStatus status;
  note_missed(status, {session_of(1, true)}, {main_storage, away});
  note_missed(status, {session_of(1, true)}, {main_storage});
  EXPECT_TRUE(status.catch_up.empty());
}

/// A plan on two storages, both ready, of which one missed the backup of day 1.
class CatchUpTest : public testing::Test {
protected:
  CatchUpTest() {
    for (auto name : {"main", "away"}) put_storage(name, true);
    auto object =
        kube::make_object(api::kind_info<api::BackupConfiguration>().resource(), {"shop", "db"});
    object.as_object()["spec"] =
        parse_yaml(
            "{targets: [{name: db, allObjects: true}], runs: [{name: r}], storages: [{storageRef: "
            "{name: main, namespace: dmaas-system}}, {storageRef: {name: away, namespace: "
            "dmaas-system}}]}")
            .value();
    plan_ = api::decode<api::BackupConfiguration>(object).value();
    back_up("main", 1);
  }

  void put_storage(const std::string& name, bool is_ready,
                   std::optional<std::int64_t> left_bytes = {}) {
    api::BackupStorage storage;
    if (left_bytes) {
      storage.status.space = api::StorageSpace{
          .time = day(0), .filesystem_bytes = 1'000, .filesystem_free_bytes = left_bytes};
    }
    storage.metadata = {.name = name, .namespace_name = "dmaas-system"};
    storage.spec.usage.namespaces = api::UsageScope::all;
    storage.spec.recovery_password_secret.name = "r";
    storage.spec.backend.local = api::LocalBackend{.path = "/srv"};
    api::set_condition(storage.status.conditions,
                       {.type = std::string(api::condition::ready),
                        .status = is_ready ? api::ConditionStatus::yes : api::ConditionStatus::no,
                        .reason = "R",
                        .message = "no answer"},
                       day(0));
    memory_.storages.apply(api::encode(storage));
  }
  void back_up(const std::string& storage, int number) {
    BackupWork work;
    work.plan = plan_;
    auto name = repository_name_of(memory_.world, work, {"dmaas-system", storage});
    api::Snapshot snapshot;
    snapshot.metadata = {.name = storage + "-" + std::to_string(number), .namespace_name = "shop"};
    snapshot.spec.repository.name = name;
    snapshot.spec.snapshot_id = std::string(64, 'a');
    snapshot.spec.time = day(number);
    snapshot.status.complete = true;
    snapshot.status.plan = "shop/db";
    snapshot.status.session = "s" + std::to_string(number);
    memory_.snapshots.apply(api::encode(snapshot));
  }
  void run() {
    auto done = catch_up(memory_.world, plan_, sessions_, {});
    EXPECT_TRUE(done) << done.error().message();
    for (const auto& object : made()) memory_.copy_sessions.apply(object);
  }
  std::vector<Json> made() {
    return server_.peek_all(api::kind_info<api::CopySession>().resource());
  }
  api::CatchUpStatus& status() { return plan_.status.catch_up.front(); }

  kube::FakeApiServer server_;
  MemoryWorld memory_{server_};
  api::BackupConfiguration plan_;
  std::vector<api::BackupSession> sessions_{session_of(1, true)};
};

TEST_F(CatchUpTest, OneSessionCopiesWhatAStorageMissed) {
  run();
  run();
  ASSERT_EQ(made().size(), 1U);
  auto session = api::decode<api::CopySession>(made().front()).value();
  EXPECT_EQ(session.spec.cause, api::CopyCause::catch_up);
  EXPECT_EQ(session.spec.storage.name, "away");
  EXPECT_EQ(session.spec.backups.snapshots, std::vector<std::string>{"main-1"});
  EXPECT_EQ(session.spec.plan->name, "db");
  EXPECT_EQ(status().session, session.metadata.name);
}

TEST_F(CatchUpTest, NothingBeginsWhileTheStorageDoesNotAnswer) {
  put_storage("away", false);
  run();
  EXPECT_TRUE(made().empty());
  EXPECT_NE(status().message.find("no answer"), std::string::npos) << status().message;
}

TEST_F(CatchUpTest, NothingIsCopiedToAStorageWithoutRoom) {
  put_storage("away", true, 0);
  run();
  EXPECT_TRUE(made().empty());
  EXPECT_NE(status().message.find("not enough space"), std::string::npos) << status().message;
  put_storage("away", true, 500);
  run();
  EXPECT_EQ(made().size(), 1U);
}

TEST_F(CatchUpTest, AStorageThatHasAllIsCaughtUp) {
  back_up("away", 1);
  run();
  EXPECT_TRUE(made().empty());
  EXPECT_FALSE(status().missed_since);
  EXPECT_EQ(status().caught_up_until, day(1));
}

TEST_F(CatchUpTest, BackupsBeforeTheFirstMissedOneAreNoBusinessOfIt) {
  back_up("main", 0);
  run();
  auto session = api::decode<api::CopySession>(made().front()).value();
  EXPECT_EQ(session.spec.backups.snapshots, std::vector<std::string>{"main-1"});
}

TEST_F(CatchUpTest, AfterAFailureThereIsAPause) {
  run();
  auto session = api::decode<api::CopySession>(made().front()).value();
  session.status.phase = api::CopyPhase::failed;
  session.status.completion_time = memory_.clock.now();
  session.status.message = "the storage is full";
  ASSERT_TRUE(server_.replace(api::kind_info<api::CopySession>().resource(), api::encode(session),
                              {.subresource = "status"}, {}));
  memory_.copy_sessions.apply(made().front());
  run();
  EXPECT_EQ(made().size(), 1U);
  EXPECT_NE(status().message.find("the storage is full"), std::string::npos) << status().message;
}

TEST_F(CatchUpTest, APausedPlanStartsNothing) {
  plan_.spec.paused = true;
  run();
  EXPECT_TRUE(made().empty());
}

}  // namespace
}  // namespace dmaas::controller
