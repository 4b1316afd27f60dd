#include "applications/policy/check_bounds.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "api/problems.hpp"
#include "base/cron.hpp"
#include "base/time_text.hpp"

namespace dmaas::applications {
namespace {

/// Enough to meet every gap of a schedule that a person writes.
constexpr int max_looked_at = 400;

/// The shortest time between two starts. In UTC: a change of clocks is nobody's fault.
Result<std::chrono::nanoseconds> shortest_gap(const std::string& schedule) {
  auto cron = TRY(CronSchedule::parse(schedule));
  auto last = cron.next_after(Timestamp{});
  auto shortest = std::chrono::nanoseconds::max();
  for (int i = 0; i < max_looked_at; ++i) {
    auto next = cron.next_after(last);
    shortest = std::min<std::chrono::nanoseconds>(shortest, next - last);
    last = next;
  }
  return shortest;
}

/// In thousandths, since a CPU is mostly given so.
Result<std::int64_t> thousandths_of(const std::string& quantity) {
  if (quantity.ends_with("m")) return parse_quantity(quantity.substr(0, quantity.size() - 1));
  bool is_plain = quantity.find_first_not_of("0123456789.") == std::string::npos;
  if (is_plain) return parse_quantity(quantity + "k");
  auto units = TRY(parse_quantity(quantity));
  constexpr std::int64_t thousand = 1000;
  return units > INT64_MAX / thousand ? INT64_MAX : units * thousand;
}

std::string names_of_storages(const api::PlanBounds& bounds, const std::string& system) {
  std::vector<std::string> names;
  for (const auto& storage : bounds.storages) names.push_back(storage.key(system).text());
  if (bounds.own_storage) names.emplace_back("any of its own namespace");
  return names.empty() ? "none of its own namespace" : fmt::format("{}", fmt::join(names, ", "));
}

void check_storages(const api::PlanBounds& bounds, const BoundedPlan& plan,
                    api::Problems& problems) {
  for (std::size_t i = 0; i < plan.storages.size(); ++i) {
    const auto& storage = plan.storages[i];
    bool is_own = storage.namespace_name == plan.namespace_name;
    bool is_listed = lists_storage(bounds, storage, plan.system_namespace);
    bool is_allowed = is_listed || (is_own ? bounds.own_storage : bounds.storages.empty());
    auto path = plan.spec.storages.empty() ? std::string("spec.storages")
                                           : fmt::format("spec.storages[{}].storageRef", i);
    problems.add_unless(is_allowed, path,
                        fmt::format("'{}' is not allowed; use {}", storage.text(),
                                    names_of_storages(bounds, plan.system_namespace)));
  }
}

void check_retention(const api::PlanBounds& bounds, const BoundedPlan& plan,
                     api::Problems& problems) {
  if (bounds.retention_policies.empty()) return;
  auto check = [&](const std::optional<api::NamespacedReference>& used, const std::string& path) {
    bool is_allowed = used &&
                      used->key(plan.namespace_name).namespace_name == plan.system_namespace &&
                      std::ranges::count(bounds.retention_policies, used->name) > 0;
    problems.add_unless(is_allowed, path,
                        fmt::format("must be one of namespace {}: {}", plan.system_namespace,
                                    fmt::join(bounds.retention_policies, ", ")));
  };
  bool all_have_own = !plan.spec.storages.empty();
  for (std::size_t i = 0; i < plan.spec.storages.size(); ++i) {
    const auto& own = plan.spec.storages[i].retention_policy;
    all_have_own = all_have_own && own;
    if (own) check(own, fmt::format("spec.storages[{}].retentionPolicyRef", i));
  }
  if (!all_have_own) check(plan.spec.retention_policy, "spec.retentionPolicyRef");
}

void check_schedule(const api::PlanBounds& bounds, const api::BackupRun& run,
                    const std::string& path, api::Problems& problems) {
  if (!bounds.min_interval || !run.is_timed()) return;
  auto gap =
      run.interval ? Result<std::chrono::nanoseconds>(*run.interval) : shortest_gap(run.schedule);
  if (!gap || *gap >= *bounds.min_interval) return;
  problems.add(path + (run.interval ? ".interval" : ".schedule"),
               fmt::format("starts again after {}; leave at least {} between two starts",
                           format_duration(*gap), format_duration(*bounds.min_interval)));
}

void check_mover(const api::MoverBounds& bounds, const api::MoverSettings& mover,
                 const std::string& path, api::Problems& problems) {
  for (const auto* given : {&mover.resources.requests, &mover.resources.limits}) {
    for (const auto& [name, most] : bounds.resources) {
      auto used = given->find(name);
      if (used == given->end()) continue;
      auto value = thousandths_of(used->second.text);
      auto limit = thousandths_of(most.text);
      const auto* field = given == &mover.resources.requests ? "requests" : "limits";
      problems.add_unless(
          value && limit && *value <= *limit, fmt::format("{}.resources.{}.{}", path, field, name),
          fmt::format("'{}' is too much; at most {}", used->second.text, most.text));
    }
  }
  bool is_any = bounds.priority_classes.empty() || mover.priority_class_name.empty();
  problems.add_unless(
      is_any || std::ranges::count(bounds.priority_classes, mover.priority_class_name) > 0,
      path + ".priorityClassName",
      fmt::format("'{}' is not allowed; use {}", mover.priority_class_name,
                  fmt::join(bounds.priority_classes, ", ")));
}

}  // namespace

bool lists_storage(const api::PlanBounds& bounds, const kube::ObjectKey& storage,
                   const std::string& system_namespace) {
  return std::ranges::any_of(
      bounds.storages, [&](const auto& listed) { return listed.key(system_namespace) == storage; });
}

Result<> check_bounds(const api::PlanBounds& bounds, const BoundedPlan& plan) {
  api::Problems problems;
  check_storages(bounds, plan, problems);
  check_retention(bounds, plan, problems);
  for (std::size_t i = 0; i < plan.spec.runs.size(); ++i) {
    const auto& run = plan.spec.runs[i];
    auto path = fmt::format("spec.runs[{}]", i);
    bool is_type = bounds.run_types.empty() || std::ranges::count(bounds.run_types, run.type) > 0;
    problems.add_unless(is_type, path + ".type",
                        fmt::format("'{}' is not allowed; choose another type", name_of(run.type)));
    check_schedule(bounds, run, path, problems);
    check_mover(bounds.mover, run.mover, path + ".mover", problems);
  }
  auto checked = problems.result();
  if (checked) return {};
  return fail(ErrorCode::permission_denied, checked.error().message());
}

}  // namespace dmaas::applications
