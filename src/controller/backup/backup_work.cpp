#include "controller/backup/backup_work.hpp"

#include <fmt/format.h>

#include "api/names.hpp"
#include "api/repository.hpp"
#include "api/repository_path.hpp"
#include "base/size_text.hpp"
#include "controller/accounts.hpp"
#include "controller/backup/check_space.hpp"
#include "controller/backup/components.hpp"
#include "controller/backup/dropped_storages.hpp"
#include "controller/backup/live_volume.hpp"
#include "controller/claim_sessions.hpp"
#include "controller/dump_pod.hpp"
#include "controller/known_backups.hpp"
#include "controller/references.hpp"
#include "controller/repository/publish_backup.hpp"
#include "controller/status.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

kube::ObjectKey parse_key(const std::string& text) {
  auto slash = text.find('/');
  return {text.substr(0, slash), text.substr(slash + 1)};
}

/// The mover of a dump is a pod of the application's namespace: it is made as the account that acts
/// for the plan's namespace, so that a plan runs nothing where that account may run nothing.
Result<> wish_dump(World& world, const BackupWork& work, const std::string& component,
                   MoverWish& wish, std::stop_token stop) {
  auto found = dump_of_component(component, work.plan.spec);
  if (!found) return fail(ErrorCode::not_found, "the plan has no " + component + " any more");
  const auto& plan_namespace = work.plan.metadata.namespace_name;
  wish.application_pod =
      TRY(find_dump_pod(world, *found->target, plan_namespace, *found->dump, std::move(stop)));
  wish.pod.key.namespace_name = kube::namespace_of(wish.application_pod);
  wish.pod.application_container = found->dump->container;
  wish.account = impersonated(hook_account(world, plan_namespace));
  return {};
}

/// As the Repository object shows it, so that a storage that does not answer now delays nothing.
Result<std::string> repository_id_of(World& world, const BackupWork& work,
                                     const api::StorageResult& result, std::stop_token stop) {
  kube::ObjectKey key{work.plan.metadata.namespace_name, result.repository};
  auto object = world.client.get(api::kind_info<api::Repository>().resource(), key, stop);
  if (!object && object.code() != ErrorCode::not_found) return fail(std::move(object).error());
  auto known = object ? text_at(*object, "status", "repositoryId") : "";
  if (!known.empty()) return known;
  auto storage = TRY(find_storage_by_text(world, result.storage));
  auto place = place_of(world, work, result.storage);
  auto opened = TRY(world.vault.open(storage, place.path, Vault::WhenAbsent::fail, stop));
  return opened->repository->config().id;
}

}  // namespace

RepositoryPlace place_of(const World& world, const BackupWork& work, const std::string& storage) {
  return {parse_key(storage), api::repository_path(world.settings.cluster_name,
                                                   work.plan.metadata.key(), work.plan.spec)};
}

api::OrderSession identity_of(const api::BackupSession& session) {
  return {"BackupSession", session.metadata.namespace_name, session.metadata.name,
          session.metadata.uid};
}

std::string repository_name_of(const World& world, const BackupWork& work,
                               const kube::ObjectKey& storage) {
  auto application = api::application_of(work.plan.metadata.key(), work.plan.spec);
  return repository_object_of(world, work.plan.metadata.namespace_name,
                              place_of(world, work, storage.text()), application.name)
      .name;
}

std::string twin_of(const BackupWork& work, const api::ComponentStatus& component) {
  return api::twin_name({.session_uid = work.session.metadata.uid,
                         .component = component.name,
                         .storage = component.storage});
}

Result<api::BackupStorage> find_storage_by_text(const World& world, const std::string& storage) {
  return find_object<api::BackupStorage>(world.stores.storages, parse_key(storage));
}

std::vector<api::Snapshot> snapshots_of(const World& world, const BackupWork& work,
                                        const kube::ObjectKey& storage) {
  auto repository = repository_name_of(world, work, storage);
  return known_backups(world, work.plan.metadata.namespace_name, [&](const Json& object) {
    return text_at(object, "spec", "repositoryRef", "name") == repository;
  });
}

OwnRepository own_repository_of(const World& world, const BackupWork& work,
                                const api::BackupStorage& storage) {
  auto key = storage.metadata.key();
  return {.object = {work.plan.metadata.namespace_name, repository_name_of(world, work, key)},
          .storage = storage,
          .place = place_of(world, work, key.text()),
          .application = api::application_of(work.plan.metadata.key(), work.plan.spec)};
}

Result<MoverWish> wish_for(World& world, const BackupWork& work,
                           const api::ComponentStatus& component, std::stop_token stop) {
  MoverWish wish;
  auto place = place_of(world, work, component.storage);
  wish.storage = component.storage;
  wish.repository = place.path;
  wish.scope = api::GatewayScope::backup;
  auto& pod = wish.pod;
  pod.key.namespace_name = world.settings.namespace_name;
  pod.session = identity_of(work.session);
  pod.component = component.name;
  pod.settings = work.run->mover;
  if (component.pod) return wish;  // it runs: only what names it matters
  auto storage = TRY(find_storage_by_text(world, component.storage));
  wish.max_movers = storage.spec.max_concurrent_movers;
  if (component.name == "resources") {
    pod.part = "resources";
    pod.role = "resources";
    pod.service_account = "dmaas-resources";
    return wish;
  }
  if (auto claim_key = claim_of_component(component.name, work.plan.metadata.namespace_name)) {
    auto claim = TRY(load_claim(world, *claim_key, stop));
    pod.rights = MoverRights::read;
    if (auto restore = session_filling(world, *claim_key, ""); !restore.empty()) {
      wish.waits_for = "waiting: session " + restore + " replaces the data of the claim";
      return wish;
    }
    wish.waits_for = TRY(mount_live_volume(world, claim, twin_of(work, component), pod, stop));
    return wish;
  }
  TRY(wish_dump(world, work, component.name, wish, std::move(stop)));
  return wish;
}

void end_component(api::BackupSessionStatus& status, api::ComponentStatus& component,
                   const api::MoverResult& result, Timestamp now) {
  component.completion_time = now;
  component.bytes_done = component.bytes_total = result.bytes;
  component.bytes_added = result.bytes_added;
  component.bytes_new = result.bytes_new;
  component.files_done = result.files;
  component.files_unreadable = result.files_unreadable;
  component.snapshot_id = result.snapshot_id;
  component.message = result.message;
  bool succeeded = result.outcome == api::MoverOutcome::succeeded;
  component.phase = succeeded ? api::ComponentPhase::succeeded : api::ComponentPhase::failed;
  if (!succeeded && result.error_code == name_of(ErrorCode::exhausted))
    note_full(status, component.storage, component.message, now);
  for (const auto& warning : result.warnings) {
    if (status.warnings.size() < 50) status.warnings.push_back(component.name + ": " + warning);
  }
}

Result<std::string> trouble_of_source(World& world, const BackupWork& work,
                                      const api::ComponentStatus& component, std::stop_token stop) {
  auto key = claim_of_component(component.name, work.plan.metadata.namespace_name);
  if (!key) return std::string();
  auto claim = world.client.get(kube::resources::persistent_volume_claims(), *key, stop);
  if (!claim && claim.code() != ErrorCode::not_found) return fail(std::move(claim).error());
  auto pod =
      component.pod
          ? world.stores.mover_pods.find({component.pod->namespace_name, component.pod->name})
          : nullptr;
  // Both times are the API server's.
  bool is_younger =
      claim && pod != nullptr && kube::creation_time_of(*claim) > kube::creation_time_of(*pod);
  if (claim && !is_younger && text_at(*claim, "status", "phase") == "Bound") return std::string();
  return fmt::format("claim {} was deleted while it was backed up", key->text());
}

Result<> abandon(World& world, const BackupWork& work, api::ComponentStatus& component,
                 std::string message, std::stop_token stop) {
  TRY(end_mover(world, work, component, stop));
  component.phase = api::ComponentPhase::failed;
  component.completion_time = world.clock.now();
  component.message = std::move(message);
  return {};
}

Result<> end_mover(World& world, const BackupWork& work, api::ComponentStatus& component,
                   std::stop_token stop) {
  MoverFacts facts{component.pod, component.attempts, component.message};
  TRY(retire_mover(world, facts, stop));
  component.pod.reset();
  if (!component.name.starts_with("volume/")) return {};
  return remove_twin(world, twin_of(work, component), stop);
}

Result<> publish_snapshot(World& world, const BackupWork& work, api::StorageResult& result,
                          std::stop_token stop) {
  auto order_component =
      std::ranges::find_if(work.session.status.components, [&](const auto& component) {
        return component.name == "resources" && component.storage == result.storage;
      });
  if (order_component == work.session.status.components.end()) return {};
  auto document = describe_backup(world, work, result.storage);
  auto repository_id = TRY(repository_id_of(world, work, result, stop));
  kube::ObjectKey repository{work.plan.metadata.namespace_name, result.repository};
  CommittedBackup backup{document, order_component->snapshot_id};
  result.snapshot = TRY(publish_backup(world, repository, repository_id, backup, stop));
  result.complete = true;
  return {};
}

void note_point_in_time(api::BackupSessionStatus& status, const std::string& moving,
                        Timestamp now) {
  api::set_condition(
      status.conditions,
      {.type = std::string(api::condition::point_in_time),
       .status = moving.empty() ? api::ConditionStatus::yes : api::ConditionStatus::no,
       .reason = moving.empty() ? "Held" : "Moving",
       .message = moving.empty() ? "nothing writes while the data is read" : moving},
      now);
}

bool has_failed(const api::BackupSessionStatus& status) {
  return api::is_true(status.conditions, api::condition::failed);
}

void note_failure(api::BackupSessionStatus& status, std::string message, Timestamp now) {
  if (has_failed(status)) return;
  status.message = message;
  api::set_condition(status.conditions,
                     {.type = std::string(api::condition::failed),
                      .status = api::ConditionStatus::yes,
                      .reason = "Failed",
                      .message = std::move(message)},
                     now);
}

void finish_status(api::BackupSessionStatus& status, Timestamp now) {
  bool failed = has_failed(status);
  status.phase = failed ? api::BackupPhase::failed : api::BackupPhase::succeeded;
  if (!failed) {
    std::int64_t added = 0;
    std::int64_t bytes = 0;
    for (const auto& component : status.components) {
      added += component.bytes_added;
      bytes += component.bytes_total;
    }
    status.message = fmt::format("backed up {} objects and {}, {} of it new", status.object_count,
                                 format_bytes(bytes), format_bytes(added));
    auto dropped = describe_dropped(status);
    for (const auto& text : dropped) status.message += "; " + text;
    api::set_condition(
        status.conditions,
        {.type = std::string(api::condition::complete),
         .status = api::ConditionStatus::yes,
         .reason = dropped.empty() ? std::string(api::reason::succeeded) : "StoragesDropped",
         .message = status.message},
        now);
  } else {
    // What was in the way while it was wound up is no news.
    status.message = api::find_condition(status.conditions, api::condition::failed)->message;
    for (auto& result : status.storages) {
      if (!result.complete && !result.dropped) result.message = status.message;
    }
  }
}

}  // namespace dmaas::controller
