#include "controller/refill/decide_refill.hpp"

#include <gmock/gmock.h>

#include "api/labels.hpp"
#include "base/time_text.hpp"
#include "controller/refill/refill_session.hpp"

namespace dmaas::controller {
namespace {

using api::RestoreStage;
using std::chrono::hours;
using std::chrono::minutes;
using ::testing::HasSubstr;

const Timestamp three = *parse_timestamp("2026-01-02T03:00:00Z");
const std::string first_id(64, 'a');
const std::string second_id(64, 'b');

/// A refill at three each night, which has been there for a day.
class DecideRefillTest : public testing::Test {
protected:
  DecideRefillTest() {
    refill_.metadata.namespace_name = "copy";
    refill_.metadata.name = "nightly";
    refill_.metadata.uid = "refill-uid";
    refill_.metadata.creation_time = three - hours{30};
    refill_.spec.schedule = "0 3 * * *";
    refill_.spec.session_template.source.repository = {.name = "main"};
    refill_.spec.session_template.in_place.emplace();
    refill_.status.last_time = three - hours{24};
  }

  api::RestoreSession& add_session(RestoreStage stage, const std::string& id = first_id) {
    auto session = refill_session(refill_, three - hours{24});
    session.status.stage = stage;
    session.status.snapshot = "journal-1";
    session.status.snapshot_id = id;
    session.status.backup_time = three - hours{25};
    session.status.message = "it was seen";
    if (is_final(stage)) session.status.completion_time = three - hours{23};
    return *sessions_.insert(sessions_.begin(), std::move(session));
  }
  /// One that ended in this way is taken over.
  void end_session(RestoreStage stage, const std::string& id = first_id,
                   std::vector<api::StageStatus> stages = {}) {
    auto& session = add_session(stage, id);
    session.status.stages = std::move(stages);
    take_session(refill_.status, session, three);
  }
  RefillDecision decide(Timestamp now) const { return *decide_refill(refill_, sessions_, now); }

  api::RestoreConfiguration refill_;
  std::vector<api::RestoreSession> sessions_;
};

TEST_F(DecideRefillTest, AScheduledTimeIsDueWhenItHasCome) {
  auto early = decide(three - minutes{1});
  EXPECT_FALSE(early.due);
  EXPECT_EQ(early.next, three);
  auto decision = decide(three);
  EXPECT_EQ(decision.due, three);
  EXPECT_EQ(decision.next, three + hours{24});
}

TEST_F(DecideRefillTest, TheTimeZoneIsThatOfTheSchedule) {
  refill_.spec.time_zone = "Europe/Berlin";
  EXPECT_FALSE(decide(three - minutes{61}).due);
  EXPECT_EQ(decide(three - hours{1}).due, three - hours{1});
}

TEST_F(DecideRefillTest, AnIntervalBeginsAtOnce) {
  refill_.spec.schedule.clear();
  refill_.spec.interval = hours{1};
  refill_.status.last_time.reset();
  refill_.metadata.creation_time = three - minutes{5};
  EXPECT_EQ(decide(three).due, three - minutes{5});
}

TEST_F(DecideRefillTest, OfSeveralMissedTimesOneIsMadeUp) {
  auto decision = decide(three + hours{50});
  EXPECT_EQ(decision.due, three + hours{48});
  EXPECT_EQ(decision.next, three + hours{72});
}

TEST_F(DecideRefillTest, AStartThatIsTooLateIsSkippedAndTold) {
  refill_.spec.start_deadline = minutes{30};
  EXPECT_TRUE(decide(three + minutes{30}).due);
  auto decision = decide(three + minutes{31});
  EXPECT_FALSE(decision.due);
  ASSERT_TRUE(decision.skipped);
  EXPECT_EQ(decision.skipped->time, three);
  EXPECT_EQ(decision.skipped->reason, "SkippedBecauseLate");
}

TEST_F(DecideRefillTest, NoneStartsWhileOneRuns) {
  add_session(RestoreStage::restoring_backups);
  auto decision = decide(three);
  EXPECT_FALSE(decision.due);
  ASSERT_TRUE(decision.skipped);
  EXPECT_EQ(decision.skipped->reason, "SkippedBecauseRunning");
  EXPECT_THAT(decision.skipped->message, HasSubstr(sessions_.front().metadata.name));
}

TEST_F(DecideRefillTest, ASessionThatWasStartedBeforeItWasWrittenDownIsNotInItsOwnWay) {
  add_session(RestoreStage::preflight).metadata.name = refill_session_name(refill_, three);
  auto decision = decide(three);
  EXPECT_EQ(decision.started, three);
  EXPECT_FALSE(decision.due);
  EXPECT_FALSE(decision.skipped);
}

TEST_F(DecideRefillTest, TheBackupThatWasRestoredLastIsUnchanged) {
  EXPECT_FALSE(is_unchanged(refill_, sessions_, first_id)) << "nothing was restored yet";
  end_session(RestoreStage::succeeded);
  EXPECT_TRUE(is_unchanged(refill_, sessions_, first_id));
  EXPECT_FALSE(is_unchanged(refill_, sessions_, second_id));
  sessions_.clear();
  EXPECT_TRUE(is_unchanged(refill_, sessions_, first_id)) << "the session was deleted";
}

TEST_F(DecideRefillTest, ByAnotherTemplateTheSameBackupIsRestoredAgain) {
  end_session(RestoreStage::succeeded);
  refill_.spec.session_template.in_place->claim_map = {{"data-0", "data-1"}};
  EXPECT_FALSE(is_unchanged(refill_, sessions_, first_id));
}

TEST_F(DecideRefillTest, OtherTimesAndAPauseAreNoOtherTemplate) {
  end_session(RestoreStage::succeeded);
  refill_.spec.schedule = "0 4 * * *";
  refill_.spec.paused = true;
  refill_.metadata.generation = 7;
  EXPECT_TRUE(is_unchanged(refill_, sessions_, first_id));
}

TEST_F(DecideRefillTest, AfterASessionThatHasBegunToWriteNobodyKnowsWhatIsThere) {
  end_session(RestoreStage::succeeded);
  end_session(RestoreStage::failed, second_id,
              {{.name = "Preflight", .start_time = three},
               {.name = "RestoringBackups", .start_time = three}});
  EXPECT_FALSE(is_unchanged(refill_, sessions_, first_id));
  EXPECT_FALSE(api::is_true(refill_.status.conditions, api::condition::restored));
}

TEST_F(DecideRefillTest, ASessionThatWasRefusedInPreflightHasChangedNothing) {
  end_session(RestoreStage::succeeded);
  end_session(RestoreStage::failed, second_id,
              {{.name = "Preflight", .start_time = three}, {.name = "RestoringBackups"}});
  EXPECT_TRUE(is_unchanged(refill_, sessions_, first_id));
  EXPECT_FALSE(api::is_true(refill_.status.conditions, api::condition::restored));
}

TEST_F(DecideRefillTest, AfterASessionThatNobodySawEndingNobodyKnowsWhatIsThere) {
  end_session(RestoreStage::succeeded);
  refill_.status.running = "nightly-restore-1";
  note_lost_session(refill_.status, three);
  EXPECT_FALSE(is_unchanged(refill_, sessions_, first_id));
  EXPECT_EQ(refill_.status.running, "");
}

TEST_F(DecideRefillTest, ASessionIsWhatTheTemplateSaysAndHasOneNameForEachTime) {
  refill_.spec.session_template.service_account_name = "restorer";
  auto session = refill_session(refill_, three);
  EXPECT_EQ(session.metadata.namespace_name, "copy");
  EXPECT_EQ(session.metadata.name, refill_session(refill_, three).metadata.name);
  EXPECT_NE(session.metadata.name, refill_session(refill_, three + hours{24}).metadata.name);
  EXPECT_EQ(session.metadata.owner_references.at(0).uid, "refill-uid");
  EXPECT_TRUE(session.metadata.owner_references.at(0).controller);
  EXPECT_EQ(to_json(static_cast<const api::RestoreTemplate&>(session.spec)),
            to_json(refill_.spec.session_template));
}

}  // namespace
}  // namespace dmaas::controller
