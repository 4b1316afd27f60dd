#pragma once

#include "kube/object/resource.hpp"

namespace dmaas::applications {

enum class RestorePart {
  configuration,  // what workloads need to exist: namespaces, definitions, roles, settings, claims
  workloads,      // what runs, and what serves or changes what runs
};

struct RestoreOrder {
  RestorePart part = RestorePart::configuration;
  int priority = 0;  // lower first; objects of one priority do not depend on each other

  auto operator<=>(const RestoreOrder&) const = default;
};

RestoreOrder restore_order_of(const kube::Resource& resource);

}  // namespace dmaas::applications
