#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "applications/object_id.hpp"
#include "base/json.hpp"

namespace dmaas::applications {

enum class ReferenceRole {
  needs,     // without the named object this one does not work: a pod and its Secret
  acts_on,   // this one serves the named object: an autoscaler and its Deployment
  may_need,  // as `needs`, by the form of a custom resource's field: often no such object is there
};

/// One place inside an object that names another object.
struct Reference {
  ObjectId object{};
  ReferenceRole role = ReferenceRole::needs;
  std::string where{};  // for people: "volumes[data]"

  bool operator==(const Reference&) const = default;
};

/// The pod spec that `object` is or contains (Pod, workloads, CronJob, custom resources with
/// `spec.template.spec`); null when there is none.
const Json* pod_spec_of(const Json& object);
/// The Pod, or the pod template that holds `pod_spec_of(object)`; null when there is none.
const Json* pod_template_of(const Json& object);
Json* pod_template_of(Json& object);

/// All structured references of `object`. Owners and selectors are not among them, nor names inside
/// free text such as environment values. Of custom resources those that operators commonly use:
/// docs/decisions/0015-references-of-custom-resources.md. None of these leads to another namespace.
std::vector<Reference> references_of(const Json& object);

/// Writes what `rename` returns into every place that `references_of` would report; nothing leaves
/// a place as it is. The new namespace is written only where the place names one.
void rewrite_references(
    Json& object, const std::function<std::optional<kube::ObjectKey>(const Reference&)>& rename);

}  // namespace dmaas::applications
