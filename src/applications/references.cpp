#include "applications/references.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "api/object.hpp"
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

/// Fields of custom resources that name such an object end so, whatever stands before: authSecret,
/// tlsSecretRef, configMapName. A text counts only where the field says that it is a name: it could
/// be a password.
struct NamedTarget {
  std::string_view ending;
  Target target;
  bool by_text = false;
};
constexpr std::array named_targets = {
    NamedTarget{"secret", secret},
    NamedTarget{"secrets", secret},
    NamedTarget{"secretref", secret},
    NamedTarget{"secretkeyref", secret},
    NamedTarget{"secretkeyselector", secret},
    NamedTarget{"secretname", secret, true},
    NamedTarget{"existingsecret", secret, true},
    NamedTarget{"configmap", config_map},
    NamedTarget{"configmaps", config_map},
    NamedTarget{"configmapref", config_map},
    NamedTarget{"configmapkeyref", config_map},
    NamedTarget{"configmapname", config_map, true},
    NamedTarget{"serviceaccountname", service_account, true},
    NamedTarget{"claimname", claim, true},
};

const Target* target_named_by(std::string_view field, bool by_text) {
  std::string key(field);
  std::ranges::transform(key, key.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const auto& named : named_targets) {
    if (named.by_text == by_text && key.ends_with(named.ending)) return &named.target;
  }
  return nullptr;
}

bool is_core_kind(std::string_view kind) {
  return kind == service.kind || std::ranges::any_of(named_targets, [&](const auto& named) {
           return named.target.kind == kind;
         });
}

/// The group may stand in any of three fields; without one it is the custom resource's own.
template <class J>
std::string group_named_by(J* typed, std::string_view kind, std::string_view own_group) {
  for (std::string_view field : {"apiGroup", "group"}) {
    if (J* group = at(typed, field)) return text_of(group);
  }
  if (J* version = at(typed, "apiVersion")) return kube::parse_api_version(text_of(version)).group;
  return is_core_kind(kind) ? "" : std::string(own_group);
}

template <class J, class Visit>
class Walker {
public:
  Walker(J& object, Visit& visit)
      : object_(&object),
        pod_template_(pod_template_of(object)),
        visit_(visit),
        namespace_(text_at(object, "metadata", "namespace")) {}

  void walk() {
    if (J* spec = at(pod_template_, "spec")) walk_pod_spec(spec);
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
    // Our own plans and storages: nobody means the passwords of repositories by them.
    const bool is_ours = group == api::group_name;
    if (!is_built_in_group(group) && !is_ours) walk_custom(kind, group);
  }

  void walk_custom(std::string_view kind, std::string_view group) {
    J* spec = at(object_, "spec");
    walk_custom_field(spec, "spec", group);
    // An operator's catalogue: version 8.0.35 of a MySQL is the MySQLVersion of that name.
    const std::string entry = fmt::format("{}Version", kind);
    const std::string catalogue = fmt::format("catalog.{}", group);
    for (std::string_view of_entry : {std::string_view(catalogue), group})
      may_need({of_entry, entry}, at(spec, "version"), "spec.version");
  }

  void walk_custom_field(J* field, std::string_view name, std::string_view group) {
    if (field == nullptr || field == pod_template_) return;
    if (field->is_array())
      for_each_item(field, [&](J* item) { walk_custom_field(item, name, group); });
    if (field->is_string()) {
      if (const Target* target = target_named_by(name, true))
        may_need(*target, field, std::string(name));
    }
    if (!field->is_object()) return;
    walk_custom_object(field, name, group);
    for (auto& item : field->get_object()) walk_custom_field(&item.value(), item.key(), group);
  }

  void walk_custom_object(J* object, std::string_view name, std::string_view own_group) {
    const std::string kind = text_of(at(object, "kind"));
    if (!kind.empty()) {
      const std::string group = group_named_by(object, kind, own_group);
      may_need({group, kind}, at(object, "name"), std::string(name), at(object, "namespace"));
    } else if (const Target* target = target_named_by(name, false)) {
      may_need(*target, at(object, "name"), std::string(name), at(object, "namespace"));
    }
  }

  /// A namespace that the place names must be the object's own: nobody gets at what is in another
  /// one by writing its name into an object.
  void may_need(const Target& target, J* name, std::string where, J* namespace_name = nullptr) {
    if (!text_of(namespace_name).empty() && text_of(namespace_name) != namespace_) return;
    place(target, name, std::move(where), namespace_name, ReferenceRole::may_need);
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
  J* pod_template_;
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

bool is_built_in_group(std::string_view group) {
  static constexpr std::string_view with_dots[] = {"admissionregistration.k8s.io",
                                                   "apiextensions.k8s.io",
                                                   "apiregistration.k8s.io",
                                                   "authentication.k8s.io",
                                                   "authorization.k8s.io",
                                                   "certificates.k8s.io",
                                                   "coordination.k8s.io",
                                                   "discovery.k8s.io",
                                                   "events.k8s.io",
                                                   "flowcontrol.apiserver.k8s.io",
                                                   "internal.apiserver.k8s.io",
                                                   "networking.k8s.io",
                                                   "node.k8s.io",
                                                   "rbac.authorization.k8s.io",
                                                   "resource.k8s.io",
                                                   "scheduling.k8s.io",
                                                   "storage.k8s.io",
                                                   "storagemigration.k8s.io"};
  if (group.find('.') == std::string_view::npos) return true;
  return std::ranges::find(with_dots, group) != std::end(with_dots);
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
