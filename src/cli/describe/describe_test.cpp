#include "cli/describe/describe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/hook_template.hpp"
#include "base/time_text.hpp"

namespace dmaas::cli {
namespace {

using ::testing::HasSubstr;

const Timestamp noon = *parse_timestamp("2026-03-04T12:00:00Z");

template <class Kind>
std::string story_of(const Kind& object, const std::vector<Json>& events = {}) {
  return *describe_object(api::kind_info<Kind>(), api::encode(object), events, noon);
}

TEST(DescribeTest, SessionTellsItsWayItsComponentsAndItsEvents) {
  api::BackupSession session;
  session.metadata.namespace_name = "shop";
  session.metadata.name = "shop-1";
  session.spec.plan.name = "shop";
  session.status.phase = api::BackupPhase::moving;
  session.status.start_time = noon - std::chrono::seconds{30};
  session.status.components = {{.name = "volume/data",
                                .storage = "dmaas-system/main",
                                .phase = api::ComponentPhase::moving,
                                .attempts = 1,
                                .bytes_total = 4096,
                                .bytes_done = 1024,
                                .start_time = noon - std::chrono::seconds{20}}};
  session.status.warnings = {"file x changed while it was read"};
  Json event = JsonObject{{"type", "Normal"},
                          {"reason", "Started"},
                          {"note", "backup started"},
                          {"eventTime", "2026-03-04T11:59:30Z"}};
  EXPECT_EQ(
      story_of(session, {event}),
      "Session:    shop/shop-1\n"
      "Plan:       shop, run (the first), incremental\n"
      "Asked for:  on demand\n"
      "Phase:      Moving  (Resolving > HooksBefore > [Moving] > HooksAfter > Committing)\n"
      "Started:    2026-03-04T11:59:30Z (30s ago)\n"
      "Runs for:   30s\n"
      "\n"
      "Components:\n"
      "  NAME         STORAGE            PHASE   READ                          NEW  FILES  TIME "
      " MOVERS  NODE  MESSAGE\n"
      "  volume/data  dmaas-system/main  Moving  1.000 KiB of 4.000 KiB (25%)  0 B  0      20s  "
      " 1\n"
      "\n"
      "Warnings:\n"
      "  file x changed while it was read\n"
      "\n"
      "Events:\n"
      "  AGE  TYPE    REASON   MESSAGE\n"
      "  30s  Normal  Started  backup started\n");
}

TEST(DescribeTest, RestoreTellsItsStagesFindingsAndCounts) {
  api::RestoreSession session;
  session.metadata.name = "restore-1";
  session.spec.source.repository = api::NamespacedReference{"shop-main", ""};
  session.spec.namespace_map = {{"shop", "copy"}};
  session.status.stage = api::RestoreStage::failed;
  session.status.stages = {
      {.name = "Preflight", .state = api::StageState::failed, .message = "refused"}};
  session.status.preflight = api::PreflightSummary{
      .accepted = 4,
      .rejected = 1,
      .findings = {{"Ingress copy/web", api::PreflightVerdict::rejected, "host is taken"}}};
  session.status.counts = {{.kind = "ConfigMap", .created = 2}};
  session.status.warnings = {"Ingress objects are applied as networking.k8s.io/v1"};
  auto story = story_of(session);
  EXPECT_THAT(story, HasSubstr("From:              latest of repository shop-main\n"));
  EXPECT_THAT(story, HasSubstr("Namespaces:        shop -> copy\n"));
  EXPECT_THAT(story, HasSubstr("  Preflight  Failed        refused\n"));
  EXPECT_THAT(story, HasSubstr("  4 objects accepted, 1 rejected, 0 unproven, 0 skipped\n"));
  EXPECT_THAT(story, HasSubstr("  Ingress copy/web  rejected  host is taken\n"));
  EXPECT_THAT(story, HasSubstr("  ConfigMap  2        0"));
  EXPECT_THAT(story, HasSubstr("  Ingress objects are applied as networking.k8s.io/v1\n"));
}

TEST(DescribeTest, RestoreTellsWhatItChoosesStopsAndChanges) {
  api::RestoreSession session;
  session.spec.source.repository = api::NamespacedReference{"shop-main", ""};
  session.spec.source.oldest_of = "2026-11-23";
  session.spec.source.time_zone = "Europe/Berlin";
  session.spec.what.files = {{.volume = "data-db-0", .paths = {"/etc/*.conf", "/a"}}};
  session.spec.in_place.emplace();
  session.spec.in_place->quiesce = api::QuiesceMethod::scale_to_zero;
  session.spec.in_place->claim_map = {{"data-db-0", "data-db-1"}};
  session.spec.changes.emplace();
  session.spec.changes->replicas = {{.name = "db", .replicas = 1}};
  session.status.workloads = {{.kind = "StatefulSet",
                               .namespace_name = "shop",
                               .name = "db",
                               .replicas = 3,
                               .state = api::WorkloadState::stopped}};
  auto story = story_of(session);
  EXPECT_THAT(story, HasSubstr("oldest of 2026-11-23 in Europe/Berlin of repository shop-main\n"));
  EXPECT_THAT(story, HasSubstr("data-db-0: /etc/*.conf, /a\n"));
  EXPECT_THAT(story, HasSubstr("scaleToZero, extra files: delete\n"));
  EXPECT_THAT(story, HasSubstr("data-db-0 -> data-db-1\n"));
  EXPECT_THAT(story, HasSubstr("0 of claims, 1 of replicas, 0 transformations\n"));
  EXPECT_THAT(story, HasSubstr("  StatefulSet shop/db  3         Stopped\n"));
}

TEST(DescribeTest, PlanTellsWhatWouldStopIt) {
  api::BackupConfiguration plan;
  plan.metadata.name = "shop";
  plan.spec.targets = {{.name = "shop", .all_objects = true}};
  plan.spec.runs = {{.name = "backup", .schedule = "0 3 * * *"}};
  plan.spec.paused = true;
  plan.status.resolved = api::ResolvedTargets{
      .time = noon,
      .objects = {{"ConfigMap", 2}, {"Pod", 1}},
      .volumes = {{.claim = "data", .method = "mount", .reason = "no snapshots"},
                  {.claim = "raw", .method = "none", .reason = "block volumes cannot be read"}}};
  api::set_condition(plan.status.conditions,
                     {.type = "Ready",
                      .status = api::ConditionStatus::no,
                      .reason = "ReferenceMissing",
                      .message = "storage main is gone"},
                     noon);
  auto story = story_of(plan);
  EXPECT_THAT(story, HasSubstr("Last success:  never\n"));
  EXPECT_THAT(story, HasSubstr("2 ConfigMap, 1 Pod"));
  EXPECT_THAT(story, HasSubstr("What would stop it:\n"
                               "  it is paused: 'dmaas resume shop'\n"
                               "  storage main is gone\n"
                               "  claim raw cannot be read: block volumes cannot be read\n"));
}

TEST(DescribeTest, PlanTellsWhenItsRunsStartAndWhyOneWasSkipped) {
  api::BackupConfiguration plan;
  plan.spec.targets = {{.name = "db"}, {.name = "web"}};
  plan.spec.runs = {{.name = "quick", .interval = std::chrono::hours{1}, .targets = {"db"}},
                    {.name = "nightly", .schedule = "0 3 * * *", .time_zone = "Europe/Berlin"}};
  plan.status.runs = {
      {.name = "quick",
       .next_time = noon + std::chrono::minutes{20},
       .last_skipped = api::SkippedStart{noon - std::chrono::minutes{40}, "SkippedBecauseRunning",
                                         "session a was not over"}}};
  auto story = story_of(plan);
  EXPECT_THAT(story, HasSubstr("  quick    every 1h                 db       incremental  "));
  EXPECT_THAT(story, HasSubstr("  nightly  0 3 * * * Europe/Berlin  all      incremental  -"));
  EXPECT_THAT(story, HasSubstr("Skipped last:\n  quick of 2026-03-04T11:20:00Z (40m ago): session "
                               "a was not over\n"));
}

TEST(DescribeTest, PlanThatCanRunSaysSo) {
  api::BackupConfiguration plan;
  plan.spec.targets = {{.name = "shop", .all_objects = true}};
  plan.spec.runs = {{.name = "backup"}};
  api::set_condition(plan.status.conditions, {.type = "Ready", .status = api::ConditionStatus::yes},
                     noon);
  EXPECT_THAT(story_of(plan), HasSubstr("What would stop it:\n  nothing that is known\n"));
}

TEST(DescribeTest, BackupTellsItsComponents) {
  api::Snapshot backup;
  backup.spec.repository.name = "shop-main";
  backup.spec.snapshot_id = std::string(64, 'a');
  backup.spec.time = noon - std::chrono::hours{2};
  backup.status.complete = true;
  backup.status.components = {
      {.name = "volume/data", .snapshot_id = std::string(64, 'b'), .bytes = 2048, .files = 7}};
  auto story = story_of(backup);
  EXPECT_THAT(story, HasSubstr("2026-03-04T10:00:00Z (120m ago)"));
  EXPECT_THAT(story, HasSubstr("  volume/data  2.000 KiB  0 B  7      bbbbbbbb\n"));
}

TEST(DescribeTest, KindWithoutStoryShowsItsSpec) {
  api::HookTemplate hook;
  hook.metadata.name = "flush";
  hook.spec.exec = api::ExecHook{.command = {"sync"}};
  EXPECT_THAT(story_of(hook), HasSubstr("Spec:\n  exec:\n"));
}

TEST(DescribeTest, AVerificationTellsItsChecksAndHowToRemoveWhatIsKept) {
  api::VerificationSession session;
  session.metadata.namespace_name = "shop";
  session.metadata.name = "nightly";
  session.spec.repository.name = "main";
  session.spec.verification.checks = {
      {.name = "rows", .exec = api::ExecCheck{.command = {"mariadb", "-e", "select 1"}}}};
  session.status.phase = api::VerificationPhase::failed;
  session.status.scratch_namespace = "dmaas-verify-1";
  session.status.scratch_namespace_uid = "uid";
  session.status.time_to_recover = std::chrono::seconds{42};
  session.status.checks = {
      {.name = "rows", .state = api::StageState::failed, .message = "exit code 1"}};
  auto story = story_of(session);
  EXPECT_THAT(story, HasSubstr("Time to recover:    42s\n"));
  EXPECT_THAT(story, HasSubstr("kubectl -n shop delete verificationsession nightly"));
  EXPECT_THAT(story, HasSubstr("exec mariadb"));
  EXPECT_THAT(story, HasSubstr("exit code 1"));
  session.status.scratch_namespace_uid.clear();
  EXPECT_EQ(story_of(session).find("To remove it"), std::string::npos);
}

TEST(DescribeTest, ACopyTellsFromWhereToWhereAndEachBackup) {
  api::CopySession session;
  session.metadata = {.name = "copy-1", .namespace_name = "shop"};
  session.spec.source.name = "shop-main";
  session.spec.storage = {.name = "second", .namespace_name = "dmaas-system"};
  session.status.phase = api::CopyPhase::failed;
  session.status.backups = {{.snapshot = "shop-1",
                             .phase = api::BackupCopyPhase::failed,
                             .message = "the storage is full"}};
  auto story = story_of(session);
  EXPECT_THAT(story, HasSubstr("repository shop/shop-main"));
  EXPECT_THAT(story, HasSubstr("storage dmaas-system/second"));
  EXPECT_THAT(story, HasSubstr("shop-1  Failed"));
  EXPECT_THAT(story, HasSubstr("the storage is full"));
}

TEST(DescribeTest, APlanTellsWhichStorageLacksBackups) {
  api::BackupConfiguration plan;
  plan.metadata = {.name = "shop", .namespace_name = "shop"};
  plan.spec.targets = {{.name = "shop", .all_objects = true}};
  plan.spec.runs = {{.name = "backup"}};
  plan.status.catch_up = {{.storage = "dmaas-system/second",
                           .missed_since = noon - std::chrono::hours{2},
                           .message = "it does not answer"}};
  EXPECT_THAT(story_of(plan), HasSubstr("dmaas-system/second lacks backups since"));
  EXPECT_THAT(story_of(plan), HasSubstr("it does not answer"));
}

TEST(DescribeTest, AVerifierTellsItsLastResults) {
  api::BackupVerifier verifier;
  verifier.metadata.namespace_name = "shop";
  verifier.metadata.name = "nightly";
  verifier.spec.plans = {{"shop"}};
  verifier.status.results = {{.repository = "shop/main",
                              .session = "nightly-1",
                              .phase = "Succeeded",
                              .time = noon - std::chrono::hours{2},
                              .time_to_recover = std::chrono::minutes{1}}};
  auto story = story_of(verifier);
  EXPECT_THAT(story, HasSubstr("plan shop"));
  EXPECT_THAT(story, HasSubstr("shop/main"));
  EXPECT_THAT(story, HasSubstr("(120m ago)"));
}

TEST(DescribeTest, ARefillTellsWhatItRestoresWhenAndWhatItSkipped) {
  api::RestoreConfiguration refill;
  refill.metadata.namespace_name = "copy";
  refill.metadata.name = "nightly";
  refill.spec.schedule = "0 3 * * *";
  refill.spec.time_zone = "Europe/Berlin";
  refill.spec.session_template.source.repository = {.name = "main", .namespace_name = "copy"};
  refill.spec.session_template.namespace_map = {{"shop", "copy"}};
  refill.status.last_restored = {.name = "shop-1", .time = noon - std::chrono::hours{2}};
  refill.status.last_skipped = {noon - std::chrono::hours{1}, "SkippedBecauseUnchanged",
                                "there is no newer one"};
  auto story = story_of(refill);
  EXPECT_THAT(story, HasSubstr("latest of repository copy/main"));
  EXPECT_THAT(story, HasSubstr("0 3 * * * Europe/Berlin"));
  EXPECT_THAT(story, HasSubstr("shop -> copy"));
  EXPECT_THAT(story, HasSubstr("shop-1, "));
  EXPECT_THAT(story, HasSubstr("there is no newer one"));
}

}  // namespace
}  // namespace dmaas::cli
