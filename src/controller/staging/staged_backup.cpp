#include "controller/staging/staged_backup.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "api/names.hpp"
#include "api/repository.hpp"
#include "controller/backup/backup_work.hpp"
#include "controller/copying/choose_copies.hpp"
#include "controller/references.hpp"

namespace dmaas::controller {
namespace {

std::map<std::string, std::string> labels_of(const StagedBackup& backup) {
  return {{std::string(api::label::staged_backup), backup.snapshot.metadata.uid}};
}

api::NamespacedReference repository_of(const StagedBackup& backup) {
  return {.name = backup.snapshot.spec.repository.name};
}

StagedCopy state_of(const std::string& storage, const api::CopySession* session, int attempts) {
  StagedCopy copy{.storage = storage, .attempts = attempts};
  if (session == nullptr) return copy;
  copy.ended = session->status.completion_time;
  if (!is_final(session->status.phase)) {
    copy.state = CopyState::running;
  } else {
    bool succeeded = session->status.phase == api::CopyPhase::succeeded;
    copy.state = succeeded ? CopyState::succeeded : CopyState::failed;
  }
  return copy;
}

}  // namespace

bool is_stage(const api::BackupConfiguration& plan, const kube::ObjectKey& storage) {
  const auto& staging = plan.spec.stage_and_verify_first;
  return staging && staging->storage.key(plan.metadata.namespace_name) == storage;
}

std::optional<StagedBackup> find_staged(const World& world, api::Snapshot snapshot) {
  const auto& own = snapshot.metadata.namespace_name;
  const auto& status = snapshot.status;
  bool is_ours = status.cluster && status.cluster->uid == world.cluster_uid;
  if (!status.complete || snapshot.metadata.deletion_time || !is_ours) return std::nullopt;
  if (!status.plan.starts_with(own + "/")) return std::nullopt;
  auto plan = find_object<api::BackupConfiguration>(world.stores.plans,
                                                    {own, status.plan.substr(own.size() + 1)});
  auto repository =
      find_object<api::Repository>(world.stores.repositories, snapshot.spec.repository.key(own));
  if (!plan || !repository || !is_stage(*plan, place_of(*repository).storage)) return std::nullopt;
  return StagedBackup{std::move(snapshot), std::move(*plan)};
}

api::VerificationSession staged_verification(const StagedBackup& backup,
                                             api::VerificationSettings settings) {
  const auto& [snapshot, plan] = backup;
  api::VerificationSession session;
  session.metadata.namespace_name = snapshot.metadata.namespace_name;
  session.metadata.name = api::session_name(plan.metadata.name, snapshot.metadata.uid,
                                            "stage-verify", snapshot.spec.time);
  session.metadata.labels = labels_of(backup);
  session.metadata.owner_references = {api::owner_reference_to(plan)};
  session.spec.repository = repository_of(backup);
  session.spec.snapshot = snapshot.metadata.name;
  session.spec.verification = std::move(settings);
  return session;
}

api::CopySession staged_copy(const StagedBackup& backup, const kube::ObjectKey& storage,
                             int attempt) {
  const auto& [snapshot, plan] = backup;
  api::CopySession session;
  session.metadata.namespace_name = snapshot.metadata.namespace_name;
  auto what = fmt::format("stage-copy/{}/{}", storage.text(), attempt);
  session.metadata.name =
      api::session_name(plan.metadata.name, snapshot.metadata.uid, what, snapshot.spec.time);
  session.metadata.labels = labels_of(backup);
  session.metadata.owner_references = {api::owner_reference_to(plan)};
  session.spec.source = repository_of(backup);
  session.spec.storage = {.name = storage.name, .namespace_name = storage.namespace_name};
  session.spec.backups.snapshots = {snapshot.metadata.name};
  session.spec.cause = api::CopyCause::staging;
  session.spec.plan = api::LocalReference{plan.metadata.name};
  return session;
}

std::vector<StagedCopy> copies_of(const std::vector<kube::ObjectKey>& storages,
                                  const std::vector<api::CopySession>& sessions) {
  std::vector<StagedCopy> copies;
  for (const auto& storage : storages) {
    const api::CopySession* decisive = nullptr;
    int attempts = 0;
    for (const auto& session : sessions) {
      if (session.spec.storage.key(session.metadata.namespace_name) != storage) continue;
      ++attempts;
      bool is_newer =
          decisive == nullptr || session.metadata.creation_time > decisive->metadata.creation_time;
      bool is_settled = decisive != nullptr && decisive->status.phase == api::CopyPhase::succeeded;
      bool settles = session.status.phase == api::CopyPhase::succeeded;
      if (settles || (is_newer && !is_settled)) decisive = &session;
    }
    copies.push_back(state_of(storage.text(), decisive, attempts));
  }
  return copies;
}

void note_known_copies(const World& world, const StagedBackup& backup,
                       std::vector<StagedCopy>& copies) {
  const auto* passed =
      api::find_condition(backup.snapshot.status.conditions, api::condition::staging_passed);
  bool was_everywhere = passed != nullptr && passed->reason == copied_reason;
  BackupWork work{.plan = backup.plan};
  for (auto& copy : copies) {
    auto storage = find_storage_by_text(world, copy.storage);
    auto there =
        storage ? snapshots_of(world, work, storage->metadata.key()) : std::vector<api::Snapshot>();
    bool is_there = std::ranges::any_of(there, [&](const api::Snapshot& other) {
      return other.status.complete && is_same_backup(other, backup.snapshot);
    });
    if (was_everywhere || is_there) copy.state = CopyState::succeeded;
  }
}

void note_staging(const World& world, api::BackupConfiguration& plan) {
  auto& conditions = plan.status.conditions;
  std::optional<StagedBackup> newest;
  const auto& own = plan.metadata.namespace_name;
  if (plan.spec.stage_and_verify_first) {
    for (const auto& object : world.stores.snapshots.in_namespace(own)) {
      if (text_at(*object, "status", "plan") != plan.metadata.key().text()) continue;
      auto snapshot = api::decode<api::Snapshot>(*object);
      auto staged = snapshot ? find_staged(world, std::move(*snapshot)) : std::nullopt;
      if (staged && (!newest || staged->snapshot.spec.time > newest->snapshot.spec.time))
        newest = std::move(staged);
    }
  }
  if (!plan.spec.stage_and_verify_first)
    return api::remove_condition(conditions, api::condition::staging_passed);
  // What the last one said stays when it has expired.
  if (!newest) return;
  const auto* known =
      api::find_condition(newest->snapshot.status.conditions, api::condition::staging_passed);
  api::Condition condition{.type = std::string(api::condition::staging_passed),
                           .reason = "Verifying",
                           .message = "it is on the stage and is being verified"};
  if (known != nullptr) condition = *known;
  condition.message =
      fmt::format("backup {}: {}", newest->snapshot.metadata.name, condition.message);
  api::set_condition(conditions, std::move(condition), world.clock.now());
}

}  // namespace dmaas::controller
