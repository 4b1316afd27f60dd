#include <gtest/gtest.h>

#include "applications/commits.hpp"
#include "base/time_text.hpp"
#include "engine/archive/back_up.hpp"
#include "mover/task.hpp"
#include "storage/memory_store.hpp"

namespace dmaas::mover {
namespace {

class MaintainTaskTest : public testing::Test {
protected:
  MaintainTaskTest() {
    order_.task = api::MoverTask::maintain;
    order_.maintenance.emplace();
    EXPECT_TRUE(repository_->load_index({}));
  }

  /// What a session writes of one component; its content is the session's own.
  engine::SnapshotId back_up(const std::string& session, const std::string& component,
                             std::string_view time = "2026-01-02T03:00:00Z") {
    auto content = session + component + std::string(5000, 'x');
    auto provide = [&](const engine::FileSink& sink) -> Result<> {
      return sink({.path = "/file", .content = bytes_of(content)});
    };
    engine::BackupOptions options;
    options.time = *parse_timestamp(time);
    options.paths = {"/" + component};
    options.tags = {applications::session_tag(session), applications::component_tag(component)};
    options.parent_choice = engine::BackupOptions::ParentChoice::none;
    auto saved = engine::back_up_files(*repository_, provide, options, progress_, {});
    EXPECT_TRUE(saved) << saved.error().message();
    return *saved->snapshot;
  }

  struct Done {
    api::MoverResult result;
    api::MaintenanceReport report;
  };
  Done run() {
    auto result = maintain({order_, *repository_, progress_, system_clock()}, {});
    EXPECT_TRUE(result) << result.error().message();
    auto report = from_json<api::MaintenanceReport>(Json(result->report));
    EXPECT_TRUE(report);
    return {*result, *report};
  }

  std::size_t count_snapshots() { return repository_->list_snapshots({})->size(); }

  void erase(const engine::SnapshotId& commit) {
    order_.maintenance->erase.push_back(commit.hex());
  }

  storage::MemoryStore store_;
  std::unique_ptr<engine::Repository> repository_ = *engine::Repository::init(
      store_, "secret", {.key = {.cost = {2, 1, 1}}}, {}, system_clock(), {});
  engine::Progress progress_;
  api::WorkOrder order_;
};

TEST_F(MaintainTaskTest, ErasesEveryComponentOfABackupAndGivesBackItsSpace) {
  back_up("kept", "volume/data");
  back_up("kept", "resources");
  back_up("going", "volume/data");
  erase(back_up("going", "resources"));
  auto [result, report] = run();
  EXPECT_EQ(result.outcome, api::MoverOutcome::succeeded) << result.message;
  EXPECT_EQ(report.backups_erased, 1);
  EXPECT_EQ(report.abandoned_erased, 0);
  EXPECT_GT(report.freed_bytes, 0);
  EXPECT_EQ(report.problem_count, 0);
  EXPECT_EQ(count_snapshots(), 2U);
}

TEST_F(MaintainTaskTest, WhatIsErasedAlreadyStaysErased) {
  auto commit = back_up("going", "resources");
  ASSERT_TRUE(repository_->remove_snapshot(commit, {}));
  back_up("kept", "resources");
  erase(commit);
  auto [result, report] = run();
  EXPECT_EQ(result.outcome, api::MoverOutcome::succeeded) << result.message;
  EXPECT_EQ(report.backups_erased, 0);
  EXPECT_EQ(count_snapshots(), 1U);
}

TEST_F(MaintainTaskTest, ErasesWhatNoCommitCameForOnlyWhenItIsOld) {
  back_up("lost", "volume/data", "2026-01-01T00:00:00Z");
  back_up("running", "volume/data", "2026-01-03T00:00:00Z");
  order_.maintenance->abandoned_before = *parse_timestamp("2026-01-02T00:00:00Z");
  auto [result, report] = run();
  EXPECT_EQ(result.outcome, api::MoverOutcome::succeeded) << result.message;
  EXPECT_EQ(report.abandoned_erased, 1);
  EXPECT_EQ(count_snapshots(), 1U);
}

TEST_F(MaintainTaskTest, LeavesSnapshotsOfOtherProgramsAlone) {
  engine::BackupOptions options;
  options.time = *parse_timestamp("2020-01-01T00:00:00Z");
  options.paths = {"/etc"};
  auto provide = [](const engine::FileSink& sink) { return sink({.path = "/passwd"}); };
  ASSERT_TRUE(engine::back_up_files(*repository_, provide, options, progress_, {}));
  order_.maintenance->abandoned_before = *parse_timestamp("2026-01-02T00:00:00Z");
  run();
  EXPECT_EQ(count_snapshots(), 1U);
}

TEST_F(MaintainTaskTest, ADamagedRepositoryIsNotPrunedAndTheReportSaysWhatIsMissing) {
  back_up("kept", "resources");
  auto before = store_.objects();
  erase(back_up("going", "resources"));
  std::erase_if(store_.objects(), [&](const auto& object) {
    return object.first.starts_with("data/") && before.contains(object.first);
  });
  auto [result, report] = run();
  EXPECT_EQ(result.outcome, api::MoverOutcome::succeeded) << result.message;
  EXPECT_EQ(report.backups_erased, 1);
  EXPECT_GT(report.problem_count, 0);
  EXPECT_FALSE(report.problems.empty());
  EXPECT_EQ(report.freed_bytes, 0);
}

TEST_F(MaintainTaskTest, NothingIsErasedWhileASnapshotCannotBeRead) {
  auto damaged = back_up("kept", "resources");
  erase(back_up("going", "resources"));
  store_.objects()["snapshots/" + damaged.hex()] = Bytes(100);
  auto [result, report] = run();
  EXPECT_EQ(result.outcome, api::MoverOutcome::failed);
  EXPECT_EQ(result.error_code, "corrupt");
  EXPECT_EQ(report.backups_erased, 0);
  EXPECT_GT(report.problem_count, 0);
  EXPECT_EQ(count_snapshots(), 2U);
}

}  // namespace
}  // namespace dmaas::mover
