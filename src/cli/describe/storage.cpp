#include <fmt/format.h>

#include <algorithm>

#include "base/fields.hpp"
#include "cli/describe/describe.hpp"

namespace dmaas::cli {
namespace {

std::string describe_maintenance(const api::MaintenanceSettings& settings) {
  auto when = settings.schedule.empty() ? "on demand" : settings.schedule;
  if (!settings.time_zone.empty()) when += " in " + settings.time_zone;
  return fmt::format("{}, reads {} % of the data each time", when, settings.read_data_percent);
}

void tell_maintenance(Story& story, const api::RepositoryStatus& status) {
  const auto& maintenance = status.maintenance;
  story.heading("Maintenance");
  story.fact("Phase", std::string(name_of(maintenance.phase)));
  story.fact("Last", maintenance.completion_time);
  story.fact("Outcome", maintenance.outcome == api::MaintenanceOutcome::never
                            ? "none yet"
                            : std::string(name_of(maintenance.outcome)));
  story.fact("Message", maintenance.message);
  story.fact("Tried again", maintenance.postponed_until);
  if (!status.pending_erasures.empty())
    story.fact("Still to erase", fmt::format("{} backups", status.pending_erasures.size()));
}

std::string describe_left(const api::StorageSpace& space) {
  if (!space.left_bytes) return "not known: set spec.quota";
  return fmt::format("{} of {} ({})", describe_bytes(*space.left_bytes),
                     describe_bytes(*space.capacity_bytes),
                     space.source == api::SpaceSource::quota ? "quota" : "file system");
}

std::string describe_growth(const api::SpaceForecast& forecast) {
  auto growth = forecast.growth_per_day;
  auto text = fmt::format("{}{} a day, seen over {} days", growth < 0 ? "-" : "",
                          describe_bytes(std::abs(growth)), forecast.days_observed);
  if (forecast.days_until_full)
    text += fmt::format("; full in about {} days", *forecast.days_until_full);
  return text;
}

void tell_space(Story& story, const api::StorageSpace& space) {
  story.heading("Space");
  story.fact("Left", describe_left(space));
  if (space.time) {
    story.fact("Used", fmt::format("{} by {} repositories", describe_bytes(space.used_bytes),
                                   space.repositories));
  }
  story.fact("Measured", space.time);
  story.fact("Growth", space.forecast ? describe_growth(*space.forecast) : "");
  story.fact("Not measured", space.message);
  for (const auto& [name, bytes] : space.by_namespace)
    story.fact("Namespace " + name, describe_bytes(bytes));
  if (space.foreign_bytes > 0)
    story.fact("Of no Repository here", describe_bytes(space.foreign_bytes));
  if (space.largest.empty()) return;
  constexpr std::size_t shown = 10;
  Table table({"LARGEST", "BYTES", "REPOSITORY"});
  for (std::size_t i = 0; i < std::min(shown, space.largest.size()); ++i) {
    const auto& use = space.largest[i];
    table.add({use.path, describe_bytes(use.bytes), use.repository});
  }
  story.table(table);
}

}  // namespace

void tell(Story& story, const api::BackupStorage& storage) {
  const auto& spec = storage.spec;
  const auto& status = storage.status;
  story.fact("Location", status.location);
  story.fact("Default", spec.is_default ? "yes" : "no");
  story.fact("Open to", spec.usage.namespaces == api::UsageScope::list
                            ? fmt::format("{}", fmt::join(spec.usage.names, ", "))
                        : spec.usage.namespaces == api::UsageScope::all ? "all namespaces"
                        : spec.usage.namespaces == api::UsageScope::policies
                            ? "plans whose policy lists it"
                            : "its own namespace");
  story.fact("Recovery password",
             fmt::format("Secret {}, key {}", spec.recovery_password_secret.name,
                         spec.recovery_password_secret.key));
  story.fact("Credentials", spec.credential_secret ? "Secret " + spec.credential_secret->name : "");
  story.fact("Movers at once", std::to_string(spec.max_concurrent_movers));
  story.fact("Maintenance", describe_maintenance(spec.maintenance));
  story.fact("Reachable since", status.reachable_since);
  story.fact("Quota", spec.quota ? spec.quota->text : "");
  if (spec.bandwidth) {
    auto rate = [](const std::optional<Quantity>& quantity) {
      return quantity ? quantity->text + " a second" : std::string();
    };
    story.fact("Upload at most", rate(spec.bandwidth->upload));
    story.fact("Download at most", rate(spec.bandwidth->download));
  }
  if (spec.deletion_policy == api::StorageDeletion::wipe_out)
    story.fact("Deletion", "erases every repository of this cluster on it");
  if (status.space) tell_space(story, *status.space);
  story.conditions(status.conditions);
}

void tell(Story& story, const api::Repository& repository) {
  const auto& status = repository.status;
  story.fact("Storage", api::storage_of(repository).text());
  story.fact("Path", repository.spec.path);
  if (repository.spec.wipe_out) story.fact("Deletion", "erases it with all its backups");
  if (status.application)
    story.fact("Application", status.application->namespace_name + "/" + status.application->name);
  if (status.owner_cluster) {
    story.fact(
        "Owner",
        fmt::format("cluster {} (uid {}){}", status.owner_cluster->name, status.owner_cluster->uid,
                    status.owned_by_this_cluster ? ", this one" : ": only read here"));
  }
  story.fact("Format",
             status.format_version > 0
                 ? fmt::format("restic {}, id {}", status.format_version, status.repository_id)
                 : "");
  story.fact("Backups", std::to_string(status.snapshot_count));
  story.fact("Last backup", status.last_backup_time);
  story.fact("Last check", status.last_check_time);
  story.fact("Check result",
             status.last_check == api::CheckOutcome::never
                 ? "never checked"
                 : fmt::format("{} {}", name_of(status.last_check), status.last_check_message));
  story.fact("Stored", status.stored_bytes ? describe_bytes(*status.stored_bytes) : "");
  tell_maintenance(story, status);
  story.conditions(status.conditions);
}

}  // namespace dmaas::cli
