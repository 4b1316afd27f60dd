#include "applications/restore/strip.hpp"

#include <algorithm>
#include <string>

#include "api/labels.hpp"
#include "applications/json_walk.hpp"
#include "applications/references.hpp"
#include "kube/object/object.hpp"

namespace dmaas::applications {
namespace {

bool is_core(const Json& object, std::string_view kind) {
  return text_at(object, "apiVersion") == "v1" && text_at(object, "kind") == kind;
}

void remove_annotations(Json& object, std::initializer_list<std::string_view> keys) {
  Json* annotations = at(&object, "metadata", "annotations");
  for (const auto key : keys) remove_field(annotations, key);
}

void strip_metadata(Json& object) {
  Json* metadata = at(&object, "metadata");
  for (std::string_view key :
       {"uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
        "deletionGracePeriodSeconds", "selfLink", "managedFields", "ownerReferences",
        "generateName",
        // Each controller adds its own again; where there is none, nobody could remove it.
        "finalizers"}) {
    remove_field(metadata, key);
  }
  // Where it is restored nothing need protect it.
  remove_annotations(object, {api::annotation::protection, api::annotation::protection_message,
                              api::annotation::migration});
  remove_field(at(metadata, "labels"), api::label::standby);
  remove_field(&object, "status");
}

void strip_namespace(Json& object) {
  remove_field(at(&object, "spec"), "finalizers");
  remove_field(at(&object, "metadata", "labels"), "kubernetes.io/metadata.name");
}

/// Whether a person chose this field of a port: it is in the text that kubectl applied, or a writer
/// is on record for it.
class ChosenPorts {
public:
  explicit ChosenPorts(const Json& service) : service_(service) {
    const std::string applied =
        kube::annotation_of(service, "kubectl.kubernetes.io/last-applied-configuration");
    if (auto parsed = parse_json(applied)) applied_ = *std::move(parsed);
  }

  bool has_node_port(const Json& port) const {
    const auto number = number_at(port, "nodePort");
    for (const auto& item : items_at(applied_, "spec", "ports")) {
      if (number && number_at(item, "nodePort") == number) return true;
    }
    const std::string protocol =
        text_at(port, "protocol").empty() ? "TCP" : text_at(port, "protocol");
    const std::string entry = R"(k:{"port":)" +
                              std::to_string(number_at(port, "port").value_or(0)) +
                              R"(,"protocol":")" + protocol + R"("})";
    return is_on_record({"f:ports", entry, "f:nodePort"});
  }

  bool has_health_check_port() const {
    return number_at(applied_, "spec", "healthCheckNodePort").value_or(0) != 0 ||
           is_on_record({"f:healthCheckNodePort"});
  }

private:
  bool is_on_record(std::initializer_list<std::string_view> path) const {
    return std::ranges::any_of(items_at(service_, "metadata", "managedFields"),
                               [&](const Json& writer) {
                                 const Json* step = find(writer, "fieldsV1", "f:spec");
                                 for (const auto key : path) step = at(step, key);
                                 return step != nullptr;
                               });
  }

  const Json& service_;
  Json applied_;
};

void strip_service(Json& object) {
  const ChosenPorts chosen(object);
  Json* spec = at(&object, "spec");
  if (text_of(at(spec, "clusterIP")) != "None") {
    remove_field(spec, "clusterIP");
    remove_field(spec, "clusterIPs");
  }
  for_each_item(at(spec, "ports"), [&](Json* port) {
    if (!chosen.has_node_port(*port)) remove_field(port, "nodePort");
  });
  if (!chosen.has_health_check_port()) remove_field(spec, "healthCheckNodePort");
}

void strip_claim(Json& object) {
  remove_annotations(
      object,
      {"pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller",
       "volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner",
       "volume.kubernetes.io/selected-node", "volume.kubernetes.io/storage-resizer"});
  // The data comes from the backup, not from a volume or snapshot of the source cluster.
  for (std::string_view key : {"volumeName", "dataSource", "dataSourceRef"})
    remove_field(at(&object, "spec"), key);
}

bool is_token_volume(const Json& volume, const std::string& account) {
  const std::string name = text_at(volume, "name");
  return name.starts_with("kube-api-access-") ||
         (!account.empty() && name.starts_with(account + "-token-"));
}

void strip_pod(Json& object) {
  Json* spec = at(&object, "spec");
  for (std::string_view key : {"nodeName", "priority", "ephemeralContainers"})
    remove_field(spec, key);
  const std::string account = text_of(at(spec, "serviceAccountName"));
  remove_items(at(spec, "volumes"),
               [&](const Json& volume) { return is_token_volume(volume, account); });
  for (std::string_view list : {"containers", "initContainers"}) {
    for_each_item(at(spec, list), [&](Json* container) {
      remove_items(at(container, "volumeMounts"),
                   [&](const Json& mount) { return is_token_volume(mount, account); });
    });
  }
}

void strip_job(Json& object) {
  if (flag_at(object, "spec", "manualSelector")) return;
  remove_field(at(&object, "spec"), "selector");
  for (Json* labels :
       {at(&object, "metadata", "labels"), at(&object, "spec", "template", "metadata", "labels")}) {
    for (std::string_view key : {"controller-uid", "batch.kubernetes.io/controller-uid", "job-name",
                                 "batch.kubernetes.io/job-name"}) {
      remove_field(labels, key);
    }
  }
}

void strip_secret(Json& object) {
  if (text_at(object, "type") != "kubernetes.io/service-account-token") return;
  remove_annotations(object, {"kubernetes.io/service-account.uid"});
  for (std::string_view key : {"token", "ca.crt", "namespace"})
    remove_field(at(&object, "data"), key);
}

void strip_service_account(Json& object) {
  const std::string name = kube::name_of(object);
  remove_items(at(&object, "secrets"), [&](const Json& entry) {
    const std::string secret = text_at(entry, "name");
    return secret.starts_with(name + "-token-") || secret.starts_with(name + "-dockercfg-");
  });
}

/// Definitions carried over from apiextensions.k8s.io/v1beta1 may hold the flag that v1 refuses.
void strip_definition(Json& object) {
  if (!flag_at(object, "spec", "preserveUnknownFields")) return;
  at(&object, "spec")->get_object()["preserveUnknownFields"] = false;
  for_each_item(at(&object, "spec", "versions"), [](Json* version) {
    if (Json* schema = at(version, "schema", "openAPIV3Schema");
        schema != nullptr && schema->is_object()) {
      schema->get_object()["x-kubernetes-preserve-unknown-fields"] = true;
    }
  });
}

void strip_webhooks(Json& object) {
  for_each_item(at(&object, "webhooks"), [](Json* webhook) {
    Json* effects = at(webhook, "sideEffects");
    const std::string value = text_of(effects);
    if (effects != nullptr && value != "None" && value != "NoneOnDryRun") *effects = "None";
  });
}

void strip_by_kind(Json& object) {
  const std::string kind = text_at(object, "kind");
  if (is_core(object, "Namespace")) strip_namespace(object);
  if (is_core(object, "Service")) strip_service(object);
  if (is_core(object, "PersistentVolumeClaim")) strip_claim(object);
  if (is_core(object, "Pod")) strip_pod(object);
  if (is_core(object, "Secret")) strip_secret(object);
  if (is_core(object, "ServiceAccount")) strip_service_account(object);
  if (kind == "Job") strip_job(object);
  if (kind == "Deployment") remove_annotations(object, {"deployment.kubernetes.io/revision"});
  if (kind == "DaemonSet") remove_annotations(object, {"deprecated.daemonset.template.generation"});
  if (kind == "CustomResourceDefinition") strip_definition(object);
  if (kind.ends_with("WebhookConfiguration")) strip_webhooks(object);
}

}  // namespace

std::string_view reason_not_restored(const Json& object) {
  const std::string kind = text_at(object, "kind");
  if (is_core(object, "PersistentVolume"))
    return "volumes are made anew and filled from the backup";
  if (is_core(object, "Pod")) {
    const std::string phase = text_at(object, "status", "phase");
    if (phase == "Succeeded" || phase == "Failed") return "the pod has ended";
    if (!kube::annotation_of(object, "kubernetes.io/config.mirror").empty())
      return "a static pod of a machine";
  }
  if (kind == "Job" &&
      (kube::is_condition_true(object, "Complete") || kube::is_condition_true(object, "Failed"))) {
    return "the job has ended";
  }
  if (kind == "APIService" && find(object, "spec", "service") == nullptr)
    return "made by every API server for itself";
  return {};
}

void strip(Json& object) {
  // By kind first: the record of writers, which goes with the metadata, tells what a person chose.
  strip_by_kind(object);
  strip_metadata(object);
}

}  // namespace dmaas::applications
