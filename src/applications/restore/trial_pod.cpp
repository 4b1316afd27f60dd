#include "applications/restore/trial_pod.hpp"

#include "applications/json_walk.hpp"
#include "applications/references.hpp"
#include "kube/object/object.hpp"

namespace dmaas::applications {

Json trial_pod(const Json& workload, const std::function<bool(const ObjectId&)>& exists) {
  const Json* pod_template = pod_template_of(workload);
  if (pod_template == nullptr || pod_template == &workload) return nullptr;
  Json pod = *pod_template;
  pod.as_object()["apiVersion"] = "v1";
  pod.as_object()["kind"] = "Pod";
  JsonObject& metadata = ensure_object(pod, "metadata");
  metadata["generateName"] = "dmaas-preflight-";
  metadata["namespace"] = kube::namespace_of(workload);

  // A controller makes the volumes of its claim templates known to the pod; without them its mounts
  // name nothing.
  Json* spec = at(&pod, "spec");
  for (const auto& item : items_at(workload, "spec", "volumeClaimTemplates")) {
    JsonObject volume{
        {"name", text_at(item, "metadata", "name")},
        {"persistentVolumeClaim", JsonObject{{"claimName", text_at(item, "metadata", "name")}}}};
    Json& volumes = spec->get_object()["volumes"];
    if (!volumes.is_array()) volumes = JsonArray();
    volumes.get_array().push_back(std::move(volume));
  }
  for (const auto& reference : references_of(pod)) {
    const std::string& kind = reference.object.kind;
    const bool judged_now =
        kind == "ServiceAccount" || kind == "PriorityClass" || kind == "RuntimeClass";
    if (!judged_now || exists(reference.object)) continue;
    if (kind == "ServiceAccount") {
      remove_field(spec, "serviceAccountName");
      remove_field(spec, "serviceAccount");
    }
    if (kind == "PriorityClass") remove_field(spec, "priorityClassName");
    if (kind == "RuntimeClass") remove_field(spec, "runtimeClassName");
  }
  return pod;
}

}  // namespace dmaas::applications
