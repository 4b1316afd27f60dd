#include "controller/mover_pod.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "api/labels.hpp"
#include "base/yaml.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

constexpr std::string_view bundle_path = "/dmaas";
// 600 s is the least that the API server grants; kubelet renews at 80 %.
constexpr int token_lifetime_seconds = 600;

JsonArray capabilities_of(MoverRights rights) {
  switch (rights) {
    case MoverRights::none:
      return {};
    case MoverRights::read:
      return {"DAC_READ_SEARCH"};
    case MoverRights::restore:
      return {"CHOWN", "FOWNER", "DAC_OVERRIDE", "FSETID", "SETFCAP", "MKNOD"};
  }
  return {};
}

JsonObject security_context(MoverRights rights) {
  JsonObject capabilities{{"drop", JsonArray{"ALL"}}};
  JsonObject context{{"allowPrivilegeEscalation", false}, {"readOnlyRootFilesystem", true}};
  if (rights == MoverRights::none) {
    context["runAsNonRoot"] = true;
    context["runAsUser"] = 65532;
  } else {
    context["runAsUser"] = 0;
    capabilities["add"] = capabilities_of(rights);
  }
  context["capabilities"] = std::move(capabilities);
  return context;
}

JsonObject token_source(std::string_view audience, std::string_view path) {
  return {
      {"serviceAccountToken",
       {{"audience", audience}, {"expirationSeconds", token_lifetime_seconds}, {"path", path}}}};
}

JsonObject token_volume() {
  return {{"name", "dmaas-tokens"},
          {"projected",
           {{"sources", JsonArray{token_source(gateway_audience, "gateway-token"),
                                  token_source(controller_audience, "controller-token")}}}}};
}

JsonObject resources_of(const api::MoverSettings& settings) {
  JsonObject requests{{"cpu", "100m"}, {"memory", "64Mi"}};
  JsonObject limits{{"memory", "512Mi"}};
  for (const auto& [name, quantity] : settings.resources.requests) requests[name] = quantity.text;
  for (const auto& [name, quantity] : settings.resources.limits) limits[name] = quantity.text;
  return {{"requests", std::move(requests)}, {"limits", std::move(limits)}};
}

JsonArray arguments_of(const MoverPod& pod, const Settings& settings) {
  auto controller = fmt::format("https://dmaas-controller.{}.svc:8443", settings.namespace_name);
  return {boost::json::string(pod.role), "--controller", boost::json::string(controller),
          "--token-directory", "/var/run/secrets/dmaas"};
}

/// The container in the product's own image.
JsonObject own_container(const MoverPod& pod, const Settings& settings,
                         const std::string& ca_certificate) {
  JsonArray mounts{
      JsonObject{
          {"name", "dmaas-tokens"}, {"mountPath", "/var/run/secrets/dmaas"}, {"readOnly", true}},
      JsonObject{{"name", "dmaas-scratch"}, {"mountPath", "/tmp"}}};
  JsonObject container{
      {"name", "mover"},
      {"image", settings.image},
      {"imagePullPolicy", settings.image_pull_policy},
      {"args", arguments_of(pod, settings)},
      {"env", JsonArray{JsonObject{{"name", "DMAAS_CA"}, {"value", ca_certificate}}}},
      {"resources", resources_of(pod.settings)},
      {"securityContext", security_context(pod.rights)}};
  if (!pod.claim.empty() && pod.volume_mode == api::VolumeMode::block) {
    container["volumeDevices"] =
        JsonArray{JsonObject{{"name", "data"}, {"devicePath", volume_device_path}}};
  } else if (!pod.claim.empty()) {
    JsonObject mount{{"name", "data"}, {"mountPath", volume_mount_path}};
    if (pod.rights == MoverRights::read) mount["readOnly"] = true;
    mounts.push_back(std::move(mount));
  }
  container["volumeMounts"] = std::move(mounts);
  return container;
}

bool is_token(const Json& source) {
  return find(source, "serviceAccountToken") != nullptr;
}

/// What may be mounted beside the application: no data, no token for the API server.
bool is_configuration(const Json& volume) {
  if (find(volume, "configMap") != nullptr || find(volume, "secret") != nullptr) return true;
  return find(volume, "projected") != nullptr &&
         std::ranges::none_of(items_at(volume, "projected", "sources"), is_token);
}

/// Mounts of `container` that hold its configuration, with the volumes behind them.
struct Configuration {
  JsonArray mounts{};
  JsonArray volumes{};
};

Configuration configuration_of(const Json& application_pod, const Json& container) {
  Configuration found;
  for (const auto& volume : items_at(application_pod, "spec", "volumes")) {
    if (!is_configuration(volume)) continue;
    auto is_mount = [&](const Json& mount) {
      return text_at(mount, "name") == text_at(volume, "name");
    };
    const auto& mounts = items_at(container, "volumeMounts");
    if (std::ranges::none_of(mounts, is_mount)) continue;
    std::ranges::copy_if(mounts, std::back_inserter(found.mounts), is_mount);
    found.volumes.push_back(volume);
  }
  return found;
}

/// The account of the application's container, without any capability.
JsonObject application_context(const Json& container) {
  JsonObject context{{"allowPrivilegeEscalation", false},
                     {"capabilities", {{"drop", JsonArray{"ALL"}}}}};
  for (auto name :
       {"runAsUser", "runAsGroup", "runAsNonRoot", "seLinuxOptions", "seccompProfile"}) {
    if (const Json* value = find(container, "securityContext", name)) context[name] = *value;
  }
  return context;
}

/// A field of the container that is meant by its name is then a field of the mover.
Json environment_variable(Json variable, const Json& container) {
  Json* source = variable.as_object().if_contains("valueFrom");
  Json* field = source == nullptr || !source->is_object()
                    ? nullptr
                    : source->as_object().if_contains("resourceFieldRef");
  if (field != nullptr && text_at(*field, "containerName") == text_at(container, "name"))
    field->as_object().erase("containerName");
  return variable;
}

/// The container in the application's image: its environment and account, no probe, no port, no
/// command of its own. Of its volumes only configuration is mounted, never data.
JsonObject application_container(const MoverPod& pod, const Json& original,
                                 const Settings& settings, const std::string& ca_certificate) {
  auto container = own_container(pod, settings, ca_certificate);
  for (auto name : {"image", "imagePullPolicy", "envFrom"}) {
    if (const Json* value = find(original, name)) container[name] = *value;
  }
  auto& environment = container["env"].as_array();
  for (const auto& variable : items_at(original, "env"))
    environment.push_back(environment_variable(variable, original));
  auto program = fmt::format("{}/dmaas", bundle_path);
  JsonArray command{boost::json::string(fmt::format("{}/lib/ld-linux-x86-64.so.2", bundle_path)),
                    "--library-path", boost::json::string(fmt::format("{}/lib", bundle_path)),
                    boost::json::string(program)};
  container["command"] = std::move(command);
  container["securityContext"] = application_context(original);
  auto& mounts = container["volumeMounts"].as_array();
  mounts.push_back(
      JsonObject{{"name", "dmaas-bundle"}, {"mountPath", bundle_path}, {"readOnly", true}});
  for (auto& mount : configuration_of(*pod.application_pod, original).mounts)
    mounts.push_back(std::move(mount));
  return container;
}

/// Copies program, libraries and loader into a volume that the application's image then runs from.
JsonObject bundle_container(const MoverPod& pod, const Json& original, const Settings& settings) {
  auto context = application_context(original);
  context["readOnlyRootFilesystem"] = true;
  return {{"name", "bundle"},
          {"image", settings.image},
          {"imagePullPolicy", settings.image_pull_policy},
          {"args", JsonArray{"bundle", "--target", boost::json::string(bundle_path)}},
          {"resources", resources_of(pod.settings)},
          {"securityContext", std::move(context)},
          {"volumeMounts",
           JsonArray{JsonObject{{"name", "dmaas-bundle"}, {"mountPath", bundle_path}}}}};
}

/// Of the pod: never fsGroup, which makes kubelet change the files of every volume that is mounted;
/// its group comes along as any other.
JsonObject pod_context(const Json& application_pod) {
  const Json* original = find(application_pod, "spec", "securityContext");
  auto context =
      original != nullptr && original->is_object() ? original->get_object() : JsonObject{};
  if (context.contains("fsGroup")) {
    auto& groups = context["supplementalGroups"];
    if (!groups.is_array()) groups.emplace_array();
    groups.as_array().push_back(context.at("fsGroup"));
  }
  context.erase("fsGroup");
  context.erase("fsGroupChangePolicy");
  if (!context.contains("seccompProfile"))
    context["seccompProfile"] = JsonObject{{"type", "RuntimeDefault"}};
  return context;
}

/// Puts the program into the application's image, with the application's account.
void carry_into_application(const MoverPod& pod, JsonObject& spec, JsonArray& volumes,
                            const Settings& settings, const std::string& ca_certificate) {
  const Json* original = find_container(*pod.application_pod, pod.application_container);
  ENSURE(original != nullptr);
  for (auto name : {"serviceAccountName", "imagePullSecrets", "hostAliases", "runtimeClassName",
                    "tolerations", "nodeSelector"}) {
    if (const Json* value = find(*pod.application_pod, "spec", name)) spec[name] = *value;
  }
  if (const Json* affinity = find(*pod.application_pod, "spec", "affinity", "nodeAffinity"))
    spec["affinity"] = JsonObject{{"nodeAffinity", *affinity}};
  spec["securityContext"] = pod_context(*pod.application_pod);
  spec["initContainers"] = JsonArray{bundle_container(pod, *original, settings)};
  spec["containers"] = JsonArray{application_container(pod, *original, settings, ca_certificate)};
  for (auto& volume : configuration_of(*pod.application_pod, *original).volumes)
    volumes.push_back(std::move(volume));
  volumes.push_back(JsonObject{{"name", "dmaas-bundle"}, {"emptyDir", JsonObject{}}});
}

JsonObject toleration_json(const api::Toleration& toleration) {
  JsonObject json{
      {"operator", toleration.operation == api::TolerationOperator::exists ? "Exists" : "Equal"}};
  if (!toleration.key.empty()) json["key"] = toleration.key;
  if (!toleration.value.empty()) json["value"] = toleration.value;
  if (toleration.effect != api::TaintEffect::any) {
    json["effect"] = names_of(toleration.effect)[static_cast<std::size_t>(toleration.effect)];
  }
  return json;
}

void place(JsonObject& spec, const MoverPod& pod) {
  for (const auto& [name, value] : pod.placement) spec[name] = value;
  auto& tolerations = spec["tolerations"];
  if (!tolerations.is_array()) tolerations.emplace_array();
  for (const auto& toleration : pod.settings.tolerations)
    tolerations.as_array().push_back(toleration_json(toleration));
  if (!pod.settings.node_selector.empty()) {
    auto& selector = spec["nodeSelector"];
    if (!selector.is_object()) selector.emplace_object();
    for (const auto& [key, value] : pod.settings.node_selector) selector.as_object()[key] = value;
  }
  if (!pod.settings.priority_class_name.empty())
    spec["priorityClassName"] = pod.settings.priority_class_name;
  if (pod.node.empty()) return;
  // Unlike nodeName this keeps the scheduler's checks; the node may be cordoned and still has to be
  // read.
  tolerations.as_array().push_back(JsonObject{{"operator", "Exists"}});
  JsonObject expression{{"key", "metadata.name"},
                        {"operator", "In"},
                        {"values", JsonArray{boost::json::string(pod.node)}}};
  spec["affinity"] = JsonObject{
      {"nodeAffinity",
       {{"requiredDuringSchedulingIgnoredDuringExecution",
         {{"nodeSelectorTerms",
           JsonArray{JsonObject{{"matchFields", JsonArray{std::move(expression)}}}}}}}}}};
}

JsonObject labels_of(const MoverPod& pod) {
  return {{api::label::managed_by, "dmaas"},
          {api::label::part, pod.part},
          {api::label::session, kube::to_label_value(pod.session.name)},
          {api::label::session_namespace, pod.session.namespace_name},
          {api::label::session_uid, pod.session.uid},
          {api::label::component, kube::to_label_value(pod.component)}};
}

}  // namespace

const Json* find_container(const Json& pod, const std::string& name) {
  const auto& containers = items_at(pod, "spec", "containers");
  auto found = std::ranges::find_if(containers, [&](const Json& container) {
    return name.empty() || text_at(container, "name") == name;
  });
  return found == containers.end() ? nullptr : &*found;
}

std::int64_t memory_limit_of(const api::MoverSettings& settings) {
  auto limit = settings.resources.limits.find("memory");
  if (limit == settings.resources.limits.end()) return api::WorkOrder::default_memory_bytes;
  return parse_quantity(limit->second.text).value_or(api::WorkOrder::default_memory_bytes);
}

api::OrderVolume volume_of(std::string_view mode) {
  bool is_block = api::volume_mode_of(mode) == api::VolumeMode::block;
  return {.path = std::string(is_block ? volume_device_path : volume_mount_path),
          .mode = api::volume_mode_of(mode)};
}

Json mover_pod_manifest(const MoverPod& pod, const Settings& settings,
                        const std::string& ca_certificate) {
  auto manifest = kube::make_object(kube::resources::pods(), pod.key);
  auto& metadata = manifest.as_object()["metadata"].as_object();
  metadata["labels"] = labels_of(pod);
  metadata["annotations"] =
      JsonObject{{api::annotation::component, pod.component}, {"sidecar.istio.io/inject", "false"}};

  JsonArray volumes{token_volume(),
                    JsonObject{{"name", "dmaas-scratch"}, {"emptyDir", JsonObject{}}}};
  if (!pod.claim.empty()) {
    JsonObject source{{"claimName", pod.claim}};
    if (pod.rights == MoverRights::read) source["readOnly"] = true;
    volumes.push_back(JsonObject{{"name", "data"}, {"persistentVolumeClaim", std::move(source)}});
  }
  JsonObject spec{{"restartPolicy", "Never"},
                  {"serviceAccountName", pod.service_account},
                  {"automountServiceAccountToken", pod.role == "resources"},
                  {"enableServiceLinks", false},
                  {"terminationGracePeriodSeconds", 10},
                  {"securityContext", {{"seccompProfile", {{"type", "RuntimeDefault"}}}}}};
  if (pod.application_pod != nullptr) {
    carry_into_application(pod, spec, volumes, settings, ca_certificate);
  } else {
    spec["containers"] = JsonArray{own_container(pod, settings, ca_certificate)};
  }
  spec["volumes"] = std::move(volumes);
  place(spec, pod);
  manifest.as_object()["spec"] = std::move(spec);
  return manifest;
}

}  // namespace dmaas::controller
