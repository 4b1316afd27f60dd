#include "controller/copying/copy_status.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/size_text.hpp"

namespace dmaas::controller {
namespace {

using api::BackupCopyPhase;

std::ptrdiff_t count_of(const api::CopySessionStatus& status, BackupCopyPhase phase) {
  return std::ranges::count(status.backups, phase, &api::BackupCopy::phase);
}

std::string describe_progress(const api::CopySessionStatus& status) {
  auto done =
      std::ranges::count_if(status.backups, [](const auto& b) { return is_final(b.phase); });
  auto text = fmt::format("{}/{} backups", done, status.backups.size());
  if (status.bytes_total == 0) return text;
  return fmt::format("{}%, {}", status.bytes_read * 100 / status.bytes_total, text);
}

void fail_with(api::CopySessionStatus& status, std::string_view reason, std::string message,
               Timestamp now) {
  if (has_failed(status)) return;
  status.message = message;
  api::set_condition(status.conditions,
                     {.type = std::string(api::condition::failed),
                      .status = api::ConditionStatus::yes,
                      .reason = std::string(reason),
                      .message = std::move(message)},
                     now);
}

}  // namespace

void note_failure(api::CopySessionStatus& status, std::string message, Timestamp now) {
  fail_with(status, "Failed", std::move(message), now);
}

void note_cancelled(api::CopySessionStatus& status, Timestamp now) {
  fail_with(status, api::reason::cancelled, "the session was deleted", now);
}

bool has_failed(const api::CopySessionStatus& status) {
  return api::is_true(status.conditions, api::condition::failed);
}

bool is_all_done(const api::CopySessionStatus& status) {
  return std::ranges::all_of(status.backups,
                             [](const auto& backup) { return is_final(backup.phase); });
}

bool owes_snapshots(const api::CopySessionStatus& status) {
  return std::ranges::any_of(status.backups, [](const auto& backup) {
    return !backup.copied_id.empty() && backup.copy.empty();
  });
}

void take_copied(api::CopySessionStatus& status, const std::vector<api::CopiedBackup>& copied) {
  for (const auto& told : copied) {
    auto backup = std::ranges::find(status.backups, told.source_id, &api::BackupCopy::snapshot_id);
    if (backup == status.backups.end() || is_final(backup->phase)) continue;
    backup->copied_id = told.snapshot_id;
    backup->message = told.message;
    backup->phase = told.snapshot_id.empty() ? BackupCopyPhase::failed : BackupCopyPhase::succeeded;
  }
}

void take_progress(api::CopySessionStatus& status, const api::MoverProgress& progress) {
  take_copied(status, progress.copied);
  auto next =
      std::ranges::find_if(status.backups, [](const auto& b) { return !is_final(b.phase); });
  if (next != status.backups.end()) next->phase = BackupCopyPhase::copying;
  status.bytes_total = progress.bytes_total;
  status.bytes_read = progress.bytes_done;
  status.bytes_added = progress.bytes_added;
  status.progress = describe_progress(status);
}

void take_result(api::CopySessionStatus& status, const api::MoverResult& result, Timestamp now) {
  take_copied(status, result.copied);
  bool failed = result.outcome != api::MoverOutcome::succeeded;
  if (!failed || !result.copied.empty()) {
    status.bytes_total = status.bytes_read = result.bytes;
    status.bytes_added = result.bytes_added;
  }
  status.progress = describe_progress(status);
  if (failed && !is_all_done(status)) note_failure(status, result.message, now);
}

void finish_status(api::CopySessionStatus& status, Timestamp now) {
  auto failed = count_of(status, BackupCopyPhase::failed);
  if (failed > 0) {
    const auto& first =
        *std::ranges::find(status.backups, BackupCopyPhase::failed, &api::BackupCopy::phase);
    note_failure(status,
                 fmt::format("{} of {} backups could not be copied, the first is {}: {}", failed,
                             status.backups.size(), first.snapshot, first.message),
                 now);
  }
  status.completion_time = now;
  status.phase = api::CopyPhase::succeeded;
  if (has_failed(status)) {
    const auto* failure = api::find_condition(status.conditions, api::condition::failed);
    bool is_cancelled = failure->reason == api::reason::cancelled;
    status.phase = is_cancelled ? api::CopyPhase::cancelled : api::CopyPhase::failed;
    // What was in the way while it was wound up is no news.
    status.message = failure->message;
    for (auto& backup : status.backups) {
      if (!is_final(backup.phase)) backup.phase = BackupCopyPhase::failed;
    }
    return;
  }
  status.message =
      status.backups.empty()
          ? "nothing is missing there"
          : fmt::format("copied {} backups: {} read, {} of them new there", status.backups.size(),
                        format_bytes(status.bytes_read), format_bytes(status.bytes_added));
  api::set_condition(status.conditions,
                     {.type = std::string(api::condition::complete),
                      .status = api::ConditionStatus::yes,
                      .reason = std::string(api::reason::succeeded),
                      .message = status.message},
                     now);
}

}  // namespace dmaas::controller
