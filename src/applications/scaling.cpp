#include "applications/scaling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "kube/object/object.hpp"

namespace dmaas::applications {

std::span<const kube::Resource> scaled_kinds() {
  static const std::array<kube::Resource, 4> kinds = {
      kube::resources::replica_sets(), kube::resources::deployments(),
      kube::resources::stateful_sets(),
      kube::Resource{"", "v1", "replicationcontrollers", "ReplicationController", true}};
  return kinds;
}

const kube::Resource* find_scaled_kind(std::string_view api_version, std::string_view kind) {
  auto kinds = scaled_kinds();
  auto found = std::ranges::find_if(kinds, [&](const kube::Resource& resource) {
    return resource.kind == kind && resource.api_version() == api_version;
  });
  return found == kinds.end() ? nullptr : &*found;
}

std::int32_t replicas_of(const Json& workload) {
  return static_cast<std::int32_t>(number_at(workload, "spec", "replicas").value_or(1));
}

api::StoppedWorkload describe_scaled(const kube::Resource& resource, const Json& workload) {
  return {.api_version = resource.api_version(),
          .kind = resource.kind,
          .namespace_name = kube::namespace_of(workload),
          .name = kube::name_of(workload),
          .uid = kube::uid_of(workload),
          .replicas = replicas_of(workload)};
}

Result<api::StoppedWorkload> find_scaled_workload(kube::Client& client, const kube::ObjectKey& pod,
                                                  std::stop_token stop) {
  auto object = TRY(client.get(kube::resources::pods(), pod, stop));
  const kube::Resource* resource = nullptr;
  while (auto owner = kube::controller_of(object)) {
    const auto* next = find_scaled_kind(owner->api_version, owner->kind);
    if (next == nullptr) {
      return fail(
          ErrorCode::unsupported,
          fmt::format("pod {} uses the claim and is run by {} {}, which cannot be scaled to "
                      "zero: stop it there first",
                      pod.text(), owner->kind, owner->name));
    }
    resource = next;
    object = TRY(client.get(*resource, {pod.namespace_name, owner->name}, stop));
  }
  if (resource != nullptr) return describe_scaled(*resource, object);
  return fail(ErrorCode::unsupported,
              fmt::format("pod {} uses the claim and belongs to no workload that can be scaled "
                          "to zero: delete it first",
                          pod.text()));
}

Result<> scale(kube::Client& client, const api::StoppedWorkload& workload, std::int32_t replicas,
               std::stop_token stop) {
  const auto* resource = find_scaled_kind(workload.api_version, workload.kind);
  ENSURE(resource != nullptr);
  JsonArray patch{JsonObject{{"op", "test"}, {"path", "/metadata/uid"}, {"value", workload.uid}},
                  JsonObject{{"op", "add"}, {"path", "/spec/replicas"}, {"value", replicas}}};
  kube::WriteOptions options;
  options.subresource = "scale";
  TRY(client.patch(*resource, {workload.namespace_name, workload.name},
                   {kube::PatchKind::json, std::move(patch)}, options, std::move(stop)));
  return {};
}

}  // namespace dmaas::applications
