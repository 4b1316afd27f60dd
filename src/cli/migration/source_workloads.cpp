#include "cli/migration/source_workloads.hpp"

#include <algorithm>
#include <set>

#include "api/labels.hpp"
#include "applications/discovery/facts.hpp"
#include "applications/scaling.hpp"
#include "applications/selection.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

using api::StoppedWorkload;

constexpr std::string_view helm_label = "app.kubernetes.io/instance";

bool is_cron_job(const StoppedWorkload& workload) {
  return workload.kind == "CronJob";
}

bool is_meant(const applications::Target& target, const kube::Resource& resource,
              const Json& object) {
  const auto name = kube::name_of(object);
  const auto namespace_name = kube::namespace_of(object);
  const auto labels = kube::labels_of(object);
  const auto annotations = applications::selectable_annotations_of(object);
  applications::Described described{resource, namespace_name, name, labels, annotations};
  if (applications::picks_any(target.selection.exclude, described)) return false;
  if (target.everything) return true;
  if (target.object)
    return target.object->name == name && applications::names_kind(target.object->kind, resource);
  if (target.labels) return target.labels->matches(labels);
  auto release = labels.find(std::string(helm_label));
  return release != labels.end() && release->second == target.helm_release;
}

StoppedWorkload describe(const kube::Resource& resource, const Json& object) {
  auto described = applications::describe_scaled(resource, object);
  if (is_cron_job(described)) described.replicas = flag_at(object, "spec", "suspend") ? 0 : 1;
  return described;
}

void add(std::vector<StoppedWorkload>& workloads, StoppedWorkload workload) {
  if (std::ranges::find(workloads, workload.uid, &StoppedWorkload::uid) == workloads.end())
    workloads.push_back(std::move(workload));
}

Result<> add_named(kube::Client& client, const applications::Target& target,
                   std::vector<StoppedWorkload>& workloads, std::stop_token stop) {
  std::vector<kube::Resource> kinds(applications::scaled_kinds().begin(),
                                    applications::scaled_kinds().end());
  kinds.push_back(kube::resources::cron_jobs());
  for (const auto& namespace_name : target.namespaces) {
    for (const auto& resource : kinds) {
      kube::ListOptions options{.namespace_name = namespace_name};
      for (const auto& object : TRY(kube::list_all(client, resource, options, stop))) {
        bool is_part = kube::controller_of(object).has_value();
        if (!is_part && is_meant(target, resource, object))
          add(workloads, describe(resource, object));
      }
    }
  }
  return {};
}

/// Whose data the plan takes.
std::vector<kube::ObjectKey> claims_of(const api::BackupConfiguration& plan) {
  std::vector<kube::ObjectKey> claims;
  if (!plan.status.resolved) return claims;
  const auto& own = plan.metadata.namespace_name;
  for (const auto& volume : plan.status.resolved->volumes)
    claims.push_back({volume.namespace_name.empty() ? own : volume.namespace_name, volume.claim});
  return claims;
}

bool lives(const Json& pod) {
  auto phase = text_at(pod, "status", "phase");
  bool is_mover = !kube::label_of(pod, api::label::part).empty();
  return phase != "Succeeded" && phase != "Failed" && !is_mover;
}

bool uses(const Json& pod, const std::vector<kube::ObjectKey>& claims) {
  return std::ranges::any_of(items_at(pod, "spec", "volumes"), [&](const Json& volume) {
    kube::ObjectKey claim{kube::namespace_of(pod),
                          text_at(volume, "persistentVolumeClaim", "claimName")};
    return std::ranges::find(claims, claim) != claims.end();
  });
}

Result<std::vector<Json>> pods_with(kube::Client& client,
                                    const std::vector<kube::ObjectKey>& claims,
                                    std::stop_token stop) {
  std::set<std::string> namespaces;
  for (const auto& claim : claims) namespaces.insert(claim.namespace_name);
  std::vector<Json> users;
  for (const auto& namespace_name : namespaces) {
    kube::ListOptions options{.namespace_name = namespace_name};
    for (auto& pod : TRY(kube::list_all(client, kube::resources::pods(), options, stop)))
      if (lives(pod) && uses(pod, claims)) users.push_back(std::move(pod));
  }
  return users;
}

Result<> set_suspended(kube::Client& client, const StoppedWorkload& job, bool suspended,
                       std::stop_token stop) {
  JsonArray patch{JsonObject{{"op", "test"}, {"path", "/metadata/uid"}, {"value", job.uid}},
                  JsonObject{{"op", "add"}, {"path", "/spec/suspend"}, {"value", suspended}}};
  TRY(client.patch(kube::resources::cron_jobs(), {job.namespace_name, job.name},
                   {kube::PatchKind::json, std::move(patch)}, {}, std::move(stop)));
  return {};
}

/// Whether a workload that is gone, or whose place another one has taken, explains it.
bool is_gone(const Result<>& result) {
  return result.failed_with(ErrorCode::not_found) || result.failed_with(ErrorCode::conflict);
}

const kube::Resource* resource_of(const StoppedWorkload& workload) {
  static const auto cron_jobs = kube::resources::cron_jobs();
  if (is_cron_job(workload)) return &cron_jobs;
  return applications::find_scaled_kind(workload.api_version, workload.kind);
}

}  // namespace

Result<std::vector<StoppedWorkload>> find_source_workloads(kube::Client& client,
                                                           const api::BackupConfiguration& plan,
                                                           std::stop_token stop) {
  const auto& own = plan.metadata.namespace_name;
  std::vector<StoppedWorkload> workloads;
  for (const auto& stated : plan.spec.targets) {
    auto target = applications::to_target(stated, own, applications::Secrets::keep,
                                          applications::Reach::namespaces);
    TRY(add_named(client, target, workloads, stop));
  }
  auto claims = claims_of(plan);
  for (const auto& pod : TRY(pods_with(client, claims, stop))) {
    auto workload = applications::find_scaled_workload(client, kube::key_of(pod), stop);
    if (workload.failed_with(ErrorCode::not_found)) continue;
    add(workloads, TRY(std::move(workload)));
  }
  return workloads;
}

Result<std::vector<std::string>> running_pods(kube::Client& client,
                                              const api::BackupConfiguration& plan,
                                              const std::vector<StoppedWorkload>& workloads,
                                              std::stop_token stop) {
  std::set<std::string> running;
  auto claims = claims_of(plan);
  for (const auto& pod : TRY(pods_with(client, claims, stop)))
    running.insert(kube::key_of(pod).text());
  for (const auto& workload : workloads) {
    if (is_cron_job(workload)) continue;
    auto object =
        client.get(*resource_of(workload), {workload.namespace_name, workload.name}, stop);
    if (object.failed_with(ErrorCode::not_found)) continue;
    if (!object) return fail(std::move(object).error());
    const Json* selector = find(*object, "spec", "selector");
    if (selector == nullptr) continue;
    kube::ListOptions options{.namespace_name = workload.namespace_name};
    if (auto labels = kube::LabelSelector::from_json(*selector))
      options.label_selector = labels->text();
    for (const auto& pod : TRY(kube::list_all(client, kube::resources::pods(), options, stop)))
      if (lives(pod)) running.insert(kube::key_of(pod).text());
  }
  return std::vector(running.begin(), running.end());
}

Result<> stop_workloads(kube::Client& client, const std::vector<StoppedWorkload>& workloads,
                        std::stop_token stop) {
  for (const auto& workload : workloads) {
    if (workload.replicas == 0) continue;
    auto stopped = is_cron_job(workload) ? set_suspended(client, workload, true, stop)
                                         : applications::scale(client, workload, 0, stop);
    if (!is_gone(stopped)) TRY(stopped);
  }
  return {};
}

Result<> start_workloads(kube::Client& client, const std::vector<StoppedWorkload>& workloads,
                         std::stop_token stop) {
  for (const auto& workload : workloads) {
    if (workload.replicas == 0) continue;
    auto object =
        client.get(*resource_of(workload), {workload.namespace_name, workload.name}, stop);
    if (object.failed_with(ErrorCode::not_found)) continue;
    if (!object) return fail(std::move(object).error());
    bool is_down = is_cron_job(workload) || applications::replicas_of(*object) == 0;
    if (!is_down) continue;
    auto started = is_cron_job(workload)
                       ? set_suspended(client, workload, false, stop)
                       : applications::scale(client, workload, workload.replicas, stop);
    if (!is_gone(started)) TRY(started);
  }
  return {};
}

}  // namespace dmaas::cli
