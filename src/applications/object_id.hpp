#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "kube/object/object_key.hpp"

namespace dmaas::applications {

/// One object of a cluster whatever API version it is read in.
struct ObjectId {
  std::string group{};  // "" is the core group
  std::string kind{};
  kube::ObjectKey key{};

  /// "ConfigMap shop/settings"; for people.
  std::string text() const { return kind + " " + key.text(); }

  auto operator<=>(const ObjectId&) const = default;
};

/// "apps" for apps/v1, "" for v1.
std::string group_of(const Json& object);
ObjectId id_of(const Json& object);

/// Whether `group` is one that Kubernetes itself serves; the kinds of all others come from
/// definitions or other servers.
bool is_built_in_group(std::string_view group);

}  // namespace dmaas::applications

template <>
struct std::hash<dmaas::applications::ObjectId> {
  std::size_t operator()(const dmaas::applications::ObjectId& id) const noexcept {
    const std::hash<std::string> of_text;
    return (of_text(id.group) * 31 + of_text(id.kind)) * 31 +
           std::hash<dmaas::kube::ObjectKey>{}(id.key);
  }
};
