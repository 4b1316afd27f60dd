#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/object/resource.hpp"
#include "kube/object/selector.hpp"

namespace dmaas::api {
struct BackupTarget;
struct ObjectSelection;
}  // namespace dmaas::api

namespace dmaas::applications {

/// Picks objects. Every field that is given must hold; within a field one entry suffices.
struct Rule {
  std::vector<std::string>
      kinds{};  // "Deployment", "deployments", "deployments.apps", "*.apps", "*"; any case
  std::vector<std::string> names{};                  // globs with * and ?
  std::vector<std::string> namespaces{};             // globs
  kube::LabelSelector labels{};                      // empty: any
  std::map<std::string, std::string> annotations{};  // values are globs
};

enum class Secrets { keep, leave_out };

/// What of an application is stored or restored: everything, or what an `include` rule picks; never
/// what an `exclude` rule picks.
struct Selection {
  std::vector<Rule> include{};
  std::vector<Rule> exclude{};
  Secrets secrets = Secrets::keep;
};

/// The selection that a plan's target or a restore states.
Selection to_selection(const api::ObjectSelection& stated, Secrets secrets);

/// What rules look at.
struct Described {
  const kube::Resource& resource;
  const std::string& namespace_name;
  const std::string& name;
  const std::map<std::string, std::string>& labels;
  const std::map<std::string, std::string>& annotations;
};

bool picks(const Rule& rule, const Described& object);
bool picks_any(const std::vector<Rule>& rules, const Described& object);
/// Whether `text` names the kind of `resource`, as in Rule::kinds.
bool names_kind(std::string_view text, const kube::Resource& resource);

enum class Reach {
  namespaces,  // the target's namespaces, and what of the cluster belongs to objects there
  cluster,     // a target may name cluster-scoped objects
};

/// What an application is found by: exactly one of object, labels, Helm release and everything.
struct Target {
  struct ByName {
    std::string kind{};  // as in Rule::kinds
    std::string name{};  // glob
  };
  struct Everything {};

  std::string name{};
  std::vector<std::string> namespaces{};  // where to look
  Reach reach = Reach::namespaces;
  std::optional<ByName> object{};
  std::optional<kube::LabelSelector> labels{};
  std::string helm_release{};
  std::optional<Everything> everything{};  // all that is in the namespaces

  Selection selection{};
  std::vector<std::string> claims{};           // globs; only their data is taken; empty: all
  std::vector<std::string> excluded_claims{};  // globs; wins
};

/// The target that a plan of `plan_namespace` states.
Target to_target(const api::BackupTarget& stated, const std::string& plan_namespace,
                 Secrets secrets, Reach reach);

bool takes_data_of(const Target& target, std::string_view claim);

}  // namespace dmaas::applications
