#include "applications/discovery/closure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <unordered_set>

#include "api/labels.hpp"
#include "base/glob.hpp"

namespace dmaas::applications {
namespace {

constexpr std::string_view instance_label = "app.kubernetes.io/instance";

bool is_secret(const ObjectId& id) {
  return id.group.empty() && id.kind == "Secret";
}

/// Such as the binding of the account that runs hooks: nothing that it refers to belongs to the
/// application.
bool is_ours(const ObjectFacts& facts) {
  const auto label = facts.labels.find(std::string(api::label::managed_by));
  return label != facts.labels.end() && label->second == "dmaas";
}

/// Helm's record of a release, which it can keep in ConfigMaps, holds the manifests of its Secrets.
bool holds_secrets(const ObjectId& id) {
  const bool is_record =
      id.group.empty() && id.kind == "ConfigMap" && id.key.name.starts_with("sh.helm.release.v1.");
  return is_secret(id) || is_record;
}

/// What every chosen object needs to exist at all; include rules need not name it.
bool is_supporting(const ObjectId& id) {
  return (id.group.empty() && id.kind == "Namespace") || id.kind == "CustomResourceDefinition";
}

/// What an operator lists for all namespaces: MySQLVersion, ClusterImageCatalog. Its other objects
/// of the cluster, such as stores of secrets, may hold what the plan's team must not see.
bool is_catalogue_kind(std::string_view kind) {
  return kind.ends_with("Version") || kind.ends_with("Catalog") || kind.ends_with("Class");
}

/// kubedb.com and catalog.kubedb.com.
bool is_same_operator(std::string_view group, std::string_view other) {
  if (is_built_in_group(group) || is_built_in_group(other)) return false;
  auto is_under = [](std::string_view inner, std::string_view outer) {
    return inner == outer || inner.ends_with(fmt::format(".{}", outer));
  };
  return is_under(group, other) || is_under(other, group);
}

bool is_in(const Target& target, const ObjectFacts& facts) {
  const std::string& in_namespace = facts.id.key.namespace_name;
  if (in_namespace.empty()) return target.object.has_value() && target.reach == Reach::cluster;
  return std::ranges::find(target.namespaces, in_namespace) != target.namespaces.end();
}

/// Why the object is what the target means; "": it is not.
std::string reason_in(const Target& target, const ObjectFacts& facts) {
  if (target.everything) return "in the namespace";
  if (target.object) {
    const bool named = names_kind(target.object->kind, facts.resource) &&
                       matches_glob(target.object->name, facts.id.key.name);
    return named ? "named by the plan" : "";
  }
  if (target.labels)
    return target.labels->matches(facts.labels) ? "labels " + target.labels->text() : "";
  const auto instance = facts.labels.find(std::string(instance_label));
  const bool of_release =
      facts.helm_release == target.helm_release ||
      (instance != facts.labels.end() && instance->second == target.helm_release);
  return of_release ? "Helm release " + target.helm_release : "";
}

std::string describe(const Target& target) {
  const std::string where =
      target.namespaces.empty() ? "" : fmt::format(" in {}", fmt::join(target.namespaces, ", "));
  if (target.everything) return "anything" + where;
  if (target.object) return fmt::format("{} {}{}", target.object->kind, target.object->name, where);
  if (target.labels) return fmt::format("objects labelled {}{}", target.labels->text(), where);
  return fmt::format("Helm release {}{}", target.helm_release, where);
}

/// The walk from one target; adds to a result that all targets share.
class Walk {
public:
  Walk(const Inventory& inventory, const Target& target, Closure& result)
      : inventory_(inventory), target_(target), selection_(target.selection), result_(result) {}

  void run() {
    bool found = false;
    for (const auto& facts : inventory_.all()) {
      if (!is_in(target_, facts)) continue;
      const std::string reason = reason_in(target_, facts);
      if (reason.empty()) continue;
      found = true;
      visit(facts, reason);
      if (target_.object) begin_with_custom_resources_like(facts);
    }
    if (!found) result_.missing_targets.push_back(describe(target_));
    while (!queue_.empty()) {
      const ObjectFacts* facts = queue_.front();
      queue_.pop_front();
      follow(*facts);
    }
  }

private:
  /// References inside custom resources are not known; the common instance label shows that they
  /// belong.
  void begin_with_custom_resources_like(const ObjectFacts& named) {
    const auto instance = named.labels.find(std::string(instance_label));
    if (instance == named.labels.end()) return;
    for (const auto& facts : inventory_.all()) {
      if (is_built_in_group(facts.id.group) ||
          facts.id.key.namespace_name != named.id.key.namespace_name)
        continue;
      const auto own = facts.labels.find(std::string(instance_label));
      if (own == facts.labels.end() || own->second != instance->second) continue;
      visit(facts, fmt::format("label {}={} as {}", instance_label, own->second, named.id.text()));
    }
  }

  void visit(const ObjectFacts& facts, const std::string& reason) {
    if (!seen_.insert(facts.id).second) return;
    const Described described{facts.resource, facts.id.key.namespace_name, facts.id.key.name,
                              facts.labels, facts.annotations};
    if (selection_.secrets == Secrets::leave_out && holds_secrets(facts.id)) {
      result_.left_out.push_back({facts.id, "Secrets are excluded"});
      return;
    }
    if (picks_any(selection_.exclude, described)) {
      result_.left_out.push_back({facts.id, "excluded by a rule"});
      return;
    }
    if (is_ours(facts)) {
      result_.never_stored.emplace(facts.id, "made by DMaaS for its own work");
      return;
    }
    queue_.push_back(&facts);
    if (const std::string_view never = why_never_stored(facts); !never.empty()) {
      result_.never_stored.emplace(facts.id, never);
    } else if (selection_.include.empty() || is_supporting(facts.id) ||
               picks_any(selection_.include, described)) {
      result_.chosen.push_back({&facts, reason, &target_});
    }
  }

  /// The Service's own controller writes the endpoints of a Service that selects pods.
  std::string_view why_never_stored(const ObjectFacts& facts) const {
    if (facts.id.kind == "Endpoints" && facts.id.group.empty()) {
      const ObjectFacts* service = inventory_.find({"", "Service", facts.id.key});
      if (service != nullptr && service->selects_pods) return "its controller makes it again";
    }
    return facts.never_stored;
  }

  void want(const ObjectId& id, const std::string& reason, bool optional = false) {
    if (const ObjectFacts* facts = inventory_.find(id)) {
      visit(*facts, reason);
    } else if (seen_.insert(id).second) {
      result_.wanted.push_back({id, reason, optional});
    }
  }

  void follow(const ObjectFacts& facts) {
    follow_owners(facts);
    follow_references(facts);
    follow_selectors(facts);
    follow_claim_templates(facts);
    const std::string& in_namespace = facts.id.key.namespace_name;
    if (!facts.never_stored.empty()) return;
    if (!in_namespace.empty())
      want({"", "Namespace", {"", in_namespace}}, "namespace of " + facts.id.text());
    if (!is_built_in_group(facts.id.group)) {
      const std::string name = facts.resource.plural + "." + facts.resource.group;
      want({"apiextensions.k8s.io", "CustomResourceDefinition", {"", name}},
           "defines " + facts.id.kind, true);
    }
  }

  void follow_owners(const ObjectFacts& facts) {
    for (const auto& owner : facts.owners) {
      if (const ObjectFacts* found = inventory_.find_uid(owner.uid))
        visit(*found, "owns " + facts.id.text());
    }
    if (facts.uid.empty()) return;
    for (const ObjectFacts* owned : inventory_.owned_by(facts.uid))
      visit(*owned, "owned by " + facts.id.text());
  }

  void follow_references(const ObjectFacts& facts) {
    for (const auto& reference : facts.references) {
      if (reference.role == ReferenceRole::may_need) follow_likely(facts, reference);
      if (reference.role != ReferenceRole::needs) continue;
      if (is_secret(reference.object)) note_secret(reference.object);
      want(reference.object, fmt::format("{} of {}", reference.where, facts.id.text()));
    }
    for (const ObjectFacts* acting : inventory_.acting_on(facts.id)) {
      if (acting->id.kind == "PersistentVolume") continue;
      visit(*acting, "acts on " + facts.id.text());
    }
  }

  /// All of the namespace is known. Of the cluster's objects only the catalogue of the same
  /// operator is read.
  void follow_likely(const ObjectFacts& facts, const Reference& reference) {
    const std::string reason = fmt::format("{} of {}", reference.where, facts.id.text());
    const ObjectId& id = reference.object;
    if (const ObjectFacts* found = inventory_.find(id)) {
      if (is_secret(id)) note_secret(id);
      visit(*found, reason);
    } else if (is_catalogue_kind(id.kind) && is_same_operator(id.group, facts.id.group)) {
      want({id.group, id.kind, {"", id.key.name}}, reason, true);
    }
  }

  void note_secret(const ObjectId& secret) {
    const ObjectFacts* facts = inventory_.find(secret);
    if (facts == nullptr || !facts->never_stored.empty()) return;
    const Described described{facts->resource, secret.key.namespace_name, secret.key.name,
                              facts->labels, facts->annotations};
    if (selection_.secrets == Secrets::leave_out || picks_any(selection_.exclude, described)) {
      result_.needed_secrets.insert(secret);
    }
  }

  void follow_selectors(const ObjectFacts& facts) {
    if (!facts.pod_labels) return;
    for (const ObjectFacts* selecting : inventory_.selecting_pods_in(facts.id.key.namespace_name)) {
      if (selecting->selects_pods->matches(*facts.pod_labels))
        visit(*selecting, "selects the pods of " + facts.id.text());
    }
  }

  void follow_claim_templates(const ObjectFacts& facts) {
    for (const auto& claim_template : facts.claim_templates) {
      for (const ObjectFacts* claim : inventory_.claims_in(facts.id.key.namespace_name)) {
        if (!is_claim_of(claim->id.key.name, claim_template, facts.id.key.name)) continue;
        visit(*claim, fmt::format("claim template {} of {}", claim_template, facts.id.text()));
      }
    }
  }

  const Inventory& inventory_;
  const Target& target_;
  const Selection& selection_;
  Closure& result_;
  std::unordered_set<ObjectId> seen_;
  std::deque<const ObjectFacts*> queue_;
};

/// What one target chose is there for all: other targets' rules do not take it away.
void unite(Closure& result) {
  std::unordered_set<ObjectId> chosen;
  std::erase_if(result.chosen,
                [&](const auto& entry) { return !chosen.insert(entry.facts->id).second; });
  std::unordered_set<ObjectId> left_out;
  std::erase_if(result.left_out, [&](const LeftOut& entry) {
    return chosen.contains(entry.id) || !left_out.insert(entry.id).second;
  });
  std::erase_if(result.needed_secrets, [&](const ObjectId& id) { return chosen.contains(id); });
}

}  // namespace

Closure close_over(const Inventory& inventory, const std::vector<Target>& targets) {
  Closure result;
  for (const auto& target : targets) Walk(inventory, target, result).run();
  unite(result);
  return result;
}

}  // namespace dmaas::applications
