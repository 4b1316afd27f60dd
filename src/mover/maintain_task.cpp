#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "applications/commits.hpp"
#include "base/log.hpp"
#include "engine/check/check.hpp"
#include "engine/prune/prune.hpp"
#include "mover/task.hpp"

// The controller holds the repository's exclusive lock meanwhile.

namespace dmaas::mover {
namespace {

struct Doomed {
  std::vector<engine::SnapshotId> snapshots{};  // commits first: without it a backup is none
  std::int32_t backups = 0;
  std::int32_t abandoned = 0;
};

/// The snapshots of backups that are to be erased, and those that no commit ever came for.
Doomed find_doomed(const std::vector<engine::StoredSnapshot>& stored,
                   const api::OrderMaintenance& order) {
  std::set<std::string> erase(order.erase.begin(), order.erase.end());
  std::set<std::string> committed;
  std::set<std::string> erased_sessions;
  Doomed doomed;
  for (const auto& [id, snapshot] : stored) {
    auto session = applications::session_of(snapshot);
    if (applications::is_commit(snapshot)) committed.insert(session);
    if (!erase.contains(id.hex())) continue;
    doomed.snapshots.push_back(id);
    ++doomed.backups;
    if (!session.empty()) erased_sessions.insert(session);
  }
  for (const auto& [id, snapshot] : stored) {
    auto session = applications::session_of(snapshot);
    if (session.empty() || erase.contains(id.hex())) continue;
    bool is_erased = erased_sessions.contains(session);
    bool is_abandoned = !committed.contains(session) && order.abandoned_before &&
                        snapshot.time < *order.abandoned_before;
    if (is_erased || is_abandoned) doomed.snapshots.push_back(id);
    if (!is_erased && is_abandoned) ++doomed.abandoned;
  }
  return doomed;
}

Result<std::uint64_t> stored_bytes(engine::Repository& repository, std::stop_token stop) {
  std::uint64_t bytes = 0;
  auto add = [&](const storage::ObjectInfo& pack) -> Result<> {
    bytes += pack.size;
    return {};
  };
  TRY(repository.store().list("data", add, std::move(stop)));
  return bytes;
}

Result<> prune(const TaskContext& context, std::stop_token stop) {
  auto plan = TRY(engine::plan_prune(context.repository, {}, stop));
  if (plan.is_empty()) return {};
  auto progress = [&](std::uint64_t done, std::uint64_t total) {
    context.progress.files_done = done;
    context.progress.files_total = total;
  };
  return engine::apply_prune(context.repository, plan, progress, std::move(stop));
}

Result<engine::CheckReport> check(const TaskContext& context, std::stop_token stop) {
  const auto& order = *context.order.maintenance;
  engine::CheckOptions options;
  if (order.shares > 0) {
    options.data = engine::CheckOptions::Data::read;
    options.share = static_cast<unsigned>(order.share);
    options.shares = static_cast<unsigned>(order.shares);
  }
  auto progress = [&](std::uint64_t done, std::uint64_t total) {
    context.progress.files_done = done;
    context.progress.files_total = total;
  };
  return engine::check(context.repository, options, progress, std::move(stop));
}

/// Errors: corrupt: a snapshot cannot be read, and it may be of any backup.
Result<Doomed> erase(const TaskContext& context, std::stop_token stop) {
  auto stored = TRY(context.repository.load_snapshots(stop));
  auto doomed = find_doomed(stored, *context.order.maintenance);
  for (const auto& id : doomed.snapshots) TRY(context.repository.remove_snapshot(id, stop));
  return doomed;
}

void note_check(api::MaintenanceReport& report, const engine::CheckReport& checked) {
  report.problem_count = static_cast<std::int64_t>(checked.problem_count);
  report.read_bytes = static_cast<std::int64_t>(checked.bytes_read);
  auto shown = std::min(checked.problems.size(), api::MaintenanceReport::max_problems);
  report.problems.assign(checked.problems.begin(),
                         checked.problems.begin() + static_cast<std::ptrdiff_t>(shown));
}

}  // namespace

Result<api::MoverResult> maintain(const TaskContext& context, std::stop_token stop) {
  auto& repository = context.repository;
  auto before = TRY(stored_bytes(repository, stop));
  auto erased = erase(context, stop);
  if (!erased && erased.code() != ErrorCode::corrupt) return fail(std::move(erased).error());
  auto checked = TRY(check(context, stop));
  // Pruning a damaged repository could make the damage final. What killed backups left goes too.
  if (erased && checked.is_sound()) TRY(prune(context, stop));
  auto after = TRY(stored_bytes(repository, stop));
  api::MaintenanceReport report;
  if (erased) {
    report.backups_erased = erased->backups;
    report.abandoned_erased = erased->abandoned;
  }
  report.stored_bytes = static_cast<std::int64_t>(after);
  report.freed_bytes = static_cast<std::int64_t>(before - std::min(before, after));
  note_check(report, checked);
  api::MoverResult result{.outcome = api::MoverOutcome::succeeded};
  if (!erased) {
    result.outcome = api::MoverOutcome::failed;
    result.error_code = std::string(name_of(erased.code()));
    result.message =
        "nothing can be erased while a snapshot is damaged: " + erased.error().message();
  }
  result.bytes = report.stored_bytes;
  result.files = static_cast<std::int64_t>(checked.packs);
  result.report = to_json(report).as_object();
  return result;
}

}  // namespace dmaas::mover
