#pragma once

#include <map>
#include <string>

#include "kube/object/object_key.hpp"
#include "kube/object/resource.hpp"

namespace dmaas::applications {

/// What a policy may protect: a workload, or a namespace with all that is in it.
struct PolicyTarget {
  kube::Resource resource{};
  kube::ObjectKey key{};  // of a namespace: its name alone
  std::map<std::string, std::string> labels{};
  std::map<std::string, std::string> annotations{};

  bool is_namespace() const { return !resource.namespaced; }
  const std::string& namespace_name() const {
    return is_namespace() ? key.name : key.namespace_name;
  }
  /// "StatefulSet shop/mariadb", for messages.
  std::string text() const { return resource.kind + " " + key.text(); }
};

}  // namespace dmaas::applications
