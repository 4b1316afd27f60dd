#include "controller/backup/components.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "applications/volume_method.hpp"
#include "controller/policy/protection.hpp"

namespace dmaas::controller {
namespace {

constexpr std::string_view volume_prefix = "volume/";
constexpr std::string_view dump_prefix = "dump/";

/// Files are read one by one; of a raw volume that is written meanwhile nothing need fit together.
bool is_block_in_use(const applications::Claim& claim) {
  return claim.volume_mode == "Block" && !claim.users.empty();
}

bool reads_live(const api::BackupConfigurationSpec& plan, const applications::Claim& claim) {
  const auto* target = plan.find_target(claim.target);
  return target != nullptr && target->volumes.method == api::VolumeMethod::mount;
}

/// Why the data of a claim cannot be had, with the remedy; "" when it can.
std::string obstacle_of(const applications::Claim& claim, const applications::MountChoice& choice,
                        const api::BackupConfiguration& plan) {
  if (choice.place == applications::MountPlace::impossible) return choice.reason;
  if (choice.place == applications::MountPlace::application_namespace && is_silent(plan)) {
    return "its mover would run in the application's namespace, which is not silent: exclude the "
           "claim, or make the policy mandatory";
  }
  if (!is_block_in_use(claim) || reads_live(plan.spec, claim)) return "";
  return fmt::format(
      "pod {} writes to this raw block volume: stop it, or hold it still by hooks and set "
      "volumes.method: mount",
      claim.users.front().pod);
}

void add_volume(PlannedComponents& planned, const applications::Claim& claim,
                const api::BackupConfiguration& plan) {
  auto name = volume_component(claim.key, plan.metadata.namespace_name);
  api::ResolvedVolume volume{.claim = claim.key.name,
                             .namespace_name = claim.key.namespace_name,
                             .target = claim.target,
                             .method = "none"};
  if (claim.phase == "Lost") {
    volume.reason = "the claim has lost its volume";
    planned.obstacle = fmt::format(
        "claim {} has lost its volume {}: bring the volume back, or exclude the claim "
        "in the plan's volumes",
        claim.key.text(), claim.volume_name);
  } else if (!claim.is_bound()) {
    volume.reason = fmt::format("the claim is {}: nothing to back up",
                                claim.phase.empty() ? "not bound" : claim.phase);
    planned.warnings.push_back(
        fmt::format("claim {} is not bound: there is nothing to back up", claim.key.text()));
  } else {
    auto choice = applications::choose_mount(claim);
    auto obstacle = obstacle_of(claim, choice, plan);
    volume.reason = obstacle.empty() ? choice.reason : obstacle;
    if (!obstacle.empty()) {
      planned.obstacle = fmt::format("claim {} cannot be read: {}", claim.key.text(), obstacle);
      planned.is_heard =
          is_silent(plan) && choice.place == applications::MountPlace::application_namespace;
    } else {
      volume.method = "mount";
      planned.components.push_back({.name = name, .volume_mode = claim.volume_mode});
    }
    if (obstacle.empty() && is_block_in_use(claim)) {
      planned.warnings.push_back(
          fmt::format("{} was read while pod {} used the raw volume: it is only of one moment if "
                      "hooks held the pod still",
                      name, claim.users.front().pod));
    }
  }
  planned.volumes.push_back(std::move(volume));
}

}  // namespace

std::string volume_component(const kube::ObjectKey& claim, const std::string& plan_namespace) {
  auto place =
      claim.namespace_name == plan_namespace ? claim.name : claim.namespace_name + "/" + claim.name;
  return std::string(volume_prefix) + place;
}

std::optional<kube::ObjectKey> claim_of_component(const std::string& component,
                                                  const std::string& plan_namespace) {
  if (!component.starts_with(volume_prefix)) return std::nullopt;
  auto place = component.substr(volume_prefix.size());
  auto slash = place.find('/');
  if (slash == std::string::npos) return kube::ObjectKey{plan_namespace, place};
  return kube::ObjectKey{place.substr(0, slash), place.substr(slash + 1)};
}

std::optional<DumpOfPlan> dump_of_component(const std::string& component,
                                            const api::BackupConfigurationSpec& plan) {
  if (!component.starts_with(dump_prefix)) return std::nullopt;
  auto name = component.substr(dump_prefix.size());
  for (const auto& target : plan.targets) {
    auto dump = std::ranges::find(target.dumps, name, &api::LogicalDump::name);
    if (dump != target.dumps.end()) return DumpOfPlan{&target, &*dump};
  }
  return std::nullopt;
}

PlannedComponents plan_components(const api::BackupConfiguration& plan,
                                  const std::vector<api::BackupTarget>& targets,
                                  const applications::Application& application,
                                  const std::vector<api::BackupStorage>& storages) {
  PlannedComponents planned;
  for (const auto& missing : application.missing_targets)
    planned.obstacle = "nothing matches target " + missing;
  if (!application.obstacles.empty()) planned.obstacle = application.obstacles.front();
  for (const auto& claim : application.claims) {
    add_volume(planned, claim, plan);
  }
  for (const auto& target : targets) {
    for (const auto& dump : target.dumps)
      planned.components.push_back({.name = std::string(dump_prefix) + dump.name});
  }
  planned.components.push_back({.name = "resources"});
  std::vector<api::ComponentStatus> on_each_storage;
  for (const auto& storage : storages) {
    for (auto component : planned.components) {
      component.storage = storage.metadata.key().text();
      on_each_storage.push_back(std::move(component));
    }
  }
  planned.components = std::move(on_each_storage);
  for (const auto& warning : application.warnings) planned.warnings.push_back(warning);
  if (!application.needed_secrets.empty()) {
    planned.warnings.push_back(fmt::format(
        "{} Secrets that the application needs are left out: a restore needs them at its "
        "destination, the first is {}",
        application.needed_secrets.size(), application.needed_secrets.front().key.text()));
  }
  return planned;
}

std::vector<applications::Target> discovery_targets(const api::BackupConfiguration& plan,
                                                    const std::vector<api::BackupTarget>& targets,
                                                    applications::Reach reach) {
  auto secrets =
      plan.spec.exclude_secrets ? applications::Secrets::leave_out : applications::Secrets::keep;
  std::vector<applications::Target> wanted;
  for (const auto& target : targets) {
    wanted.push_back(applications::to_target(target, plan.metadata.namespace_name, secrets, reach));
  }
  return wanted;
}

std::vector<api::Snapshot> with_targets_of(const api::BackupConfigurationSpec& plan,
                                           const api::BackupRun& run,
                                           std::vector<api::Snapshot> snapshots) {
  auto wanted = api::targets_key_of(plan, run.name);
  std::erase_if(snapshots, [&](const auto& snapshot) {
    return api::targets_key_of(plan, snapshot.spec.run) != wanted;
  });
  return snapshots;
}

const api::Snapshot* newest_of(const std::vector<api::Snapshot>& snapshots) {
  const api::Snapshot* newest = nullptr;
  for (const auto& snapshot : snapshots) {
    bool is_there = snapshot.status.complete && !snapshot.metadata.deletion_time;
    if (is_there && (newest == nullptr || snapshot.spec.time > newest->spec.time))
      newest = &snapshot;
  }
  return newest;
}

ChainLink next_link(const api::BackupRun& run, std::optional<api::RunType> wanted,
                    const api::Snapshot* newest) {
  ChainLink next{.type = wanted.value_or(run.type),
                 .position = newest == nullptr ? 0 : newest->status.chain_position + 1};
  bool is_due = !wanted && run.full_every > 0 && next.position >= run.full_every;
  if (newest == nullptr || is_due) next.type = api::RunType::full;
  if (next.type == api::RunType::full) next.position = 0;
  return next;
}

std::string parent_of(const std::string& component, const std::vector<api::Snapshot>& snapshots) {
  auto has_it = [&](const auto& snapshot) {
    return component == "resources" || std::ranges::count(snapshot.status.components, component,
                                                          &api::SnapshotComponent::name) > 0;
  };
  std::vector<api::Snapshot> with_it;
  std::ranges::copy_if(snapshots, std::back_inserter(with_it), has_it);
  const auto* newest = newest_of(with_it);
  if (newest == nullptr) return "";
  if (component == "resources") return newest->spec.snapshot_id;
  return std::ranges::find(newest->status.components, component, &api::SnapshotComponent::name)
      ->snapshot_id;
}

std::string describe_trouble(const std::vector<api::ComponentStatus>& components) {
  for (const auto& component : components) {
    if (!is_final(component.phase) && !component.message.empty())
      return component.name + ": " + component.message;
  }
  return "";
}

std::string describe_progress(const std::vector<api::ComponentStatus>& components) {
  std::size_t finished = 0;
  std::int64_t done = 0;
  std::int64_t total = 0;
  for (const auto& component : components) {
    finished += is_final(component.phase);
    done += component.bytes_done;
    total += std::max(component.bytes_total, component.bytes_done);
  }
  auto text = fmt::format("{}/{} components", finished, components.size());
  if (total > 0) text += fmt::format(", {}%", done * 100 / total);
  return text;
}

}  // namespace dmaas::controller
