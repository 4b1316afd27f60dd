#include "controller/verification/verified_backup.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "api/names.hpp"
#include "controller/references.hpp"

namespace dmaas::controller {
namespace {

constexpr std::string_view volume_prefix = "volume/";

bool is_of(const api::Snapshot& backup, const kube::ObjectKey& repository) {
  return backup.spec.repository.key(backup.metadata.namespace_name) == repository;
}

/// "volume/<claim>" or "volume/<namespace>/<claim>".
kube::ObjectKey claim_of(const api::SnapshotComponent& component) {
  auto rest = component.name.substr(std::min(component.name.size(), volume_prefix.size()));
  auto slash = rest.find('/');
  if (slash == std::string::npos) return {"", rest};
  return {rest.substr(0, slash), rest.substr(slash + 1)};
}

/// "namespace/name"; the plan as it is now.
std::optional<api::BackupConfiguration> plan_of(const World& world, const std::string& text) {
  auto slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  auto plan = find_object<api::BackupConfiguration>(
      world.stores.plans, {text.substr(0, slash), text.substr(slash + 1)});
  return plan ? std::optional(std::move(*plan)) : std::nullopt;
}

}  // namespace

std::optional<api::Snapshot> newest_backup(const World& world, const kube::ObjectKey& repository) {
  std::optional<api::Snapshot> newest;
  for (const auto& object : world.stores.snapshots.in_namespace(repository.namespace_name)) {
    auto backup = api::decode<api::Snapshot>(*object);
    bool counts = backup && is_of(*backup, repository) && backup->status.complete &&
                  !backup->metadata.deletion_time;
    if (counts && (!newest || backup->spec.time > newest->spec.time)) newest = std::move(*backup);
  }
  return newest;
}

Result<api::Snapshot> find_verified_backup(const World& world,
                                           const api::VerificationSession& session) {
  auto repository = session.spec.repository.key(session.metadata.namespace_name);
  TRY(find_object<api::Repository>(world.stores.repositories, repository));
  if (session.spec.snapshot == "latest") {
    auto newest = newest_backup(world, repository);
    if (newest) return std::move(*newest);
    return fail(ErrorCode::not_found,
                fmt::format("repository {} has no complete backup (yet)", repository.text()));
  }
  auto backup = TRY(find_object<api::Snapshot>(world.stores.snapshots,
                                               {repository.namespace_name, session.spec.snapshot}));
  if (is_of(backup, repository)) return backup;
  return fail(ErrorCode::invalid_input, fmt::format("backup {} is not in repository {}",
                                                    session.spec.snapshot, repository.text()));
}

Result<std::string> source_namespace_of(const World& world, const api::Snapshot& backup) {
  std::set<std::string> sources;
  if (auto plan = plan_of(world, backup.status.plan)) {
    for (const auto& target : plan->spec.targets) {
      for (const auto& name : api::namespaces_of(target, plan->metadata.namespace_name))
        sources.insert(name);
    }
  } else if (backup.status.application) {
    sources.insert(backup.status.application->namespace_name);
  }
  for (const auto& component : backup.status.components) {
    auto claim = claim_of(component);
    if (component.kind == api::ComponentKind::volume && !claim.namespace_name.empty())
      sources.insert(claim.namespace_name);
  }
  if (sources.size() == 1) return *sources.begin();
  return fail(ErrorCode::unsupported,
              sources.empty() ? "the backup does not say of which namespace it is"
                              : fmt::format("the backup is of several namespaces ({}), which "
                                            "cannot be verified: make a plan for each",
                                            fmt::join(sources, ", ")));
}

Result<api::RestoreSession> trial_restore(const api::VerificationSession& session,
                                          const api::Snapshot& backup) {
  const auto& own = session.metadata.namespace_name;
  const auto& settings = session.spec.verification;
  api::RestoreSession restore;
  restore.metadata.namespace_name = own;
  restore.metadata.name = api::scratch_name(session.metadata.uid);
  restore.metadata.owner_references = {api::owner_reference_to(session)};
  restore.spec.source.repository = session.spec.repository;
  restore.spec.source.snapshot = backup.spec.snapshot_id;
  restore.spec.namespace_map = {
      {session.status.source_namespace, session.status.scratch_namespace}};
  restore.spec.service_account_name = settings.service_account_name;
  restore.spec.timeout = settings.timeout;
  restore.spec.defuse = true;
  restore.spec.verify_files = std::ranges::any_of(settings.checks, &api::VerificationCheck::files);
  if (!settings.manifest && !settings.helm) return restore;
  restore.spec.what.data = api::RestoreData::data_only;
  // Named, so that no dump waits for an application that comes only afterwards.
  for (const auto& component : backup.status.components) {
    if (component.kind == api::ComponentKind::volume)
      restore.spec.what.volumes.push_back(claim_of(component).name);
  }
  if (!restore.spec.what.volumes.empty()) return restore;
  return fail(ErrorCode::unsupported,
              "a manifest or chart is launched on restored volumes, and the backup has none");
}

}  // namespace dmaas::controller
