#include "controller/backup/check_space.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controller/backup/components.hpp"
#include "controller/backup/dropped_storages.hpp"
#include "controller/known_backups.hpp"
#include "controller/space/storage_meter.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

constexpr std::string_view storage_full = "StorageFull";

bool is_there(const api::Snapshot& backup) {
  return backup.status.complete && !backup.metadata.deletion_time;
}

/// What the claim's volume can hold, else what was asked for.
std::optional<std::int64_t> capacity_of(const applications::Application& application,
                                        const kube::ObjectKey& claim) {
  auto found = std::ranges::find(application.claims, claim, &applications::Claim::key);
  if (found == application.claims.end()) return std::nullopt;
  auto text = text_at(found->volume, "spec", "capacity", "storage");
  auto bytes = parse_quantity(text.empty() ? found->requested_size : text);
  return bytes ? std::optional(*bytes) : std::nullopt;
}

std::vector<ExpectedPart> parts_of(const BackupWork& work,
                                   const applications::Application& application) {
  std::vector<ExpectedPart> parts;
  auto planned = plan_components(work.plan, work.targets(), application,
                                 {work.storages.begin(), work.storages.begin() + 1});
  for (const auto& component : planned.components) {
    ExpectedPart part{.name = component.name};
    if (auto claim = claim_of_component(component.name, work.plan.metadata.namespace_name))
      part.capacity = capacity_of(application, *claim);
    if (component.name == "resources")
      part.objects = static_cast<std::int64_t>(application.members.size());
    parts.push_back(std::move(part));
  }
  return parts;
}

std::vector<api::Snapshot> backups_here(const World& world, const BackupWork& work,
                                        const kube::ObjectKey& storage) {
  auto backups = with_targets_of(work.plan.spec, *work.run, snapshots_of(world, work, storage));
  std::erase_if(backups, [](const api::Snapshot& backup) { return !is_there(backup); });
  return backups;
}

/// Those of the plan anywhere, and what other plans have of the same volumes.
std::vector<api::Snapshot> backups_elsewhere(const World& world,
                                             const api::BackupConfiguration& plan) {
  auto backups = known_backups(world, plan.metadata.namespace_name, [](const Json& object) {
    return flag_at(object, "status", "complete") && !kube::is_terminating(object);
  });
  for (auto& backup : backups) {
    if (backup.status.plan == plan.metadata.key().text()) continue;
    std::erase_if(backup.status.components, [](const api::SnapshotComponent& component) {
      return component.kind != api::ComponentKind::volume;
    });
  }
  return backups;
}

StorageVerdict judge(const World& world, const api::BackupStorage& storage,
                     const NeedFacts& facts) {
  auto need = estimate_need(facts);
  auto bound = bound_of(storage, added_to(world, storage));
  return {storage.metadata.key().text(), judge_need(need, bound), describe_check(need, bound)};
}

}  // namespace

std::vector<StorageVerdict> check_space(const World& world, const BackupWork& work,
                                        const applications::Application& application) {
  std::vector<StorageVerdict> verdicts;
  if (work.storages.empty()) return verdicts;
  NeedFacts facts{.parts = parts_of(work, application),
                  .elsewhere = backups_elsewhere(world, work.plan)};
  for (const auto& storage : work.storages) {
    facts.here = backups_here(world, work, storage.metadata.key());
    verdicts.push_back(judge(world, storage, facts));
  }
  return verdicts;
}

StorageVerdict check_copy_space(const World& world, const api::BackupConfiguration& plan,
                                const api::Snapshot& backup, const api::BackupStorage& storage) {
  BackupWork work{.plan = plan};
  const auto* run = work.plan.spec.find_run(backup.spec.run);
  work.run = run == nullptr ? &work.plan.spec.runs.front() : run;
  NeedFacts facts{.here = backups_here(world, work, storage.metadata.key()),
                  .elsewhere = backups_elsewhere(world, plan)};
  for (const auto& component : backup.status.components)
    facts.parts.push_back({.name = component.name});
  return judge(world, storage, facts);
}

void note_space(api::BackupSessionStatus& status, const std::vector<StorageVerdict>& verdicts,
                Timestamp now) {
  if (verdicts.empty()) return;
  for (const auto& verdict : verdicts) {
    auto result = std::ranges::find(status.storages, verdict.storage, &api::StorageResult::storage);
    if (result != status.storages.end()) result->space = verdict.check;
    if (verdict.verdict == SpaceVerdict::insufficient)
      drop_storage(status, verdict.storage, describe_refusal(verdict), now);
  }
  api::set_condition(status.conditions, space_condition(verdicts), now);
}

void note_full(api::BackupSessionStatus& status, const std::string& storage,
               const std::string& message, Timestamp now) {
  api::set_condition(status.conditions,
                     {.type = std::string(api::condition::space_sufficient),
                      .status = api::ConditionStatus::no,
                      .reason = std::string(storage_full),
                      .message = fmt::format("storage {} is full: {}", storage, message)},
                     now);
}

api::Condition judge_plan_space(const World& world, const api::BackupConfiguration& plan,
                                const std::vector<api::BackupStorage>& storages,
                                const api::BackupSession* last_session) {
  BackupWork work{.plan = plan};
  work.run = &work.plan.spec.runs.front();
  NeedFacts facts{.elsewhere = backups_elsewhere(world, plan)};
  const api::Snapshot* newest = nullptr;
  for (const auto& backup : facts.elsewhere) {
    bool is_own = backup.status.plan == plan.metadata.key().text();
    if (is_own && (newest == nullptr || backup.spec.time > newest->spec.time)) newest = &backup;
  }
  if (newest != nullptr) {
    for (const auto& component : newest->status.components)
      facts.parts.push_back({.name = component.name});
  }
  std::vector<StorageVerdict> verdicts;
  for (const auto& storage : storages) {
    facts.here = backups_here(world, work, storage.metadata.key());
    if (!facts.parts.empty()) verdicts.push_back(judge(world, storage, facts));
  }
  auto condition = space_condition(verdicts);
  if (verdicts.empty()) condition.message = "there is no backup yet that tells how much is needed";
  if (condition.status != api::ConditionStatus::unknown || last_session == nullptr)
    return condition;
  const auto* met =
      api::find_condition(last_session->status.conditions, api::condition::space_sufficient);
  return met != nullptr && met->status == api::ConditionStatus::no ? *met : condition;
}

}  // namespace dmaas::controller
