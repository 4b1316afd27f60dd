#include "applications/retention/delete_backup.hpp"

#include <algorithm>

#include "api/labels.hpp"

namespace dmaas::applications {

Result<> delete_backup(kube::Client& client, const api::Snapshot& snapshot, std::stop_token stop) {
  const auto resource = api::kind_info<api::Snapshot>().resource();
  const auto& metadata = snapshot.metadata;
  JsonArray finalizers(metadata.finalizers.begin(), metadata.finalizers.end());
  if (std::ranges::count(metadata.finalizers, api::erase_finalizer) == 0)
    finalizers.emplace_back(api::erase_finalizer);
  // The version keeps a finalizer that somebody else adds meanwhile from being lost.
  JsonObject marked{{"resourceVersion", metadata.resource_version},
                    {"finalizers", std::move(finalizers)}};
  Json patch = JsonObject{{"metadata", std::move(marked)},
                          {"spec", {{"deletionPolicy", name_of(api::DeletionPolicy::erase)}}}};
  if (!metadata.deletion_time) {
    auto patched =
        client.patch(resource, metadata.key(), {kube::PatchKind::merge, patch}, {}, stop);
    if (patched.failed_with(ErrorCode::not_found)) return {};
    if (!patched) return fail(std::move(patched).error());
  }
  return kube::ensure_removed(client, resource, metadata.key(), {.uid = metadata.uid}, stop);
}

}  // namespace dmaas::applications
