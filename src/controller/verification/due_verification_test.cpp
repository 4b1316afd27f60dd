#include "controller/verification/due_verification.hpp"

#include <gtest/gtest.h>

#include "base/time_text.hpp"

namespace dmaas::controller {
namespace {

Timestamp at(const char* text) {
  return *parse_timestamp(text);
}

api::BackupVerifier verifier_of(const char* creation) {
  api::BackupVerifier verifier;
  verifier.metadata.creation_time = at(creation);
  return verifier;
}

TEST(DueVerificationTest, AScheduleIsMadeUpOnceAfterAPause) {
  auto verifier = verifier_of("2026-01-01T00:00:00Z");
  verifier.spec.schedule = "0 * * * *";
  auto due = *find_due_verification(verifier, at("2026-01-01T05:30:00Z"));
  EXPECT_EQ(due.due, at("2026-01-01T05:00:00Z"));
  EXPECT_EQ(due.next, at("2026-01-01T06:00:00Z"));
  verifier.status.last_scheduled_time = due.due;
  EXPECT_FALSE(find_due_verification(verifier, at("2026-01-01T05:31:00Z"))->due);
}

TEST(DueVerificationTest, WithoutAScheduleNothingIsDue) {
  auto due =
      *find_due_verification(verifier_of("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z"));
  EXPECT_FALSE(due.due);
  EXPECT_FALSE(due.next);
}

TEST(DueVerificationTest, OnlyBackupsThatCameSinceAreNew) {
  auto verifier = verifier_of("2026-01-01T12:00:00Z");
  EXPECT_FALSE(is_new_backup(verifier, {}, at("2026-01-01T13:00:00Z")));
  verifier.spec.after_backup = true;
  EXPECT_TRUE(is_new_backup(verifier, {}, at("2026-01-01T13:00:00Z")));
  EXPECT_FALSE(is_new_backup(verifier, {}, at("2026-01-01T11:00:00Z")));
  api::VerifierResult known{.repository = "shop/a", .last_backup_time = at("2026-01-01T13:00:00Z")};
  EXPECT_FALSE(is_new_backup(verifier, known, at("2026-01-01T13:00:00Z")));
  EXPECT_TRUE(is_new_backup(verifier, known, at("2026-01-01T14:00:00Z")));
}

TEST(DueVerificationTest, OneBadResultMakesAllUnverified) {
  api::BackupVerifierStatus status;
  summarise_results(status, {});
  EXPECT_TRUE(status.conditions.empty());
  result_of(status, "shop/a").phase = "Succeeded";
  result_of(status, "shop/new");
  summarise_results(status, {});
  EXPECT_TRUE(api::is_true(status.conditions, api::condition::verified));
  result_of(status, "shop/b").phase = "Failed";
  result_of(status, "shop/b").message = "1 of 2 checks failed";
  summarise_results(status, {});
  const auto* condition = api::find_condition(status.conditions, api::condition::verified);
  EXPECT_EQ(condition->message,
            "the last verification of 1 of 2 repositories did not succeed, the first is shop/b: 1 "
            "of 2 checks failed");
}

}  // namespace
}  // namespace dmaas::controller
