#include "controller/plan/decide_run.hpp"

#include <gmock/gmock.h>

#include "base/time_text.hpp"

namespace dmaas::controller {
namespace {

using api::BackupPhase;
using std::chrono::minutes;
using ::testing::HasSubstr;

const Timestamp three = *parse_timestamp("2026-01-01T03:00:00Z");

class DecideRunTest : public testing::Test {
protected:
  /// A session of the run of 02:00, as the newest one.
  api::BackupSession& add_session(BackupPhase phase, const std::string& run = "hourly") {
    api::BackupSession session;
    session.metadata.name = "earlier";
    session.spec.run = run;
    session.spec.scheduled_time = three - minutes{60};
    session.status.phase = phase;
    session.status.completion_time = three - minutes{50};
    return *sessions_.insert(sessions_.begin(), std::move(session));
  }
  RunDecision decide(Timestamp now) const { return *decide_run(run_, past_, sessions_, now); }

  api::BackupRun run_{.name = "hourly", .schedule = "0 * * * *"};
  RunPast past_{.plan_uid = "uid",
                .since = three - minutes{300},
                .last = three - minutes{60},
                .last_started = three - minutes{60}};
  std::vector<api::BackupSession> sessions_;
};

TEST_F(DecideRunTest, ADueTimeStartsASession) {
  auto decision = decide(three);
  ASSERT_TRUE(decision.session);
  EXPECT_EQ(decision.session->time, three);
  EXPECT_EQ(decision.session->attempt, 0);
  EXPECT_EQ(decision.next, three + minutes{60});
}

TEST_F(DecideRunTest, ForbidSkipsATimeWhileAnySessionOfThePlanRuns) {
  add_session(BackupPhase::moving, "other");
  EXPECT_TRUE(decide(three).session);
  run_.concurrency = api::Concurrency::forbid;
  auto decision = decide(three);
  EXPECT_FALSE(decision.session);
  ASSERT_TRUE(decision.skipped);
  EXPECT_EQ(decision.skipped->time, three);
  EXPECT_EQ(decision.skipped->reason, "SkippedBecauseRunning");
  EXPECT_THAT(decision.skipped->message, HasSubstr("session earlier was not over"));
}

TEST_F(DecideRunTest, QueueLetsOneWaitAndNoSecond) {
  add_session(BackupPhase::moving);
  EXPECT_TRUE(decide(three).session);
  add_session(BackupPhase::pending, "other");
  EXPECT_TRUE(decide(three).session);
  add_session(BackupPhase::pending);
  auto decision = decide(three);
  EXPECT_FALSE(decision.session);
  ASSERT_TRUE(decision.skipped);
  EXPECT_EQ(decision.skipped->reason, "SkippedBecauseQueued");
}

TEST_F(DecideRunTest, ASessionThatWasStartedBeforeItWasWrittenDownIsNotInItsOwnWay) {
  run_.concurrency = api::Concurrency::forbid;
  add_session(BackupPhase::pending).spec.scheduled_time = three;
  auto decision = decide(three);
  EXPECT_FALSE(decision.skipped);
  EXPECT_EQ(decision.session->time, three);
}

TEST_F(DecideRunTest, AStartThatIsTooLateIsSkippedAndTold) {
  run_.start_deadline = minutes{10};
  EXPECT_TRUE(decide(three + minutes{10}).session);
  auto decision = decide(three + minutes{11});
  EXPECT_FALSE(decision.session);
  ASSERT_TRUE(decision.skipped);
  EXPECT_EQ(decision.skipped->reason, "SkippedBecauseLate");
  EXPECT_EQ(decision.skipped->message,
            "it could not start at 2026-01-01T03:00:00Z, and startDeadline is 10m");
}

TEST_F(DecideRunTest, TheDeadlineBeginsWhenTheJitterIsOver) {
  run_.start_deadline = minutes{1};
  run_.jitter = minutes{30};
  auto jitter = jitter_of(run_, past_.plan_uid, three);
  ASSERT_GT(jitter, minutes{1});
  EXPECT_TRUE(decide(three + jitter).session);
}

TEST_F(DecideRunTest, AFirstRunAtOnceIsNeverTooLate) {
  run_.start_deadline = minutes{10};
  run_.first_run = api::FirstRun::at_once;
  past_ = {.plan_uid = "uid", .since = three - minutes{25}};
  EXPECT_TRUE(decide(three - minutes{5}).session);
}

TEST_F(DecideRunTest, AFailedSessionIsTriedAgainWithGrowingPauses) {
  run_.retries = 2;
  add_session(BackupPhase::failed);
  auto end = three - minutes{50};
  auto waits = decide(end);
  EXPECT_FALSE(waits.session);
  EXPECT_EQ(waits.next, end + minutes{1});

  auto first = decide(end + minutes{1});
  ASSERT_TRUE(first.session);
  EXPECT_EQ(first.session->retry_of, "earlier");
  EXPECT_EQ(first.session->attempt, 1);
  EXPECT_EQ(first.session->time, three - minutes{60});

  add_session(BackupPhase::failed).spec.attempt = 1;
  EXPECT_EQ(decide(end).next, end + minutes{2});
  EXPECT_EQ(decide(end + minutes{2}).session->attempt, 2);
  sessions_.front().spec.attempt = 2;
  EXPECT_FALSE(decide(end + minutes{5}).session);
}

TEST_F(DecideRunTest, NothingIsTriedAgainThatWasCancelledOrMadeUpFor) {
  run_.retries = 2;
  auto soon = three - minutes{40};
  for (auto phase : {BackupPhase::cancelled, BackupPhase::succeeded, BackupPhase::moving}) {
    sessions_.clear();
    add_session(phase);
    EXPECT_FALSE(decide(soon).session);
  }
  sessions_.clear();
  add_session(BackupPhase::failed).metadata.deletion_time = soon;
  EXPECT_FALSE(decide(soon).session);
  sessions_.front().metadata.deletion_time.reset();
  EXPECT_TRUE(decide(soon).session);
  add_session(BackupPhase::succeeded).spec.scheduled_time.reset();
  EXPECT_FALSE(decide(soon).session);
}

TEST_F(DecideRunTest, WhatCameBeforeACancelledSessionIsNotTriedAgainInItsPlace) {
  run_.retries = 2;
  add_session(BackupPhase::failed);
  auto soon = three - minutes{40};
  EXPECT_TRUE(decide(soon).session);
  past_.last_attempt = 1;  // a retry, which is gone
  EXPECT_FALSE(decide(soon).session);
  past_.last_attempt = 0;
  past_.last_started = three - minutes{45};  // a later session, which is gone
  EXPECT_FALSE(decide(soon).session);
}

TEST_F(DecideRunTest, TheNextTimeComesBeforeARetry) {
  run_.retries = 2;
  add_session(BackupPhase::failed).status.completion_time = three - minutes{1};
  auto decision = decide(three);
  EXPECT_EQ(decision.session->attempt, 0);
  EXPECT_EQ(decision.session->time, three);
}

TEST_F(DecideRunTest, ARetryKeepsToDeadlineAndConcurrency) {
  run_.retries = 2;
  add_session(BackupPhase::moving, "other");
  add_session(BackupPhase::failed);
  auto soon = three - minutes{40};
  EXPECT_TRUE(decide(soon).session);
  run_.concurrency = api::Concurrency::forbid;
  EXPECT_FALSE(decide(soon).session);
  run_.concurrency = api::Concurrency::queue;
  run_.start_deadline = minutes{5};
  EXPECT_FALSE(decide(soon).session);
}

}  // namespace
}  // namespace dmaas::controller
