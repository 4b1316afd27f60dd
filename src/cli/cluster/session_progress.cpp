#include "cli/cluster/session_progress.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/fields.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

/// Sums over the parts that move data.
struct Transfer {
  std::int64_t done = 0;
  std::int64_t total = 0;
  std::size_t parts_ended = 0;
  std::size_t parts = 0;
  std::optional<Timestamp> since{};

  void add(std::int64_t part_done, std::int64_t part_total, bool has_ended) {
    done += part_done;
    total += std::max(part_total, part_done);
    parts_ended += has_ended ? 1 : 0;
    ++parts;
  }
};

Transfer transfer_of(const api::BackupSessionStatus& status) {
  Transfer transfer;
  for (const auto& component : status.components) {
    transfer.add(component.bytes_done, component.bytes_total, is_final(component.phase));
    bool is_earlier =
        component.start_time && (!transfer.since || *component.start_time < *transfer.since);
    if (is_earlier) transfer.since = component.start_time;
  }
  return transfer;
}

Transfer transfer_of(const api::RestoreSessionStatus& status) {
  Transfer transfer;
  for (const auto& volume : status.volumes) {
    transfer.add(volume.bytes_done, volume.bytes_total,
                 volume.phase >= api::VolumePhase::succeeded);
  }
  for (const auto& stage : status.stages) {
    if (stage.name == name_of(api::RestoreStage::restoring_backups))
      transfer.since = stage.start_time;
  }
  return transfer;
}

std::string describe(const Transfer& transfer, std::string_view parts, Timestamp now) {
  auto elapsed = transfer.since ? now - *transfer.since : std::chrono::nanoseconds{0};
  return fmt::format("{}, {} of {} {}",
                     format_transfer(static_cast<std::uint64_t>(transfer.done),
                                     static_cast<std::uint64_t>(transfer.total), elapsed),
                     transfer.parts_ended, transfer.parts, parts);
}

std::string with_message(std::string_view stage, const std::string& message) {
  return message.empty() ? std::string(stage) : fmt::format("{}  {}", stage, message);
}

/// A line where the text is new and not empty.
void note_new(std::vector<std::string>& lines, std::string_view what, const std::string& before,
              const std::string& after) {
  if (!after.empty() && after != before) lines.push_back(fmt::format("{}: {}", what, after));
}

template <class Part, class SameName>
const Part& part_before(const std::vector<Part>& parts, const SameName& is_same) {
  static const Part fresh{};
  auto found = std::ranges::find_if(parts, is_same);
  return found == parts.end() ? fresh : *found;
}

std::string describe(const api::ComponentStatus& component) {
  if (component.phase == api::ComponentPhase::failed) return "failed: " + component.message;
  return fmt::format("stored, {} of {} are new",
                     format_size(static_cast<std::uint64_t>(component.bytes_added)),
                     format_size(static_cast<std::uint64_t>(component.bytes_total)));
}

}  // namespace

bool is_over(const api::BackupSession& session) {
  return is_final(session.status.phase);
}

bool is_over(const api::RestoreSession& session) {
  return is_final(session.status.stage);
}

bool is_over(const api::VerificationSession& session) {
  return is_final(session.status.phase);
}

bool is_over(const api::CopySession& session) {
  return is_final(session.status.phase);
}

std::string progress_line(const api::BackupSession& session, Timestamp now) {
  const auto& status = session.status;
  auto phase = name_of(status.phase);
  auto transfer = transfer_of(status);
  bool moves = transfer.since && (status.phase == api::BackupPhase::moving ||
                                  status.phase == api::BackupPhase::committing);
  if (!moves) return with_message(phase, status.message);
  return fmt::format("{}  {}", phase, describe(transfer, "components", now));
}

std::string progress_line(const api::RestoreSession& session, Timestamp now) {
  const auto& status = session.status;
  auto stage = name_of(status.stage);
  auto transfer = transfer_of(status);
  bool fills = status.stage == api::RestoreStage::restoring_backups && transfer.done > 0;
  if (fills) return fmt::format("{}  {}", stage, describe(transfer, "volumes", now));
  return with_message(stage, status.message.empty() ? status.progress : status.message);
}

std::vector<std::string> progress_changes(const api::BackupSession& before,
                                          const api::BackupSession& after) {
  std::vector<std::string> lines;
  if (before.status.phase != after.status.phase) lines.emplace_back(name_of(after.status.phase));
  note_new(lines, "waiting", before.status.message, is_over(after) ? "" : after.status.message);
  for (const auto& component : after.status.components) {
    const auto& earlier = part_before(before.status.components, [&](const auto& candidate) {
      return candidate.name == component.name && candidate.storage == component.storage;
    });
    bool has_ended = is_final(component.phase) && !is_final(earlier.phase);
    if (has_ended) lines.push_back(fmt::format("{}: {}", component.name, describe(component)));
    if (!is_final(component.phase))
      note_new(lines, component.name, earlier.message, component.message);
  }
  return lines;
}

std::vector<std::string> progress_changes(const api::RestoreSession& before,
                                          const api::RestoreSession& after) {
  std::vector<std::string> lines;
  if (before.status.stage != after.status.stage) lines.emplace_back(name_of(after.status.stage));
  note_new(lines, "waiting", before.status.message, is_over(after) ? "" : after.status.message);
  for (const auto& stage : after.status.stages) {
    const auto& earlier = part_before(
        before.status.stages, [&](const auto& candidate) { return candidate.name == stage.name; });
    note_new(lines, stage.name, earlier.message, stage.message);
  }
  for (const auto& volume : after.status.volumes) {
    const auto& earlier = part_before(before.status.volumes, [&](const auto& candidate) {
      return candidate.claim == volume.claim && candidate.namespace_name == volume.namespace_name;
    });
    auto name = fmt::format("claim {}/{}", volume.namespace_name, volume.claim);
    bool is_filled = volume.phase == api::VolumePhase::succeeded && earlier.phase != volume.phase;
    if (is_filled) {
      lines.push_back(fmt::format("{}: filled, {}", name,
                                  format_size(static_cast<std::uint64_t>(volume.bytes_done))));
    } else {
      note_new(lines, name, earlier.message, volume.message);
    }
  }
  return lines;
}

std::string progress_line(const api::VerificationSession& session, Timestamp) {
  return with_message(name_of(session.status.phase), session.status.message);
}

std::vector<std::string> progress_changes(const api::VerificationSession& before,
                                          const api::VerificationSession& after) {
  std::vector<std::string> lines;
  if (before.status.phase != after.status.phase) lines.emplace_back(name_of(after.status.phase));
  for (const auto& step : after.status.steps) {
    const auto& earlier = part_before(
        before.status.steps, [&](const auto& candidate) { return candidate.name == step.name; });
    note_new(lines, step.name, earlier.message, step.message);
  }
  for (const auto& check : after.status.checks) {
    const auto& earlier = part_before(
        before.status.checks, [&](const auto& candidate) { return candidate.name == check.name; });
    bool has_ended = check.state != earlier.state && check.completion_time;
    if (has_ended)
      lines.push_back(
          fmt::format("check {}: {}: {}", check.name, name_of(check.state), check.message));
  }
  return lines;
}

std::string progress_line(const api::CopySession& session, Timestamp now) {
  const auto& status = session.status;
  auto phase = name_of(status.phase);
  Transfer transfer{.done = status.bytes_read,
                    .total = std::max(status.bytes_total, status.bytes_read),
                    .parts = status.backups.size(),
                    .since = status.start_time};
  transfer.parts_ended = static_cast<std::size_t>(
      std::ranges::count_if(status.backups, [](const auto& copy) { return is_final(copy.phase); }));
  bool copies = status.phase == api::CopyPhase::copying && transfer.total > 0;
  if (!copies) return with_message(phase, status.message);
  return fmt::format("{}  {}", phase, describe(transfer, "backups", now));
}

std::vector<std::string> progress_changes(const api::CopySession& before,
                                          const api::CopySession& after) {
  std::vector<std::string> lines;
  if (before.status.phase != after.status.phase) lines.emplace_back(name_of(after.status.phase));
  note_new(lines, "waiting", before.status.message, is_over(after) ? "" : after.status.message);
  for (const auto& backup : after.status.backups) {
    const auto& earlier = part_before(before.status.backups, [&](const auto& candidate) {
      return candidate.snapshot == backup.snapshot;
    });
    if (!backup.copy.empty() && earlier.copy.empty())
      lines.push_back(fmt::format("backup {}: copied: {}", backup.snapshot, backup.copy));
    note_new(lines, "backup " + backup.snapshot, earlier.message, backup.message);
  }
  return lines;
}

}  // namespace dmaas::cli
