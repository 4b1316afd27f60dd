#include "controller/verification/verification_status.hpp"

#include <gtest/gtest.h>

#include "base/time_text.hpp"

namespace dmaas::controller {
namespace {

using api::StageState;
using api::VerificationPhase;
using std::chrono::seconds;

const Timestamp noon = *parse_timestamp("2026-03-04T12:00:00Z");

/// In the given phase, with two checks.
api::VerificationSession session_in(VerificationPhase phase) {
  api::VerificationSession session;
  session.metadata.namespace_name = "shop";
  session.metadata.name = "nightly";
  session.spec.verification.checks = {{.name = "rows"}, {.name = "page"}};
  session.status.snapshot = "shop-1";
  session.status.scratch_namespace = "dmaas-verify-1";
  session.status.scratch_namespace_uid = "uid";
  session.status.recovery_point = std::chrono::minutes{5};
  list_checks(session);
  enter_phase(session.status, phase, noon);
  return session;
}

const api::StageStatus& step(const api::VerificationSession& session, std::string_view name) {
  return *std::ranges::find(session.status.steps, name, &api::StageStatus::name);
}

TEST(VerificationStatusTest, AGoodOneTellsTimeToRecoverAndRecoveryPoint) {
  auto session = session_in(VerificationPhase::checking);
  session.status.time_to_recover = seconds{42};
  end_step(session.status, "2 checks passed", noon);
  enter_phase(session.status, VerificationPhase::cleaning_up, noon);
  session.status.scratch_namespace_uid.clear();
  finish_verification(session, noon + seconds{9});
  EXPECT_EQ(session.status.phase, VerificationPhase::succeeded);
  EXPECT_EQ(session.status.message, "recovered in 42s with data 5m old; 2 checks passed");
  EXPECT_EQ(step(session, verification_step::launch).state, StageState::skipped);
  auto verdict = verdict_of(session, noon);
  ASSERT_TRUE(verdict);
  EXPECT_TRUE(verdict->verified);
  EXPECT_EQ(verdict->how, "restored, 2 checks");
  EXPECT_EQ(verdict->session, "shop/nightly");
}

TEST(VerificationStatusTest, AFailedCheckSpeaksAgainstTheBackup) {
  auto session = session_in(VerificationPhase::checking);
  session.status.checks[0].state = StageState::succeeded;
  session.status.checks[1].state = StageState::failed;
  session.status.checks[1].message = "exit code 1";
  auto trouble = describe_failed_checks(session.status);
  EXPECT_EQ(trouble, "1 of 2 checks failed, the first is page: exit code 1");
  note_verification_failure(session.status, trouble, noon);
  EXPECT_EQ(session.status.phase, VerificationPhase::cleaning_up);
  EXPECT_EQ(step(session, verification_step::check).state, StageState::failed);
  auto verdict = verdict_of(session, noon);
  ASSERT_TRUE(verdict);
  EXPECT_FALSE(verdict->verified);
}

TEST(VerificationStatusTest, WhatIsNotAboutTheBackupSaysNothingAboutIt) {
  auto refused = session_in(VerificationPhase::isolating);
  note_verification_failure(refused.status, "not isolated", noon);
  EXPECT_FALSE(verdict_of(refused, noon));
  auto cancelled = session_in(VerificationPhase::checking);
  note_verification_cancelled(cancelled.status, noon);
  EXPECT_FALSE(verdict_of(cancelled, noon));
  finish_verification(cancelled, noon);
  EXPECT_EQ(cancelled.status.phase, VerificationPhase::cancelled);
}

TEST(VerificationStatusTest, TheFirstReasonStaysWhileItIsCleanedUp) {
  auto session = session_in(VerificationPhase::restoring);
  note_verification_failure(session.status, "the restore failed: no space", noon);
  note_step(session.status, "waiting for namespace dmaas-verify-1 to go", noon);
  note_verification_failure(session.status, "something else", noon);
  note_verification_cancelled(session.status, noon);
  session.status.scratch_namespace_uid.clear();
  finish_verification(session, noon);
  EXPECT_EQ(session.status.phase, VerificationPhase::failed);
  EXPECT_EQ(session.status.message, "the restore failed: no space");
}

TEST(VerificationStatusTest, OnlyARestoreOrCheckThatFailedIsKeptAndOnlyWhileTheSessionLives) {
  auto session = session_in(VerificationPhase::checking);
  session.spec.verification.keep_on_failure = true;
  EXPECT_FALSE(is_kept(session));
  note_verification_failure(session.status, "1 of 2 checks failed", noon);
  EXPECT_TRUE(is_kept(session));
  finish_verification(session, noon);
  EXPECT_EQ(session.status.message,
            "1 of 2 checks failed; namespace dmaas-verify-1 is kept until the session is deleted");
  session.metadata.deletion_time = noon;
  EXPECT_FALSE(is_kept(session));
  auto refused = session_in(VerificationPhase::isolating);
  refused.spec.verification.keep_on_failure = true;
  note_verification_failure(refused.status, "not isolated", noon);
  EXPECT_FALSE(is_kept(refused));
}

}  // namespace
}  // namespace dmaas::controller
