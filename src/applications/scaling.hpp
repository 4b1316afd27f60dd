#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <string_view>

#include "api/in_place.hpp"
#include "kube/client/client.hpp"

/// Setting how many pods a workload has, and remembering how many it had.
namespace dmaas::applications {

/// Kinds with a scale subresource that Kubernetes itself knows.
std::span<const kube::Resource> scaled_kinds();
/// Null when there is none of this name.
const kube::Resource* find_scaled_kind(std::string_view api_version, std::string_view kind);

std::int32_t replicas_of(const Json& workload);
/// What has to be remembered of a workload before it is scaled. Pure.
api::StoppedWorkload describe_scaled(const kube::Resource& resource, const Json& workload);

/// The workload that has to be scaled to be rid of a pod. Errors: unsupported (nobody can set the
/// number of its pods; the message says what to do instead), not_found (it has ended).
Result<api::StoppedWorkload> find_scaled_workload(kube::Client& client, const kube::ObjectKey& pod,
                                                  std::stop_token stop);

/// Through the scale subresource, and only this very object. Errors: conflict (another one of its
/// name has taken its place), those of the API server.
Result<> scale(kube::Client& client, const api::StoppedWorkload& workload, std::int32_t replicas,
               std::stop_token stop);

}  // namespace dmaas::applications
