#include "controller/policy/keep_policies.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "api/validate.hpp"
#include "applications/policy/open_policies.hpp"
#include "base/log.hpp"
#include "controller/policy/protection.hpp"
#include "controller/policy/share_backups.hpp"
#include "controller/references.hpp"
#include "controller/status.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

using applications::PolicyTarget;
using applications::WantedPlan;

/// Changes come in bunches: a chart brings twenty objects.
constexpr std::chrono::milliseconds gathering_time{200};
constexpr std::chrono::minutes pass_period{1};
/// How old what the cluster serves may be: a kind that is new is protected so much later.
constexpr std::chrono::seconds discovery_period{30};
/// After a pass that could not do all.
constexpr std::chrono::seconds retry_period{2};

constexpr auto policy_field_manager = "dmaas-policy";

const kube::Resource& policies() {
  static const auto resource = api::kind_info<api::BackupPolicy>().resource();
  return resource;
}

const kube::Resource& plans() {
  static const auto resource = api::kind_info<api::BackupConfiguration>().resource();
  return resource;
}

bool is_of_policy(const api::BackupConfiguration& plan) {
  return plan.metadata.labels.contains(std::string(api::label::policy)) && plan.spec.policy;
}

/// Makes of a plan what the policy wants; what else it says is its user's.
void take_over(api::BackupConfiguration& plan, const WantedPlan& wanted) {
  plan.metadata.labels[std::string(api::label::managed_by)] = "dmaas";
  plan.metadata.labels[std::string(api::label::policy)] = kube::to_label_value(wanted.policy);
  plan.metadata.labels[std::string(api::label::enforcement)] = name_of(wanted.enforcement);
  plan.metadata.annotations[std::string(api::annotation::protects)] = wanted.target.text();
  plan.spec.targets = wanted.spec.targets;
  plan.spec.runs = wanted.spec.runs;
  plan.spec.storages = wanted.spec.storages;
  plan.spec.retention_policy = wanted.spec.retention_policy;
  plan.spec.exclude_secrets = wanted.spec.exclude_secrets;
  plan.spec.objectives = wanted.spec.objectives;
  plan.spec.policy = wanted.spec.policy;
}

/// Makes or corrects one plan. What somebody else has written meanwhile is seen by the next pass.
Result<> keep_plan(World& world, const WantedPlan& wanted, std::stop_token stop) {
  api::BackupConfiguration plan;
  plan.metadata.namespace_name = wanted.key.namespace_name;
  plan.metadata.name = wanted.key.name;
  auto known = world.stores.plans.find(wanted.key);
  if (known != nullptr) plan = TRY(api::decode<api::BackupConfiguration>(*known));
  if (plan.metadata.deletion_time) return {};  // until it is gone
  auto before = api::encode(plan);
  take_over(plan, wanted);
  auto after = api::encode(plan);
  if (known != nullptr && before == after) return {};
  log_info("a policy makes a plan", {{"plan", wanted.key.text()}, {"policy", wanted.policy}});
  kube::WriteOptions options;
  options.field_manager = policy_field_manager;
  auto written = known == nullptr ? world.client.create(plans(), after, options, std::move(stop))
                                  : world.client.replace(plans(), after, options, std::move(stop));
  if (written || written.failed_with(ErrorCode::already_exists) ||
      written.failed_with(ErrorCode::conflict))
    return {};
  return fail(std::move(written).error());
}

/// Whether what a plan protects is of a kind of which it is not known what there is.
bool is_unknown(const api::BackupConfiguration& plan, const std::set<kube::Resource>& unknown) {
  return std::ranges::any_of(plan.spec.targets, [&](const api::BackupTarget& target) {
    return target.workload && std::ranges::any_of(unknown, [&](const kube::Resource& resource) {
             return resource.kind == target.workload->kind;
           });
  });
}

std::map<kube::ObjectKey, api::BackupConfiguration> plans_of_policies(const World& world) {
  std::map<kube::ObjectKey, api::BackupConfiguration> found;
  for (const auto& object : world.stores.plans.all()) {
    auto plan = api::decode<api::BackupConfiguration>(*object);
    if (plan && is_of_policy(*plan) && !plan->metadata.deletion_time)
      found.emplace(plan->metadata.key(), std::move(*plan));
  }
  return found;
}

/// The first error of several pieces of work, each of which is tried.
class FirstError {
public:
  void note(Result<> result) {
    if (!result && first_) first_ = std::move(result);
  }
  Result<> result() { return std::move(first_); }

private:
  Result<> first_{};
};

/// What a template names, of the system namespace unless it says otherwise.
Result<> check_references(const World& world, const api::BackupPolicySpec& policy) {
  const auto& system = world.settings.namespace_name;
  auto references = policy.allowed.storages;
  if (policy.plan_template)
    for (const auto& storage : policy.plan_template->storages)
      references.push_back(storage.storage);
  for (const auto& reference : references) {
    bool is_variable = reference.key(system).text().find("${") != std::string::npos;
    if (!is_variable)
      TRY(find_object<api::BackupStorage>(world.stores.storages, reference.key(system)));
  }
  for (const auto& name : policy.allowed.retention_policies)
    TRY(find_object<api::RetentionPolicy>(world.stores.retention_policies, {system, name}));
  return {};
}

ReadyNote note_of(const World& world, const api::BackupPolicy& policy,
                  const applications::PolicyCounts& counts) {
  auto valid = api::validate(policy.spec, surroundings(world, ""));
  if (!valid) return {std::string(api::reason::invalid_spec), valid.error().message(), false};
  if (auto noise = applications::find_noise(policy.spec); !noise.empty())
    return {std::string(api::reason::not_silent), noise, false};
  if (auto found = check_references(world, policy.spec); !found)
    return {std::string(api::reason::reference_missing), found.error().message(), false};
  if (counts.failed_targets == 0) return {"Kept", "every plan is as the policy wants it"};
  return {"NotExpanded",
          fmt::format("{} targets get no plan, the first because {}", counts.failed_targets,
                      counts.first_failure),
          false};
}

}  // namespace

PolicyKeeper::PolicyKeeper(World& world)
    : world_(world), watch_(world.client, [this] { wake(); }) {}

void PolicyKeeper::wake() {
  std::lock_guard lock{mutex_};
  is_due_ = true;
  woken_.notify_all();
}

void PolicyKeeper::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    {
      std::lock_guard lock{mutex_};
      is_due_ = false;
    }
    auto done = pass(stop);
    if (!done && done.code() != ErrorCode::cancelled)
      log_warning("policies are not all kept", {{"cause", done.error().message()}});
    auto pause = done && *done ? std::chrono::nanoseconds{pass_period} : retry_period;
    {
      std::unique_lock lock{mutex_};
      woken_.wait_for(lock, stop, pause, [&] { return is_due_; });
    }
    world_.clock.sleep(gathering_time, stop);
  }
}

Result<bool> PolicyKeeper::pass(std::stop_token stop) {
  auto scene = TRY(look(stop));
  if (scene.unknown.contains(kube::resources::namespaces())) return false;
  auto decision = applications::decide_policies(scene.scene);
  FirstError trouble;
  trouble.note(keep_plans(scene, decision, stop));
  trouble.note(keep_annotations(scene, decision, stop));
  trouble.note(share_backups(world_, decision.plans, stop));
  trouble.note(keep_readers(stop));
  for (const auto& object : world_.stores.policies.all()) {
    auto policy = api::decode<api::BackupPolicy>(*object);
    if (policy) trouble.note(show_status(*policy, decision.counts[policy->metadata.name], stop));
  }
  TRY(trouble.result());
  return scene.unknown.empty();
}

Result<PolicyKeeper::Scene> PolicyKeeper::look(std::stop_token stop) {
  Scene found;
  found.scene.system_namespace = world_.settings.namespace_name;
  for (const auto& object : world_.stores.policies.all()) {
    auto policy = api::decode<api::BackupPolicy>(*object);
    bool is_good = policy && api::validate(policy->spec, surroundings(world_, ""));
    if (!is_good) found.broken.insert(kube::name_of(*object));
    if (is_good && !policy->metadata.deletion_time)
      found.scene.policies.push_back(std::move(*policy));
  }
  auto kinds = TRY(watched_kinds(found.scene.policies, std::move(stop)));
  watch_.watch_only(kinds);
  found.unknown = watch_.unknown();
  for (const auto& kind : kinds) {
    auto& list = kind.namespaced ? found.scene.workloads : found.scene.namespaces;
    std::ranges::move(watch_.targets_of(kind), std::back_inserter(list));
  }
  return found;
}

Result<std::set<kube::Resource>> PolicyKeeper::watched_kinds(
    const std::vector<api::BackupPolicy>& policies, std::stop_token stop) {
  std::set<kube::Resource> kinds;
  if (policies.empty()) return kinds;
  kinds.insert(kube::resources::namespaces());
  auto now = world_.clock.monotonic();
  if (!discovered_ || now - *discovered_ > discovery_period) {
    discovery_ = TRY(world_.client.discover(std::move(stop)));
    discovered_ = now;
  }
  for (const auto* served : discovery_.preferred()) {
    const auto& resource = served->resource;
    bool is_watchable = resource.namespaced && served->allows("list") && served->allows("watch");
    bool is_named = is_watchable && std::ranges::any_of(policies, [&](const auto& policy) {
                      return applications::names_kind_of(policy.spec.open_to, resource);
                    });
    if (is_named) kinds.insert(resource);
  }
  return kinds;
}

Result<> PolicyKeeper::keep_plans(const Scene& scene, const applications::PolicyDecision& decision,
                                  std::stop_token stop) {
  auto present = plans_of_policies(world_);
  FirstError trouble;
  for (const auto& wanted : decision.plans) {
    present.erase(wanted.key);
    trouble.note(keep_plan(world_, wanted, stop));
  }
  for (const auto& [key, plan] : present) {
    if (scene.broken.contains(plan.spec.policy->name) || is_unknown(plan, scene.unknown)) continue;
    log_info("no policy wants a plan any more", {{"plan", key.text()}});
    trouble.note(
        kube::ensure_removed(world_.client, plans(), key, {.uid = plan.metadata.uid}, stop));
  }
  return trouble.result();
}

Result<> PolicyKeeper::keep_annotations(const Scene& scene,
                                        const applications::PolicyDecision& decision,
                                        std::stop_token stop) {
  FirstError trouble;
  std::map<std::string, std::vector<api::BackupConfiguration>> plans_by_target_name;
  for (const auto& object : world_.stores.plans.all()) {
    auto plan = api::decode<api::BackupConfiguration>(*object);
    if (!plan) continue;
    for (const auto& target : named_targets(*plan))
      plans_by_target_name[target.name].push_back(*plan);
  }
  std::map<std::string, Protection> told;
  for (const auto& target : decision.unprotected) {
    told[target.target.text()] = {target.may_come ? "Pending" : "Failed", target.message};
  }
  for (const auto* targets : {&scene.scene.namespaces, &scene.scene.workloads}) {
    for (const auto& target : *targets) {
      auto shown = target.annotations.contains(std::string(api::annotation::protection));
      auto wanted = told.find(target.text());
      if (!shown && wanted == told.end()) continue;
      // What a plan names is the plan's to show.
      bool is_named = std::ranges::any_of(
          plans_by_target_name[target.key.name],
          [&](const auto& plan) { return names(plan, target.resource, target.key); });
      if (is_named) continue;
      auto protection = wanted == told.end() ? Protection{} : wanted->second;
      auto written = write_protection(world_, target.resource, target.key, protection, stop);
      if (!written.failed_with(ErrorCode::not_found)) trouble.note(std::move(written));
    }
  }
  return trouble.result();
}

Result<> PolicyKeeper::keep_readers(std::stop_token stop) {
  std::vector<std::string> names;
  for (const auto& object : world_.stores.policies.all()) {
    auto enforcement = text_at(*object, "spec", "enforcement");
    if (enforcement != name_of(api::Enforcement::silent)) names.push_back(kube::name_of(*object));
  }
  std::ranges::sort(names);
  if (readable_ == names) return {};
  const auto resource = kube::resources::cluster_roles();
  auto role = kube::make_object(resource, {"", "dmaas-open-policies"});
  JsonArray rules;
  // A rule without names would be one for all.
  if (!names.empty()) {
    rules.push_back(JsonObject{{"apiGroups", JsonArray{std::string(api::group_name)}},
                               {"resources", JsonArray{policies().plural}},
                               {"resourceNames", JsonArray(names.begin(), names.end())},
                               {"verbs", JsonArray{"get", "list", "watch"}}});
  }
  role.as_object()["rules"] = std::move(rules);
  kube::WriteOptions options;
  options.field_manager = policy_field_manager;
  TRY(world_.client.apply(resource, role, options, std::move(stop)));
  readable_ = std::move(names);
  return {};
}

Result<> PolicyKeeper::show_status(const api::BackupPolicy& policy,
                                   const applications::PolicyCounts& counts, std::stop_token stop) {
  auto shown = policy;
  auto& status = shown.status;
  status.observed_generation = policy.metadata.generation;
  status.open_namespaces = counts.open_namespaces;
  status.protected_targets = counts.protected_targets;
  status.failed_targets = counts.failed_targets;
  set_ready(status.conditions, note_of(world_, policy, counts), world_.clock.now());
  if (to_json(status) == to_json(policy.status)) return {};
  auto written = write_status(world_, shown, std::move(stop));
  // Another pass comes with what changed it.
  bool has_changed =
      written.failed_with(ErrorCode::conflict) || written.failed_with(ErrorCode::not_found);
  return has_changed ? Result<>() : written;
}

}  // namespace dmaas::controller
