#include "applications/discover.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "applications/discovery/closure.hpp"
#include "applications/discovery/never_stored.hpp"
#include "kube/object/object.hpp"

namespace dmaas::applications {
namespace {

/// Each round reads what the last one found; the longest known chain (pod, account, binding, role)
/// needs 3.
constexpr int max_rounds = 16;

class Reader {
public:
  Reader(const ClusterView& view, const std::vector<Target>& targets, std::stop_token stop)
      : view_(view), targets_(targets), stop_(stop) {}

  Result<> read_targets() {
    std::set<std::string> namespaces;
    for (const auto& target : targets_) {
      namespaces.insert(target.namespaces.begin(), target.namespaces.end());
      if (target.reach == Reach::cluster) TRY(read_cluster_scoped(target));
    }
    for (const auto& group : view_.discovery().incomplete_groups()) {
      warnings_.push_back(
          fmt::format("the server of {} does not answer: its objects are not known", group));
    }
    for (const auto& name : namespaces) TRY(read_namespace(name));
    if (!namespaces.empty()) TRY(read_kind("rbac.authorization.k8s.io", "ClusterRoleBinding"));
    return {};
  }

  /// Reads what a closure wants; false when there was nothing new.
  Result<bool> read_wanted(const std::vector<Wanted>& wanted) {
    bool added = false;
    for (const auto& want : wanted) {
      if (!asked_.insert(want.id).second) continue;
      added = TRY(read_one(want)) || added;
    }
    return added;
  }

  const Inventory& inventory() const { return inventory_; }
  std::vector<std::string> take_warnings() { return std::move(warnings_); }
  std::vector<std::string> take_obstacles() { return std::move(obstacles_); }

  Result<Claim> read_claim(const ObjectFacts& facts) {
    const Json claim = TRY(view_.get(facts.resource, facts.id.key, stop_));
    const Json volume =
        TRY(get_if_there("", "PersistentVolume", text_at(claim, "spec", "volumeName")));
    const Json driver =
        TRY(get_if_there("storage.k8s.io", "CSIDriver", text_at(volume, "spec", "csi", "driver")));
    Claim result = describe_claim(claim, volume.is_null() ? nullptr : &volume,
                                  driver.is_null() ? nullptr : &driver);
    for (const ObjectFacts* pod : inventory_.pods_in(facts.id.key.namespace_name)) {
      if (mounts(*pod, facts.id)) result.users.push_back({pod->id.key.name, pod->uid, pod->node});
    }
    return result;
  }

private:
  static bool mounts(const ObjectFacts& pod, const ObjectId& claim) {
    if (pod.pod_phase == "Succeeded" || pod.pod_phase == "Failed") return false;
    return std::ranges::any_of(
        pod.references, [&](const Reference& reference) { return reference.object == claim; });
  }

  /// Null when absent, forbidden, or `name` is empty.
  Result<Json> get_if_there(std::string_view group, std::string_view kind,
                            const std::string& name) {
    const auto* served = view_.discovery().find_kind(group, kind);
    if (served == nullptr || name.empty()) return Json();
    auto found = view_.get(served->resource, {"", name}, stop_);
    if (found) return found;
    if (is_tolerable(found.code())) return Json();
    return fail(std::move(found).error());
  }

  static bool is_tolerable(ErrorCode code) {
    return code == ErrorCode::not_found || code == ErrorCode::permission_denied ||
           code == ErrorCode::unsupported;
  }

  Result<> read_namespace(const std::string& name) {
    const Json itself = TRY(get_if_there("", "Namespace", name));
    if (kube::is_terminating(itself))
      obstacles_.push_back(fmt::format("namespace {} is being deleted", name));
    for (const auto* served : view_.discovery().preferred()) {
      if (served->resource.namespaced) TRY(read_list(*served, name));
    }
    return {};
  }

  Result<> read_cluster_scoped(const Target& target) {
    for (const auto* served : view_.discovery().preferred()) {
      const bool meant = target.object && names_kind(target.object->kind, served->resource);
      if (meant && !served->resource.namespaced) TRY(read_list(*served, ""));
    }
    return {};
  }

  Result<> read_kind(std::string_view group, std::string_view kind) {
    const auto* served = view_.discovery().find_kind(group, kind);
    return served == nullptr ? Result<>() : read_list(*served, "");
  }

  Result<> read_list(const kube::ServedResource& served, const std::string& namespace_name) {
    if (!served.allows("list") || !reason_never_stored(served.resource).empty()) return {};
    auto sink = [&](Json object) -> Result<> {
      inventory_.add(facts_of(served.resource, object));
      return {};
    };
    auto listed = view_.list(served.resource, namespace_name, sink, stop_);
    if (listed) return {};
    if (!is_tolerable(listed.code())) return listed;
    if (listed.code() == ErrorCode::permission_denied)
      warnings_.push_back(listed.error().message());
    return {};
  }

  Result<bool> read_one(const Wanted& want) {
    const auto* served = view_.discovery().find_kind(want.id.group, want.id.kind);
    if (served != nullptr && !reason_never_stored(served->resource).empty()) return false;
    // A custom resource may name what its namespace does not have: that is no object of the
    // cluster.
    if (served != nullptr && served->resource.namespaced == want.id.key.namespace_name.empty())
      return false;
    const bool readable = served != nullptr && served->allows("get");
    Result<Json> found = fail(ErrorCode::not_found, "the cluster does not serve the kind");
    if (readable) found = view_.get(served->resource, want.id.key, stop_);
    if (found) {
      inventory_.add(facts_of(served->resource, *found));
      return true;
    }
    if (!is_tolerable(found.code())) return fail(std::move(found).error());
    if (found.failed_with(ErrorCode::not_found) && holds_wanted_data(want.id)) {
      obstacles_.push_back(
          fmt::format("claim {} does not exist, and a pod needs it ({}): bring it back, or exclude "
                      "it in the plan's volumes",
                      want.id.key.text(), want.reason));
    }
    if (!want.optional) {
      warnings_.push_back(
          fmt::format("{} ({}): {}", want.id.text(), want.reason, found.error().message()));
    }
    return false;
  }

  /// A claim of which a plan takes the data and that a pod waits for; others may never be made.
  bool holds_wanted_data(const ObjectId& id) const {
    if (!id.group.empty() || id.kind != "PersistentVolumeClaim") return false;
    const bool is_needed =
        std::ranges::any_of(inventory_.pods_in(id.key.namespace_name),
                            [&](const ObjectFacts* pod) { return mounts(*pod, id); });
    return is_needed && std::ranges::any_of(targets_, [&](const Target& target) {
             return takes_data_of(target, id.key.name);
           });
  }

  const ClusterView& view_;
  const std::vector<Target>& targets_;
  const std::stop_token stop_;
  Inventory inventory_;
  std::set<ObjectId> asked_;
  std::vector<std::string> warnings_;
  std::vector<std::string> obstacles_;
};

Result<> add_members(Reader& reader, const Closure& closure, Application& application) {
  for (const auto& [facts, reason, target] : closure.chosen) {
    application.members.push_back({facts->resource, facts->id, reason, target->name});
    if (facts->id.kind != "PersistentVolumeClaim" || !facts->id.group.empty()) continue;
    if (!takes_data_of(*target, facts->id.key.name)) {
      application.left_out.push_back({facts->id, "its data is excluded by a rule"});
      continue;
    }
    auto claim = reader.read_claim(*facts);
    if (claim.failed_with(ErrorCode::not_found)) continue;
    application.claims.push_back(TRY(std::move(claim)));
    application.claims.back().target = target->name;
  }
  std::ranges::sort(application.members, {}, &Member::id);
  std::ranges::sort(application.claims, {}, &Claim::key);
  return {};
}

}  // namespace

Result<Application> discover(const ClusterView& view, const std::vector<Target>& targets,
                             std::stop_token stop) {
  Reader reader(view, targets, stop);
  TRY(reader.read_targets());
  Closure closure = close_over(reader.inventory(), targets);
  for (int round = 0; round < max_rounds && TRY(reader.read_wanted(closure.wanted)); ++round) {
    closure = close_over(reader.inventory(), targets);
  }

  Application application;
  application.left_out = std::move(closure.left_out);
  TRY(add_members(reader, closure, application));
  for (const auto& [id, reason] : closure.never_stored)
    ++application.never_stored[std::string(reason)];
  application.missing_targets = std::move(closure.missing_targets);
  application.needed_secrets.assign(closure.needed_secrets.begin(), closure.needed_secrets.end());
  application.warnings = reader.take_warnings();
  application.obstacles = reader.take_obstacles();
  return application;
}

}  // namespace dmaas::applications
