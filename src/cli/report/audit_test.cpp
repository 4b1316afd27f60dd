#include "cli/report/audit.hpp"

#include <gmock/gmock.h>

namespace dmaas::cli {
namespace {

using std::chrono::hours;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr Timestamp now{hours{10'000}};
constexpr AuditPeriod month{now - hours{720}, now};

api::BackupConfiguration plan() {
  api::BackupConfiguration plan;
  plan.metadata.namespace_name = "shop";
  plan.metadata.name = "db";
  plan.spec.targets.push_back({.name = "db", .all_objects = true});
  plan.spec.runs.push_back({.name = "hourly", .interval = hours{1}});
  plan.spec.storages.push_back({.storage = {.name = "main", .namespace_name = "dmaas-system"}});
  plan.status.resolved = api::ResolvedTargets{
      .volumes = {{.claim = "data-0", .method = "mount"}, {.claim = "data-1", .method = "none"}}};
  return plan;
}

api::Snapshot backup(hours age, bool verified = false) {
  api::Snapshot snapshot;
  snapshot.spec.time = now - age;
  snapshot.status.plan = "shop/db";
  snapshot.status.complete = true;
  if (verified)
    snapshot.status.verification = api::SnapshotVerification{
        .verified = true, .time = now - age, .time_to_recover = std::chrono::minutes{3}};
  return snapshot;
}

TEST(AuditTest, TheLongestGapIsFoundBetweenBackupsAndAtTheEnd) {
  AuditedState state{.plans = {plan()},
                     .snapshots = {backup(hours{9}), backup(hours{2}), backup(hours{8})}};
  EXPECT_EQ(audit(state, month).plans[0].longest_gap, hours{6});
  state.snapshots.pop_back();
  state.snapshots[1] = backup(hours{5});
  EXPECT_EQ(audit(state, month).plans[0].longest_gap, hours{5});
  state.snapshots.clear();
  EXPECT_FALSE(audit(state, month).plans[0].longest_gap);
}

TEST(AuditTest, ABackupOnTwoStoragesIsOneAndOthersAreLeftOut) {
  AuditedState state{.plans = {plan()},
                     .snapshots = {backup(hours{9}, true), backup(hours{9}), backup(hours{800})}};
  state.snapshots.push_back(backup(hours{1}));
  state.snapshots.back().status.complete = false;
  state.snapshots.push_back(backup(hours{1}));
  state.snapshots.back().status.plan = "shop/other";
  const auto audited = audit(state, month).plans[0];
  EXPECT_EQ(audited.backups, 1);
  EXPECT_EQ(audited.verified_backups, 1);
  EXPECT_EQ(audited.time_to_recover, std::chrono::minutes{3});
}

TEST(AuditTest, AnObjectiveIsKeptOnlyWithBackups) {
  AuditedState state{.plans = {plan()}, .snapshots = {backup(hours{3})}};
  state.plans[0].spec.objectives.recovery_point = hours{2};
  EXPECT_THAT(audit_text(audit(state, month)), HasSubstr("| 3h | 2h | NO |"));
  state.plans[0].spec.objectives.recovery_point = hours{4};
  EXPECT_THAT(audit_text(audit(state, month)), HasSubstr("| 3h | 4h | yes |"));
  state.snapshots.clear();
  EXPECT_THAT(audit_text(audit(state, month)), HasSubstr("| – | 4h | NO |"));
}

TEST(AuditTest, ClaimsThatNobodyReadsAreNamed) {
  AuditedState state{.plans = {plan()},
                     .claims = {{"shop", "data-1"}, {"shop", "data-0"}, {"lab", "data-0"}}};
  EXPECT_THAT(audit(state, month).unprotected_claims, ElementsAre("lab/data-0", "shop/data-1"));
}

TEST(AuditTest, FailuresAndRestoresOfThePeriodAreTold) {
  AuditedState state{.plans = {plan()}};
  for (const auto age : {hours{5}, hours{1}, hours{900}}) {
    auto& session = state.backups.emplace_back();
    session.metadata.namespace_name = "shop";
    session.spec.plan.name = "db";
    session.status.phase = api::BackupPhase::failed;
    session.status.completion_time = now - age;
    session.status.message = "disk | full " + std::to_string(age.count());
  }
  auto& restore = state.restores.emplace_back();
  restore.metadata.namespace_name = "shop";
  restore.metadata.name = "back";
  restore.status.stage = api::RestoreStage::succeeded;
  restore.status.start_time = now - hours{2};
  const auto report = audit(state, month);
  EXPECT_EQ(report.plans[0].failed_sessions, 2);
  const auto text = audit_text(report);
  EXPECT_THAT(text, HasSubstr("Last failure of shop/db: disk / full 1\n"));
  EXPECT_THAT(text, HasSubstr("| shop/back | "));
  EXPECT_THAT(text, HasSubstr("| Succeeded |"));
}

}  // namespace
}  // namespace dmaas::cli
