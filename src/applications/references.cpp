#include "applications/references.hpp"

#include <fmt/format.h>

#include "applications/json_walk.hpp"
#include "kube/object/object.hpp"

namespace dmaas::applications {
namespace {

constexpr std::string_view rbac = "rbac.authorization.k8s.io";
constexpr std::string_view storage = "storage.k8s.io";

// Every function below exists for reading (J = const Json) and for rewriting (J = Json): the places
// are listed once.

struct Target {
  std::string_view group;
  std::string_view kind;
  bool namespaced = true;
};
constexpr Target config_map{"", "ConfigMap"};
constexpr Target secret{"", "Secret"};
constexpr Target claim{"", "PersistentVolumeClaim"};
constexpr Target service{"", "Service"};
constexpr Target service_account{"", "ServiceAccount"};
constexpr Target volume{"", "PersistentVolume", false};
constexpr Target storage_class{storage, "StorageClass", false};

template <class J, class Visit>
class Walker {
public:
  Walker(J& object, Visit& visit)
      : object_(&object), visit_(visit), namespace_(text_at(object, "metadata", "namespace")) {}

  void walk() {
    if (J* spec = at(pod_template_of(*object_), "spec")) walk_pod_spec(spec);
    walk_kind(text_at(*object_, "kind"), group_of(*object_));
  }

private:
  /// `name` and `namespace_name` point into the object; the latter is null where the place implies
  /// the namespace.
  void place(const Target& target, J* name, std::string where, J* namespace_name = nullptr,
             ReferenceRole role = ReferenceRole::needs) {
    if (name == nullptr || text_of(name).empty()) return;
    std::string in_namespace = text_of(namespace_name);
    if (in_namespace.empty() && target.namespaced) in_namespace = namespace_;
    const ObjectId id{
        std::string(target.group), std::string(target.kind), {in_namespace, text_of(name)}};
    Reference reference{id, role, std::move(where)};
    visit_(reference, name, namespace_name);
  }
  void acted_on(const Target& target, J* name, std::string where, J* namespace_name = nullptr) {
    place(target, name, std::move(where), namespace_name, ReferenceRole::acts_on);
  }

  void walk_pod_spec(J* spec) {
    for_each_item(at(spec, "volumes"), [&](J* item) { walk_volume(item); });
    for (std::string_view list : {"containers", "initContainers", "ephemeralContainers"}) {
      for_each_item(at(spec, list), [&](J* item) { walk_container(item); });
    }
    for_each_item(at(spec, "imagePullSecrets"),
                  [&](J* item) { place(secret, at(item, "name"), "imagePullSecrets"); });
    place(service_account, at(spec, "serviceAccountName"), "serviceAccountName");
    place(service_account, at(spec, "serviceAccount"), "serviceAccount");
    place({"scheduling.k8s.io", "PriorityClass", false}, at(spec, "priorityClassName"),
          "priorityClassName");
    place({"node.k8s.io", "RuntimeClass", false}, at(spec, "runtimeClassName"), "runtimeClassName");
  }

  void walk_volume(J* item) {
    const std::string where = fmt::format("volumes[{}]", text_of(at(item, "name")));
    place(config_map, at(item, "configMap", "name"), where);
    place(secret, at(item, "secret", "secretName"), where);
    place(claim, at(item, "persistentVolumeClaim", "claimName"), where);
    for_each_item(at(item, "projected", "sources"), [&](J* source) {
      place(config_map, at(source, "configMap", "name"), where);
      place(secret, at(source, "secret", "name"), where);
    });
    place(storage_class, at(item, "ephemeral", "volumeClaimTemplate", "spec", "storageClassName"),
          where);
    place(secret, at(item, "csi", "nodePublishSecretRef", "name"), where);
    place(secret, at(item, "azureFile", "secretName"), where);
    for (std::string_view kind : {"cephfs", "rbd", "iscsi", "flexVolume", "scaleIO", "storageos"}) {
      place(secret, at(item, kind, "secretRef", "name"), where);
    }
  }

  void walk_container(J* item) {
    const std::string container = text_of(at(item, "name"));
    for_each_item(at(item, "env"), [&](J* variable) {
      const std::string where =
          fmt::format("env {} of {}", text_of(at(variable, "name")), container);
      place(config_map, at(variable, "valueFrom", "configMapKeyRef", "name"), where);
      place(secret, at(variable, "valueFrom", "secretKeyRef", "name"), where);
    });
    for_each_item(at(item, "envFrom"), [&](J* source) {
      const std::string where = fmt::format("envFrom of {}", container);
      place(config_map, at(source, "configMapRef", "name"), where);
      place(secret, at(source, "secretRef", "name"), where);
    });
  }

  void walk_kind(std::string_view kind, std::string_view group) {
    if (kind == "StatefulSet") walk_stateful_set();
    if (kind == "Ingress") walk_ingress();
    if (kind == "HorizontalPodAutoscaler") walk_autoscaler();
    if (group == rbac && kind.ends_with("RoleBinding")) walk_binding();
    if (group.empty() && kind == "ServiceAccount") walk_service_account();
    if (group.empty() && kind == "Secret") {
      constexpr std::string_view account = "kubernetes.io/service-account.name";
      place(service_account, at(object_, "metadata", "annotations", account), "its account");
    }
    if (group.empty() && kind == "PersistentVolumeClaim") {
      place(volume, at(object_, "spec", "volumeName"), "spec.volumeName");
      place(storage_class, at(object_, "spec", "storageClassName"), "spec.storageClassName");
    }
    if (group.empty() && kind == "PersistentVolume") {
      place(storage_class, at(object_, "spec", "storageClassName"), "spec.storageClassName");
      J* claim_ref = at(object_, "spec", "claimRef");
      acted_on(claim, at(claim_ref, "name"), "spec.claimRef", at(claim_ref, "namespace"));
    }
    if (kind == "EndpointSlice") {
      acted_on(service, at(object_, "metadata", "labels", "kubernetes.io/service-name"),
               "label kubernetes.io/service-name");
    }
    if (group == "gateway.networking.k8s.io") walk_route();
    walk_service_users(kind);
  }

  void walk_stateful_set() {
    place(service, at(object_, "spec", "serviceName"), "spec.serviceName");
    for_each_item(at(object_, "spec", "volumeClaimTemplates"), [&](J* item) {
      place(storage_class, at(item, "spec", "storageClassName"),
            fmt::format("volumeClaimTemplates[{}]", text_of(at(item, "metadata", "name"))));
    });
  }

  void walk_ingress() {
    acted_on(service, at(object_, "spec", "defaultBackend", "service", "name"),
             "spec.defaultBackend");
    for_each_item(at(object_, "spec", "rules"), [&](J* rule) {
      for_each_item(at(rule, "http", "paths"), [&](J* path) {
        acted_on(service, at(path, "backend", "service", "name"),
                 fmt::format("host {}", text_of(at(rule, "host"))));
      });
    });
    for_each_item(at(object_, "spec", "tls"),
                  [&](J* item) { place(secret, at(item, "secretName"), "spec.tls"); });
  }

  void walk_route() {
    for_each_item(at(object_, "spec", "rules"), [&](J* rule) {
      for_each_item(at(rule, "backendRefs"), [&](J* backend) {
        const std::string kind = text_of(at(backend, "kind"));
        if (!kind.empty() && kind != "Service") return;
        acted_on(service, at(backend, "name"), "spec.rules.backendRefs", at(backend, "namespace"));
      });
    });
  }

  void walk_autoscaler() {
    J* target = at(object_, "spec", "scaleTargetRef");
    const std::string group = kube::parse_api_version(text_of(at(target, "apiVersion"))).group;
    const std::string kind = text_of(at(target, "kind"));
    acted_on({group, kind}, at(target, "name"), "spec.scaleTargetRef");
  }

  void walk_binding() {
    J* role = at(object_, "roleRef");
    const std::string kind = text_of(at(role, "kind"));
    place({rbac, kind, kind == "Role"}, at(role, "name"), "roleRef");
    for_each_item(at(object_, "subjects"), [&](J* subject) {
      if (text_of(at(subject, "kind")) != "ServiceAccount") return;
      acted_on(service_account, at(subject, "name"), "subjects", at(subject, "namespace"));
    });
  }

  void walk_service_account() {
    for (std::string_view list : {"secrets", "imagePullSecrets"}) {
      for_each_item(at(object_, list),
                    [&](J* item) { place(secret, at(item, "name"), std::string(list)); });
    }
  }

  /// Cluster-scoped objects through which the API server calls a Service.
  void walk_service_users(std::string_view kind) {
    auto called = [&](J* caller, std::string where) {
      acted_on(service, at(caller, "name"), std::move(where), at(caller, "namespace"));
    };
    if (kind.ends_with("WebhookConfiguration")) {
      for_each_item(at(object_, "webhooks"), [&](J* item) {
        called(at(item, "clientConfig", "service"),
               fmt::format("webhooks[{}]", text_of(at(item, "name"))));
      });
    }
    if (kind == "APIService") called(at(object_, "spec", "service"), "spec.service");
    if (kind == "CustomResourceDefinition") {
      called(at(object_, "spec", "conversion", "webhook", "clientConfig", "service"),
             "spec.conversion");
    }
  }

  J* object_;
  Visit& visit_;
  const std::string namespace_;
};

template <class J>
J* template_of(J& object) {
  if (text_at(object, "kind") == "Pod") return &object;
  J* spec = at(&object, "spec");
  for (J* found : {at(spec, "jobTemplate", "spec", "template"), at(spec, "template"),
                   at(&object, "template")}) {
    J* containers = at(found, "spec", "containers");
    if (containers != nullptr && containers->is_array()) return found;
  }
  return nullptr;
}

}  // namespace

std::string group_of(const Json& object) {
  return kube::parse_api_version(text_at(object, "apiVersion")).group;
}

ObjectId id_of(const Json& object) {
  return {group_of(object), text_at(object, "kind"), kube::key_of(object)};
}

const Json* pod_template_of(const Json& object) {
  return template_of(object);
}
Json* pod_template_of(Json& object) {
  return template_of(object);
}

const Json* pod_spec_of(const Json& object) {
  const Json* holder = pod_template_of(object);
  return holder == nullptr ? nullptr : find(*holder, "spec");
}

std::vector<Reference> references_of(const Json& object) {
  std::vector<Reference> references;
  auto collect = [&](Reference& reference, const Json*, const Json*) {
    references.push_back(std::move(reference));
  };
  Walker<const Json, decltype(collect)>(object, collect).walk();
  return references;
}

void rewrite_references(
    Json& object, const std::function<std::optional<kube::ObjectKey>(const Reference&)>& rename) {
  auto write = [&](const Reference& reference, Json* name, Json* namespace_name) {
    auto renamed = rename(reference);
    if (!renamed) return;
    *name = renamed->name;
    if (namespace_name != nullptr) *namespace_name = renamed->namespace_name;
  };
  Walker<Json, decltype(write)>(object, write).walk();
}

}  // namespace dmaas::applications
