#include "mover/task_result.hpp"

#include <fmt/format.h>

namespace dmaas::mover {
namespace {

constexpr std::size_t max_warnings = 50;

}  // namespace

Result<engine::BackupOptions> backup_options(const TaskContext& context, std::stop_token stop) {
  const auto& order = context.order;
  if (!order.snapshot) return fail(ErrorCode::invalid_input, "the work order names no snapshot");
  const auto& wanted = *order.snapshot;
  engine::BackupOptions options;
  options.time = wanted.time;
  options.hostname = wanted.hostname;
  options.username = wanted.username;
  options.paths = wanted.paths;
  options.tags = wanted.tags;
  options.program_version = "dmaas " DMAAS_VERSION;
  options.parent_choice = engine::BackupOptions::ParentChoice::none;
  if (!wanted.parent_id.empty()) {
    auto id = TRY(engine::SnapshotId::parse(wanted.parent_id));
    auto parent = context.repository.load_snapshot(id, std::move(stop));
    bool is_lost =
        parent.failed_with(ErrorCode::corrupt) || parent.failed_with(ErrorCode::not_found);
    if (!is_lost) options.parent = id;
  }
  if (wanted.reread_all) options.read_mode = engine::ReadMode::full;
  options.inode_check = engine::InodeCheck::compare;
  return options;
}

api::MoverResult result_of(const engine::BackupSummary& summary, const api::WorkOrder& order) {
  const auto& counts = *summary.saved.summary;
  api::MoverResult result{.outcome = api::MoverOutcome::succeeded};
  if (summary.snapshot) result.snapshot_id = summary.snapshot->hex();
  result.tree_id = summary.saved.tree.hex();
  result.bytes = static_cast<std::int64_t>(counts.total_bytes_processed);
  result.bytes_added = static_cast<std::int64_t>(counts.data_added_packed);
  result.bytes_new = static_cast<std::int64_t>(counts.data_added);
  result.files = static_cast<std::int64_t>(counts.total_files_processed);
  auto unreadable =
      summary.problem_counts[static_cast<std::size_t>(engine::ProblemKind::unreadable)];
  result.files_unreadable = static_cast<std::int64_t>(unreadable);
  const auto& parent_id = order.snapshot->parent_id;
  if (!parent_id.empty() && !summary.saved.parent) {
    result.warnings.push_back(
        fmt::format("snapshots/{} of the backup before is damaged or gone, so everything was read "
                    "anew: find out what else is damaged with 'dmaas repo check'",
                    parent_id));
  }
  for (const auto& problem : summary.problems) {
    if (result.warnings.size() == max_warnings) break;
    result.warnings.push_back(
        fmt::format("{}: {}: {}", name_of(problem.kind), problem.path, problem.message));
  }
  if (unreadable > 0) {
    result.outcome = api::MoverOutcome::failed;
    result.message = fmt::format("{} files could not be read, the first: {}", unreadable,
                                 result.warnings.empty() ? "" : result.warnings.front());
  }
  return result;
}

}  // namespace dmaas::mover
