#pragma once

#include <compare>
#include <functional>
#include <string>

namespace dmaas::kube {

/// Names one object among those of its kind. The namespace of a cluster-scoped object is "".
struct ObjectKey {
  std::string namespace_name{};
  std::string name{};

  /// "namespace/name", or "name" alone without namespace.
  std::string text() const { return namespace_name.empty() ? name : namespace_name + "/" + name; }

  auto operator<=>(const ObjectKey&) const = default;
};

}  // namespace dmaas::kube

template <>
struct std::hash<dmaas::kube::ObjectKey> {
  std::size_t operator()(const dmaas::kube::ObjectKey& key) const noexcept {
    return std::hash<std::string>{}(key.namespace_name) * 31 + std::hash<std::string>{}(key.name);
  }
};
