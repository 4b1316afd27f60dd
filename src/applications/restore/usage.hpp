#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "kube/object/resource.hpp"

namespace dmaas::applications {

/// A Kubernetes quantity ("500m", "1Gi", "2e3") in its base unit. Errors: invalid_input.
Result<double> parse_quantity(std::string_view text);

/// What objects take of a namespace's quota, by the quota's own names: "pods", "requests.cpu",
/// "persistentvolumeclaims".
using Usage = std::map<std::string, double>;

/// Of one object with all its replicas. A DaemonSet counts as one pod: how many nodes it runs on is
/// not known.
Usage usage_of(const kube::Resource& resource, const Json& object);
void add_usage(Usage& sum, const Usage& added);

/// What of `needed` a ResourceQuota has no room for, a sentence for each with need and what is
/// left; empty: it fits. Quotas with scopes are not judged.
std::vector<std::string> shortages_of(const Json& quota, const Usage& needed);

}  // namespace dmaas::applications
