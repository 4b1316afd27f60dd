#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/conditions.hpp"
#include "api/object.hpp"
#include "api/references.hpp"

namespace dmaas::api {

/// backup: plans may capture; restore: sessions may write; read: sessions may restore from.
enum class GrantVerb { backup, restore, read };
constexpr auto names_of(GrantVerb) {
  return std::to_array<std::string_view>({"backup", "restore", "read"});
}

struct GrantReceiver {
  std::string namespace_name{};
  std::string plan{};
  bool operator==(const GrantReceiver&) const = default;

  static void fields(auto& self, auto&& field) {
    field("namespace", self.namespace_name, "Namespace that may act here.", rule::required,
          rule::min_length(1), rule::max_length(63));
    field("plan", self.plan, "Only this plan of it.", rule::max_length(253));
  }
};

struct GrantScope {
  std::vector<std::string> kinds{};
  std::vector<std::string> names{};
  std::optional<LabelSelector> selector{};
  std::vector<std::string> repositories{};
  bool operator==(const GrantScope&) const = default;

  static void fields(auto& self, auto&& field) {
    field("kinds", self.kinds,
          "Only objects of these kinds, such as Secret or certificates.cert-manager.io. Empty: all "
          "kinds.",
          rule::max_items(100));
    field("names", self.names,
          "Only objects with these names; * and ? match any characters. Empty: all names.",
          rule::max_items(200));
    field("selector", self.selector, "Only objects with these labels.");
    field("repositories", self.repositories,
          "Repositories of this namespace that read gives access to.", rule::max_items(100));
  }
};

/// In the namespace that gives.
struct BackupGrantSpec {
  GrantReceiver to{};
  GrantScope what{};
  std::vector<GrantVerb> verbs{};

  static void fields(auto& self, auto&& field) {
    field("to", self.to, "Who may act in this namespace.", rule::required);
    field("what", self.what, "On what. Empty: all objects, no repository.");
    field("verbs", self.verbs,
          "backup: capture objects and volumes of this namespace; restore: create objects in it; "
          "read: restore "
          "from its repositories.",
          rule::required, rule::min_items(1), rule::max_items(3));
    field.rule(
        "!('read' in self.verbs) || (has(self.what) && has(self.what.repositories) && "
        "size(self.what.repositories) > 0)",
        "verb read needs what.repositories: name the repositories that may be read");
  }
};

struct BackupGrantStatus {
  std::int64_t observed_generation = 0;
  std::vector<std::string> used_by{};
  Conditions conditions{};

  static void fields(auto& self, auto&& field) {
    field("observedGeneration", self.observed_generation,
          "Generation of the spec that this status is about.");
    field("usedBy", self.used_by,
          "Plans and sessions that use it, as Kind/namespace/name; the first 50.",
          rule::max_items(50));
    field("conditions", self.conditions, "What works and what does not.", rule::keys("type"));
  }
};

using BackupGrant = Object<BackupGrantSpec, BackupGrantStatus>;
template <>
const KindInfo& kind_info<BackupGrant>();

/// One use that a grant may allow.
struct GrantRequest {
  GrantVerb verb = GrantVerb::backup;
  std::string from_namespace{};
  std::string plan{};      // "" when no plan asks
  std::string kind{};      // "Secret"; "" when the verb is read
  std::string resource{};  // "certificates.cert-manager.io"
  std::string name{};
  std::map<std::string, std::string> labels{};
  std::string repository{};  // when the verb is read
};
bool allows(const BackupGrantSpec& grant, const GrantRequest& request);

}  // namespace dmaas::api
