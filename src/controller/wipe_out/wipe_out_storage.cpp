#include "controller/wipe_out/wipe_out_storage.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "api/repository.hpp"
#include "controller/pardon.hpp"
#include "controller/policy/share_backups.hpp"
#include "kube/runtime/finalizer.hpp"

namespace dmaas::controller {
namespace {

const kube::Resource& repositories() {
  static const auto resource = api::kind_info<api::Repository>().resource();
  return resource;
}

bool wipes_out(const api::BackupStorage& storage) {
  return storage.spec.deletion_policy == api::StorageDeletion::wipe_out;
}

/// Brings one repository a step nearer to its end: it must say that its deletion erases, and be
/// kept by the finalizer, before it is deleted.
Result<> push(World& world, const api::Repository& repository, std::stop_token stop) {
  auto key = repository.metadata.key();
  if (!repository.spec.wipe_out) {
    Json wish = JsonObject{{"spec", {{"wipeOut", true}}}};
    TRY(world.client.patch(repositories(), key, {kube::PatchKind::merge, wish}, {}, stop));
    return {};
  }
  if (!kube::has_finalizer(repository.source, api::wipe_out_finalizer)) return {};
  return kube::ensure_removed(world.client, repositories(), key, {.uid = repository.metadata.uid},
                              std::move(stop));
}

}  // namespace

bool outlives_its_deletion(const World& world, const api::BackupStorage& storage) {
  if (wipes_out(storage)) return true;
  return std::ranges::any_of(world.stores.repositories.all(), [&](const auto& object) {
    if (!flag_at(*object, "spec", "wipeOut")) return false;
    auto repository = api::decode<api::Repository>(*object);
    return repository && api::storage_of(*repository) == storage.metadata.key();
  });
}

Result<std::string> wipe_out_repositories(World& world, const api::BackupStorage& storage,
                                          std::stop_token stop) {
  const auto& own = storage.metadata;
  auto pardon = TRY(general_pardon(world, api::kind_info<api::BackupStorage>().resource(),
                                   own.namespace_name, stop));
  if (!pardon.empty()) return "";
  std::vector<std::string> waiting;
  // From the server: the local copy may not know yet what is being deleted.
  for (const auto& object : TRY(kube::list_all(world.client, repositories(), {}, stop))) {
    auto repository = api::decode<api::Repository>(object);
    if (!repository || api::storage_of(*repository) != own.key()) continue;
    bool is_going = kube::is_terminating(object);
    bool is_kept = kube::is_kept_by(object, api::wipe_out_finalizer);
    bool is_ours = repository->status.owned_by_this_cluster && !is_shared(world, *repository);
    if (!is_kept && (is_going || !wipes_out(storage) || !is_ours)) continue;
    const auto* ready = api::find_condition(repository->status.conditions, api::condition::ready);
    waiting.push_back(fmt::format("Repository {}: {}", repository->metadata.key().text(),
                                  is_kept && ready != nullptr ? ready->message : "not begun"));
    if (!is_going) TRY(push(world, *repository, stop));
  }
  if (waiting.empty()) return "";
  return fmt::format("{} repositories are to be erased, the first is {}", waiting.size(),
                     waiting.front());
}

}  // namespace dmaas::controller
