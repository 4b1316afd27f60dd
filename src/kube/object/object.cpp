#include "kube/object/object.hpp"

#include <algorithm>
#include <cctype>

#include "base/time_text.hpp"

namespace dmaas::kube {
namespace {

constexpr std::size_t max_label_value = 63;

std::map<std::string, std::string> texts_at(const Json& object, std::string_view member) {
  std::map<std::string, std::string> texts;
  const Json* found = find(object, "metadata", member);
  if (found == nullptr || !found->is_object()) return texts;
  for (const auto& [key, value] : found->get_object()) {
    if (value.is_string()) texts.emplace(key, value.get_string());
  }
  return texts;
}

void set_metadata_text(Json& object, std::string_view member, std::string_view key,
                       std::string_view value) {
  ensure_object(object, "metadata");
  ensure_object(object.at("metadata"), member)[key] = value;
}

OwnerReference decode_owner(const Json& json) {
  return {text_at(json, "apiVersion"), text_at(json, "kind"),
          text_at(json, "name"),       text_at(json, "uid"),
          flag_at(json, "controller"), flag_at(json, "blockOwnerDeletion")};
}

Json encode_owner(const OwnerReference& reference) {
  JsonObject json{{"apiVersion", reference.api_version},
                  {"kind", reference.kind},
                  {"name", reference.name},
                  {"uid", reference.uid}};
  if (reference.controller) json["controller"] = true;
  if (reference.block_owner_deletion) json["blockOwnerDeletion"] = true;
  return json;
}

std::string_view text_of(ConditionStatus status) {
  switch (status) {
    case ConditionStatus::yes:
      return "True";
    case ConditionStatus::no:
      return "False";
    case ConditionStatus::unknown:
      break;
  }
  return "Unknown";
}

Condition decode_condition(const Json& json) {
  Condition condition;
  condition.type = text_at(json, "type");
  auto status = text_at(json, "status");
  if (status == "True") condition.status = ConditionStatus::yes;
  if (status == "False") condition.status = ConditionStatus::no;
  condition.reason = text_at(json, "reason");
  condition.message = text_at(json, "message");
  condition.observed_generation = number_at(json, "observedGeneration").value_or(0);
  if (auto time = parse_timestamp(text_at(json, "lastTransitionTime"))) {
    condition.last_transition_time = *time;
  }
  return condition;
}

Json encode_condition(const Condition& condition) {
  JsonObject json{{"type", condition.type},
                  {"status", text_of(condition.status)},
                  {"reason", condition.reason},
                  {"message", condition.message}};
  if (condition.last_transition_time) {
    json["lastTransitionTime"] = format_seconds(*condition.last_transition_time);
  }
  if (condition.observed_generation != 0) {
    json["observedGeneration"] = condition.observed_generation;
  }
  return json;
}

}  // namespace

Json make_object(const Resource& resource, const ObjectKey& key) {
  JsonObject metadata;
  if (resource.namespaced && !key.namespace_name.empty())
    metadata["namespace"] = key.namespace_name;
  metadata["name"] = key.name;
  return JsonObject{{"apiVersion", resource.api_version()},
                    {"kind", resource.kind},
                    {"metadata", std::move(metadata)}};
}

std::string kind_of(const Json& object) {
  return text_at(object, "kind");
}
std::string api_version_of(const Json& object) {
  return text_at(object, "apiVersion");
}
ObjectKey key_of(const Json& object) {
  return {namespace_of(object), name_of(object)};
}
std::string name_of(const Json& object) {
  return text_at(object, "metadata", "name");
}
std::string namespace_of(const Json& object) {
  return text_at(object, "metadata", "namespace");
}
std::string uid_of(const Json& object) {
  return text_at(object, "metadata", "uid");
}
std::string resource_version_of(const Json& object) {
  return text_at(object, "metadata", "resourceVersion");
}
std::int64_t generation_of(const Json& object) {
  return number_at(object, "metadata", "generation").value_or(0);
}
std::string describe(const Json& object) {
  return kind_of(object) + " " + key_of(object).text();
}
bool is_terminating(const Json& object) {
  return !text_at(object, "metadata", "deletionTimestamp").empty();
}
std::optional<Timestamp> creation_time_of(const Json& object) {
  auto time = parse_timestamp(text_at(object, "metadata", "creationTimestamp"));
  return time ? std::optional(*time) : std::nullopt;
}

std::map<std::string, std::string> labels_of(const Json& object) {
  return texts_at(object, "labels");
}
std::string label_of(const Json& object, std::string_view key) {
  return text_at(object, "metadata", "labels", key);
}
void set_label(Json& object, std::string_view key, std::string_view value) {
  set_metadata_text(object, "labels", key, value);
}
std::map<std::string, std::string> annotations_of(const Json& object) {
  return texts_at(object, "annotations");
}
std::string annotation_of(const Json& object, std::string_view key) {
  return text_at(object, "metadata", "annotations", key);
}
void set_annotation(Json& object, std::string_view key, std::string_view value) {
  set_metadata_text(object, "annotations", key, value);
}

std::vector<std::string> finalizers_of(const Json& object) {
  std::vector<std::string> finalizers;
  for (const auto& item : items_at(object, "metadata", "finalizers")) {
    if (item.is_string()) finalizers.emplace_back(item.get_string());
  }
  return finalizers;
}
bool has_finalizer(const Json& object, std::string_view finalizer) {
  return std::ranges::count(finalizers_of(object), finalizer) > 0;
}

std::vector<OwnerReference> owner_references_of(const Json& object) {
  std::vector<OwnerReference> references;
  for (const auto& item : items_at(object, "metadata", "ownerReferences")) {
    references.push_back(decode_owner(item));
  }
  return references;
}

std::optional<OwnerReference> controller_of(const Json& object) {
  for (auto& reference : owner_references_of(object)) {
    if (reference.controller) return reference;
  }
  return std::nullopt;
}

OwnerReference owner_reference_to(const Json& owner) {
  return {api_version_of(owner), kind_of(owner), name_of(owner), uid_of(owner), true, true};
}

void add_owner_reference(Json& object, const OwnerReference& reference) {
  auto& metadata = ensure_object(object, "metadata");
  auto& references = metadata["ownerReferences"];
  if (!references.is_array()) references = JsonArray{};
  for (auto& item : references.get_array()) {
    if (text_at(item, "uid") != reference.uid) continue;
    item = encode_owner(reference);
    return;
  }
  references.get_array().push_back(encode_owner(reference));
}

std::vector<Condition> conditions_of(const Json& object) {
  std::vector<Condition> conditions;
  for (const auto& item : items_at(object, "status", "conditions")) {
    conditions.push_back(decode_condition(item));
  }
  return conditions;
}

std::optional<Condition> find_condition(const Json& object, std::string_view type) {
  for (auto& condition : conditions_of(object)) {
    if (condition.type == type) return condition;
  }
  return std::nullopt;
}

bool is_condition_true(const Json& object, std::string_view type) {
  auto condition = find_condition(object, type);
  return condition && condition->status == ConditionStatus::yes;
}

bool set_condition(Json& object, Condition condition, Timestamp now) {
  auto before = find_condition(object, condition.type);
  bool status_same = before && before->status == condition.status && before->last_transition_time;
  condition.last_transition_time =
      status_same ? before->last_transition_time : std::chrono::floor<std::chrono::seconds>(now);
  if (before == condition) return false;

  auto& conditions = ensure_object(object, "status")["conditions"];
  if (!conditions.is_array()) conditions = JsonArray{};
  for (auto& item : conditions.get_array()) {
    if (text_at(item, "type") != condition.type) continue;
    item = encode_condition(condition);
    return true;
  }
  conditions.get_array().push_back(encode_condition(condition));
  return true;
}

std::string to_label_value(std::string_view text) {
  std::string value;
  for (unsigned char c : text.substr(0, max_label_value)) {
    bool allowed = c < 0x80 && (std::isalnum(c) || c == '.' || c == '_' || c == '-');
    value += allowed ? static_cast<char>(c) : '-';
  }
  auto is_alphanumeric = [](unsigned char c) { return std::isalnum(c) != 0; };
  auto first = std::ranges::find_if(value, is_alphanumeric);
  value.erase(value.begin(), first);
  while (!value.empty() && !is_alphanumeric(static_cast<unsigned char>(value.back())))
    value.pop_back();
  return value;
}

}  // namespace dmaas::kube
