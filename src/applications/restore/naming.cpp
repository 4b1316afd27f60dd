#include "applications/restore/naming.hpp"

#include "applications/json_walk.hpp"
#include "kube/object/object.hpp"

namespace dmaas::applications {
namespace {

constexpr std::string_view service_accounts_group = "system:serviceaccounts:";

bool is_claim(const ObjectId& id) {
  return id.group.empty() && id.kind == "PersistentVolumeClaim";
}

void set_text(Json* object, std::string_view key, const std::string& value) {
  if (object == nullptr) return;
  if (!object->is_object()) *object = JsonObject();
  object->get_object()[boost::json::string_view(key.data(), key.size())] = value;
}

/// Names of namespaced kinds can be told apart by a prefix, and so can roles of the cluster.
bool can_be_renamed(const ObjectId& id) {
  if (id.group.empty() && id.kind == "ServiceAccount" && id.key.name == "default") return false;
  if (!id.key.namespace_name.empty()) return true;
  return id.kind == "ClusterRole" || id.kind == "ClusterRoleBinding";
}

}  // namespace

bool is_shared_by_the_cluster(const ObjectId& id) {
  return id.kind == "APIService" || id.kind.ends_with("WebhookConfiguration");
}

Naming::Naming(NamingRules rules, const std::vector<const ObjectFacts*>& restored)
    : rules_(std::move(rules)) {
  if (rules_.prefix.empty()) return;
  for (const ObjectFacts* facts : restored) {
    if (!can_be_renamed(facts->id)) continue;
    renamed_.insert(facts->id);
    kinds_by_resource_[facts->resource.name()] = facts->id.kind;
    if (facts->claim_templates.empty()) continue;
    stateful_sets_.push_back(
        {facts->id.key.namespace_name, facts->id.key.name, facts->claim_templates});
  }
  pod_labels_ = PodLabels(rules_.prefix, restored);
}

std::string Naming::destination_namespace(const std::string& source) const {
  auto mapped = rules_.namespaces.find(source);
  return mapped == rules_.namespaces.end() ? source : mapped->second;
}

std::string Naming::destination_claim(const kube::ObjectKey& claim) const {
  for (const auto& set : stateful_sets_) {
    if (set.namespace_name != claim.namespace_name) continue;
    for (const auto& claim_template : set.claim_templates) {
      if (!is_claim_of(claim.name, claim_template, set.name)) continue;
      const std::string ordinal = claim.name.substr(claim_template.size() + set.name.size() + 2);
      return claim_template + "-" + rules_.prefix + set.name + "-" + ordinal;
    }
  }
  return rules_.prefix + claim.name;
}

ObjectId Naming::destination_of(const ObjectId& source) const {
  ObjectId result = source;
  result.key.namespace_name = destination_namespace(source.key.namespace_name);
  if (source.group.empty() && source.kind == "Namespace") {
    result.key = {"", destination_namespace(source.key.name)};
  } else if (renamed_.contains(source)) {
    result.key.name =
        is_claim(source) ? destination_claim(source.key) : rules_.prefix + source.key.name;
  }
  return result;
}

void Naming::map_storage_class(Json* claim_spec) const {
  const auto mapped = rules_.storage_classes.find(text_of(at(claim_spec, "storageClassName")));
  if (mapped == rules_.storage_classes.end()) return;
  // An empty name would ask for a volume without class; only an absent one means the default class.
  if (mapped->second.empty()) {
    remove_field(claim_spec, "storageClassName");
  } else {
    set_text(claim_spec, "storageClassName", mapped->second);
  }
}

void Naming::map_storage_classes(Json& object) const {
  if (rules_.storage_classes.empty()) return;
  const std::string kind = kube::kind_of(object);
  if (kind == "PersistentVolumeClaim") {
    constexpr std::string_view old_form = "volume.beta.kubernetes.io/storage-class";
    if (const std::string name = kube::annotation_of(object, old_form); !name.empty()) {
      remove_field(at(&object, "metadata", "annotations"), old_form);
      if (at(&object, "spec", "storageClassName") == nullptr)
        set_text(at(&object, "spec"), "storageClassName", name);
    }
    map_storage_class(at(&object, "spec"));
  }
  if (kind == "StatefulSet") {
    for_each_item(at(&object, "spec", "volumeClaimTemplates"),
                  [&](Json* item) { map_storage_class(at(item, "spec")); });
  }
  for_each_item(at(pod_template_of(object), "spec", "volumes"), [&](Json* volume) {
    map_storage_class(at(volume, "ephemeral", "volumeClaimTemplate", "spec"));
  });
}

void Naming::map_subject_groups(Json& binding) const {
  for_each_item(at(&binding, "subjects"), [&](Json* subject) {
    const std::string name = text_of(at(subject, "name"));
    if (text_of(at(subject, "kind")) != "Group" || !name.starts_with(service_accounts_group))
      return;
    const std::string mapped = destination_namespace(name.substr(service_accounts_group.size()));
    set_text(subject, "name", std::string(service_accounts_group) + mapped);
  });
}

void Naming::map_resource_names(Json& role, const std::string& source_namespace) const {
  for_each_item(at(&role, "rules"), [&](Json* rule) {
    for_each_item(at(rule, "resourceNames"), [&](Json* name) {
      for (const auto& plural : items_of(at(rule, "resources"))) {
        for (const auto& group : items_of(at(rule, "apiGroups"))) {
          const kube::Resource resource{text_of(&group), "", text_of(&plural), "", true};
          const auto kind = kinds_by_resource_.find(resource.name());
          if (kind == kinds_by_resource_.end()) continue;
          const ObjectId named{resource.group, kind->second, {source_namespace, text_of(name)}};
          if (!renamed_.contains(named)) continue;
          *name = destination_of(named).key.name;
          return;
        }
      }
    });
  });
}

/// The original holds the ports of the machines that a person chose for it; the copy takes any.
void Naming::free_node_ports(Json& service) const {
  if (rules_.prefix.empty()) return;
  for_each_item(at(&service, "spec", "ports"), [](Json* port) { remove_field(port, "nodePort"); });
  remove_field(at(&service, "spec"), "healthCheckNodePort");
}

void Naming::rename_selector(Json& selector, const std::string& source_namespace) const {
  pod_labels_.rewrite_selector(selector, source_namespace);
}

void Naming::rename(Json& object) const {
  const ObjectId source = id_of(object);
  pod_labels_.rewrite(object);
  if (source.kind == "Service") free_node_ports(object);
  if (source.kind == "Role") map_resource_names(object, source.key.namespace_name);
  map_storage_classes(object);
  if (source.kind.ends_with("RoleBinding")) map_subject_groups(object);
  rewrite_references(object, [&](const Reference& reference) -> std::optional<kube::ObjectKey> {
    const ObjectId named = destination_of(reference.object);
    if (named == reference.object) return std::nullopt;
    return named.key;
  });

  const ObjectId destination = destination_of(source);
  if (destination == source) return;
  set_text(at(&object, "metadata"), "name", destination.key.name);
  if (!destination.key.namespace_name.empty())
    set_text(at(&object, "metadata"), "namespace", destination.key.namespace_name);
  // It holds the old name and namespace; kubectl makes it anew.
  remove_field(at(&object, "metadata", "annotations"),
               "kubectl.kubernetes.io/last-applied-configuration");
}

}  // namespace dmaas::applications
