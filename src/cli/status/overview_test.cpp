#include "cli/status/overview.hpp"

#include <gmock/gmock.h>

namespace dmaas::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Timestamp now{std::chrono::hours{1000}};

api::Condition condition(std::string_view type, bool status, std::string message) {
  return {.type = std::string(type),
          .status = status ? api::ConditionStatus::yes : api::ConditionStatus::no,
          .message = std::move(message)};
}

api::BackupSession session_of(std::string name, api::BackupPhase phase, std::chrono::hours age) {
  api::BackupSession session;
  session.metadata.namespace_name = "shop";
  session.metadata.name = std::move(name);
  session.spec.plan.name = "db";
  session.status.phase = phase;
  session.status.message = "the disk is full";
  if (is_final(phase)) session.status.completion_time = now - age;
  return session;
}

TEST(OverviewTest, CountsWhatThereIs) {
  ClusterState state;
  state.storages.resize(1);
  state.storages[0].status.conditions = {condition("Ready", true, "")};
  state.plans.resize(2);
  state.plans[0].metadata.namespace_name = "shop";
  state.plans[0].metadata.name = "db";
  state.plans[0].status.conditions = {condition("Ready", true, "")};
  state.plans[0].status.next_run_time = now + std::chrono::minutes{5};
  state.plans[1].spec.paused = true;
  state.plans[1].status.conditions = {condition("Ready", false, "no session starts")};
  state.repositories.resize(1);
  state.repositories[0].status.snapshot_count = 7;
  state.storages[0].status.space = api::StorageSpace{.used_bytes = 3 << 20};
  state.backups = {session_of("a", api::BackupPhase::succeeded, std::chrono::hours{1}),
                   session_of("b", api::BackupPhase::succeeded, std::chrono::hours{30}),
                   session_of("c", api::BackupPhase::moving, {})};
  const auto overview = overview_of(state, now);
  EXPECT_EQ(overview.succeeded_lately, 1);
  EXPECT_EQ(overview.running_sessions, 1);
  EXPECT_TRUE(overview.attention.empty()) << overview.attention.front().message;
  const auto text = overview_text(overview, now);
  EXPECT_THAT(text, HasSubstr("2, 1 paused"));
  EXPECT_THAT(text, HasSubstr("7 in 1 repositories, 3.000 MiB stored"));
  EXPECT_THAT(text, HasSubstr("shop/db, "));
  EXPECT_THAT(text, HasSubstr("nothing needs you"));
}

TEST(OverviewTest, SaysWhatNeedsAPerson) {
  ClusterState state;
  state.storages.resize(1);
  state.storages[0].metadata.namespace_name = "dmaas-system";
  state.storages[0].metadata.name = "main";
  state.storages[0].status.conditions = {condition("Ready", false, "connection refused")};
  state.plans.resize(1);
  state.plans[0].status.conditions = {condition("Ready", true, ""),
                                      condition("ObjectivesMet", false, "26h old, 24h allowed")};
  const auto text = overview_text(overview_of(state, now), now);
  EXPECT_THAT(text, HasSubstr("1, of which 1 cannot be used"));
  EXPECT_THAT(text, HasSubstr("Storage dmaas-system/main  connection refused"));
  EXPECT_THAT(text, HasSubstr("26h old, 24h allowed"));
}

TEST(OverviewTest, SaysWhereSpaceIsLowAndDataLookUnusual) {
  ClusterState state;
  state.storages.resize(1);
  state.storages[0].status.space.emplace();
  state.storages[0].status.conditions = {condition("SpaceLow", true, "95 % are used")};
  state.plans.resize(2);
  state.plans[0].status.conditions = {
      condition("SpaceSufficient", false, "needs more than is left")};
  state.plans[1].status.conditions = {condition("DataLooksUnusual", true, "3 files are left")};
  const auto text = overview_text(overview_of(state, now), now);
  EXPECT_THAT(text, HasSubstr("95 % are used"));
  EXPECT_THAT(text, HasSubstr("needs more than is left"));
  EXPECT_THAT(text, HasSubstr("3 files are left"));
  state.storages[0].status.conditions = {condition("SpaceLow", false, "")};
  state.plans.clear();
  EXPECT_TRUE(overview_of(state, now).attention.empty());
}

TEST(OverviewTest, AFailureThatWasMadeUpForNeedsNobody) {
  ClusterState state;
  state.backups = {session_of("old", api::BackupPhase::failed, std::chrono::hours{2}),
                   session_of("new", api::BackupPhase::succeeded, std::chrono::hours{1})};
  EXPECT_TRUE(overview_of(state, now).attention.empty());
  state.backups.pop_back();
  const auto overview = overview_of(state, now);
  ASSERT_EQ(overview.attention.size(), 1u);
  EXPECT_EQ(overview.attention[0].object, "BackupSession shop/old");
  EXPECT_EQ(overview.attention[0].message, "the disk is full");
}

TEST(OverviewTest, ARestoreThatIsRepeatedMakesUpForThoseBeforeIt) {
  auto restore = [](const std::string& name, api::RestoreStage stage, std::chrono::hours age) {
    api::RestoreSession session;
    session.metadata.namespace_name = "copy";
    session.metadata.name = name;
    session.status.stage = stage;
    session.status.completion_time = now - age;
    session.status.message = "the claim is in use";
    session.metadata.owner_references = {{.api_version = "dmaas.io/v1alpha1",
                                          .kind = "RestoreConfiguration",
                                          .name = "nightly",
                                          .uid = "refill",
                                          .controller = true}};
    session.source = api::encode(session);
    return session;
  };
  ClusterState state;
  state.restores = {restore("a", api::RestoreStage::failed, std::chrono::hours{2}),
                    restore("b", api::RestoreStage::succeeded, std::chrono::hours{1})};
  EXPECT_TRUE(overview_of(state, now).attention.empty());
  std::swap(state.restores[0].status.completion_time, state.restores[1].status.completion_time);
  auto attention = overview_of(state, now).attention;
  ASSERT_EQ(attention.size(), 1U);
  EXPECT_EQ(attention[0].message, "the claim is in use");
}

}  // namespace
}  // namespace dmaas::cli
