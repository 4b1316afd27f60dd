#include "controller/refill/reconcile_refill.hpp"

#include <gmock/gmock.h>

#include <condition_variable>

#include "api/repository.hpp"
#include "base/time_text.hpp"
#include "controller/testing/memory_world.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

using api::RestoreStage;
using std::chrono::hours;
using ::testing::HasSubstr;

const kube::ObjectKey refill_key{"copy", "nightly"};
const std::string first_id(64, 'a');
const std::string second_id(64, 'b');

/// A refill in namespace copy of a repository beside it; which backup is the newest the test says.
class ReconcileRefillTest : public testing::Test {
protected:
  ReconcileRefillTest() {
    api::RestoreConfiguration refill;
    refill.metadata.namespace_name = refill_key.namespace_name;
    refill.metadata.name = refill_key.name;
    refill.spec.interval = hours{1};
    refill.spec.session_template.source.repository = {.name = "main"};
    refill.spec.session_template.what.data = api::RestoreData::data_only;
    refill.spec.session_template.in_place.emplace();
    auto document = api::encode(refill);
    ensure_object(document, "metadata")["creationTimestamp"] = format_seconds(now_);
    server_.seed(refills_, document);
    show_storage(api::ConditionStatus::yes);
    api::Repository repository;
    repository.metadata.namespace_name = "copy";
    repository.metadata.name = "main";
    repository.spec.storage = api::NamespacedReference{"bucket"};
    repository.spec.path = "cluster/ns/copy/copy";
    memory_.repositories.apply(api::encode(repository));
    reconciler_.on_wake([this](const kube::ObjectKey&) {
      std::lock_guard lock{mutex_};
      ++woken_;
      changed_.notify_all();
    });
  }

  void show_storage(api::ConditionStatus ready) {
    api::BackupStorage storage;
    storage.metadata.namespace_name = "copy";
    storage.metadata.name = "bucket";
    storage.spec.recovery_password_secret.name = "recovery";
    storage.spec.credential_secret = api::LocalReference{"keys"};
    storage.spec.backend.s3.emplace().bucket = "backups";
    storage.status.conditions = {
        {.type = "Ready", .status = ready, .reason = "Seen", .message = "it was tried"}};
    memory_.storages.apply(api::encode(storage));
  }
  api::RestoreConfiguration refill_now() const {
    return *api::decode<api::RestoreConfiguration>(*server_.peek(refills_, refill_key));
  }
  void change(const std::function<void(api::RestoreConfigurationSpec&)>& edit) {
    auto refill = refill_now();
    edit(refill.spec);
    ASSERT_TRUE(server_.replace(refills_, api::encode(refill), {}, {}));
  }
  api::RestoreConfigurationStatus step_once() {
    auto action = reconciler_.reconcile(refill_now().source, {});
    EXPECT_TRUE(action) << action.error().message();
    return refill_now().status;
  }
  /// A step that asks for the newest backup, and the one that gets the answer.
  api::RestoreConfigurationStatus step_when_due() {
    auto seen = woken();
    step_once();
    std::unique_lock lock{mutex_};
    bool answered =
        changed_.wait_for(lock, std::chrono::seconds{10}, [&] { return woken_ > seen; });
    lock.unlock();
    EXPECT_TRUE(answered) << "the newest backup was not asked for: "
                          << to_text(to_json(refill_now().status));
    return step_once();
  }
  int woken() {
    std::lock_guard lock{mutex_};
    return woken_;
  }
  std::vector<api::RestoreSession> sessions_now() const {
    std::vector<api::RestoreSession> sessions;
    for (const auto& object : server_.peek_all(sessions_))
      sessions.push_back(*api::decode<api::RestoreSession>(object));
    return sessions;
  }
  void end_session(RestoreStage stage) {
    for (auto session : sessions_now()) {
      if (is_final(session.status.stage)) continue;
      session.status.stage = stage;
      session.status.completion_time = now_ + std::chrono::minutes{++ended_};
      session.status.snapshot_id = newest_;
      session.status.message = "it was seen";
      ASSERT_TRUE(server_.replace(sessions_, api::encode(session), {.subresource = "status"}, {}));
    }
  }
  /// As if the last start were more than an hour ago: another time is due.
  void let_an_hour_pass() {
    auto refill = refill_now();
    refill.status.last_time = now_ - hours{1} - std::chrono::minutes{++passed_};
    ASSERT_TRUE(server_.replace(refills_, api::encode(refill), {.subresource = "status"}, {}));
  }
  const api::Condition* condition(const api::RestoreConfigurationStatus& status,
                                  std::string_view type) const {
    return api::find_condition(status.conditions, type);
  }

  const Timestamp now_ = std::chrono::floor<std::chrono::seconds>(system_clock().now());
  const kube::Resource refills_ = api::kind_info<api::RestoreConfiguration>().resource();
  const kube::Resource sessions_ = api::kind_info<api::RestoreSession>().resource();
  std::string newest_ = first_id;
  std::mutex mutex_;
  std::condition_variable changed_;
  int woken_ = 0;
  int ended_ = 0;
  int passed_ = 0;
  kube::FakeApiServer server_;
  MemoryWorld memory_{server_};
  RefillReconciler reconciler_{memory_.world,
                               [this](const SourceRepository&, const api::RestoreSource&,
                                      std::stop_token) -> Result<ChosenBackup> {
                                 if (newest_.empty())
                                   return fail(ErrorCode::not_found,
                                               "no backup: the repository is empty");
                                 return ChosenBackup{.snapshot_id = newest_, .time = now_};
                               }};
};

TEST_F(ReconcileRefillTest, ASessionStartsWhenOneIsDueAndItsEndIsShown) {
  auto status = step_when_due();
  ASSERT_EQ(sessions_now().size(), 1U);
  EXPECT_EQ(status.running, sessions_now()[0].metadata.name);
  ASSERT_TRUE(status.next_time);
  step_once();
  EXPECT_EQ(sessions_now().size(), 1U);
  end_session(RestoreStage::succeeded);
  status = step_once();
  EXPECT_EQ(status.running, "");
  EXPECT_TRUE(api::is_true(status.conditions, api::condition::restored));
  EXPECT_TRUE(api::is_true(status.conditions, api::condition::ready));
  ASSERT_TRUE(status.last_restored);
  EXPECT_EQ(status.last_restored->snapshot_id, first_id);
  EXPECT_TRUE(status.last_success_time);
}

TEST_F(ReconcileRefillTest, TheSameBackupIsNotRestoredAgainAndANewerOneIs) {
  step_when_due();
  end_session(RestoreStage::succeeded);
  step_once();
  let_an_hour_pass();
  auto status = step_when_due();
  EXPECT_EQ(sessions_now().size(), 1U);
  ASSERT_TRUE(status.last_skipped);
  EXPECT_EQ(status.last_skipped->reason, "SkippedBecauseUnchanged");
  newest_ = second_id;
  let_an_hour_pass();
  step_when_due();
  EXPECT_EQ(sessions_now().size(), 2U);
}

TEST_F(ReconcileRefillTest, TheSameBackupIsRestoredAgainWhereThatIsWanted) {
  change([](auto& spec) { spec.unchanged = api::UnchangedBackup::restore; });
  step_when_due();
  end_session(RestoreStage::succeeded);
  step_once();
  let_an_hour_pass();
  step_when_due();
  EXPECT_EQ(sessions_now().size(), 2U);
}

TEST_F(ReconcileRefillTest, WithoutABackupNothingStartsAndThatIsTold) {
  newest_.clear();
  auto status = step_when_due();
  EXPECT_TRUE(sessions_now().empty());
  const auto* ready = condition(status, api::condition::ready);
  ASSERT_NE(ready, nullptr);
  EXPECT_THAT(ready->message, HasSubstr("the repository is empty"));
  newest_ = first_id;
  step_when_due();
  EXPECT_EQ(sessions_now().size(), 1U);
}

TEST_F(ReconcileRefillTest, AStorageThatDoesNotAnswerIsToldAndNothingStarts) {
  show_storage(api::ConditionStatus::no);
  auto status = step_once();
  const auto* ready = condition(status, api::condition::ready);
  ASSERT_NE(ready, nullptr);
  EXPECT_EQ(ready->status, api::ConditionStatus::no);
  EXPECT_THAT(ready->message, HasSubstr("it was tried"));
  EXPECT_TRUE(sessions_now().empty());
}

TEST_F(ReconcileRefillTest, WhatNamesAnotherNamespaceIsRefusedAsInASession) {
  change([](auto& spec) { spec.session_template.namespace_map = {{"copy", "victim"}}; });
  auto status = step_once();
  const auto* ready = condition(status, api::condition::ready);
  ASSERT_NE(ready, nullptr);
  EXPECT_EQ(ready->reason, api::reason::not_granted);
  EXPECT_THAT(ready->message, HasSubstr("namespace victim does not let"));
}

TEST_F(ReconcileRefillTest, NothingStartsWhileItIsPaused) {
  change([](auto& spec) { spec.paused = true; });
  auto status = step_once();
  EXPECT_TRUE(sessions_now().empty());
  EXPECT_FALSE(status.next_time);
  const auto* ready = condition(status, api::condition::ready);
  ASSERT_NE(ready, nullptr);
  EXPECT_EQ(ready->reason, api::reason::paused);
}

TEST_F(ReconcileRefillTest, ATimeThatComesWhileASessionRunsIsSkippedAndTold) {
  step_when_due();
  let_an_hour_pass();
  auto status = step_once();
  EXPECT_EQ(sessions_now().size(), 1U);
  ASSERT_TRUE(status.last_skipped);
  EXPECT_EQ(status.last_skipped->reason, "SkippedBecauseRunning");
  EXPECT_EQ(status.running, sessions_now()[0].metadata.name);
}

TEST_F(ReconcileRefillTest, ASessionThatIsDeletedIsToldAndItsBackupIsRestoredAgain) {
  step_when_due();
  auto key = sessions_now().at(0).metadata.key();
  ASSERT_TRUE(server_.remove(sessions_, key, {}, {}));
  auto status = step_once();
  const auto* restored = condition(status, api::condition::restored);
  ASSERT_NE(restored, nullptr);
  EXPECT_EQ(restored->message, "session " + key.name + " was deleted");
  EXPECT_FALSE(status.last_restored);
}

TEST_F(ReconcileRefillTest, FinishedSessionsBeyondTheLimitAreDeleted) {
  change([](auto& spec) {
    spec.unchanged = api::UnchangedBackup::restore;
    spec.history_limit = 1;
  });
  for (int i = 0; i < 3; ++i) {
    step_when_due();
    end_session(RestoreStage::succeeded);
    step_once();
    let_an_hour_pass();
  }
  step_once();
  EXPECT_EQ(sessions_now().size(), 1U);
}

}  // namespace
}  // namespace dmaas::controller
