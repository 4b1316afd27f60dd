#include "api/object.hpp"

#include "base/time_text.hpp"

namespace dmaas::api {
namespace {

std::optional<Timestamp> time_at(const Json& document, std::string_view key) {
  auto time = parse_timestamp(text_at(document, "metadata", key));
  return time ? std::optional{*time} : std::nullopt;
}

Json text_map(const std::map<std::string, std::string>& texts) {
  JsonObject object;
  for (const auto& [key, value] : texts) object.emplace(key, value);
  return object;
}

Json encode_owners(const std::vector<kube::OwnerReference>& owners) {
  Json carrier = JsonObject{};
  for (const auto& owner : owners) kube::add_owner_reference(carrier, owner);
  const auto* references = find(carrier, "metadata", "ownerReferences");
  return references == nullptr ? Json{} : *references;
}

void put(JsonObject& object, std::string_view key, Json value) {
  bool empty = value.is_null() || (value.is_object() && value.get_object().empty()) ||
               (value.is_array() && value.get_array().empty()) ||
               (value.is_string() && value.get_string().empty());
  if (empty) {
    object.erase(key);
  } else {
    object[key] = std::move(value);
  }
}

void encode_metadata(const Metadata& metadata, JsonObject& object) {
  put(object, "name", Json(metadata.name));
  put(object, "namespace", Json(metadata.namespace_name));
  put(object, "uid", Json(metadata.uid));
  put(object, "resourceVersion", Json(metadata.resource_version));
  put(object, "labels", text_map(metadata.labels));
  put(object, "annotations", text_map(metadata.annotations));
  put(object, "finalizers", JsonArray(metadata.finalizers.begin(), metadata.finalizers.end()));
  put(object, "ownerReferences", encode_owners(metadata.owner_references));
}

Json encode_part(const TypeDescription& type, const void* value, const Json* source) {
  auto encoded = encode_value(type, value);
  if (source != nullptr) keep_unknown(type, *source, encoded);
  return encoded;
}

}  // namespace

kube::Resource KindInfo::resource() const {
  return {.group = std::string(group_name),
          .version = std::string(version_name),
          .plural = plural,
          .kind = kind,
          .namespaced = is_namespaced()};
}

Metadata decode_metadata(const Json& document) {
  return {.name = kube::name_of(document),
          .namespace_name = kube::namespace_of(document),
          .uid = kube::uid_of(document),
          .resource_version = kube::resource_version_of(document),
          .generation = kube::generation_of(document),
          .creation_time = time_at(document, "creationTimestamp"),
          .deletion_time = time_at(document, "deletionTimestamp"),
          .labels = kube::labels_of(document),
          .annotations = kube::annotations_of(document),
          .finalizers = kube::finalizers_of(document),
          .owner_references = kube::owner_references_of(document)};
}

Result<> decode_parts(const KindInfo& kind, const Json& document, void* spec, void* status) {
  auto resource = kind.resource();
  if (kube::kind_of(document) != kind.kind ||
      kube::api_version_of(document) != resource.api_version()) {
    return fail(ErrorCode::invalid_input,
                "the document is not a " + kind.kind + " of " + resource.api_version());
  }
  const auto* spec_document = find(document, "spec");
  const Json empty = JsonObject{};
  TRY(decode_value(kind.spec(), spec_document != nullptr ? *spec_document : empty, "spec", spec));
  const auto* status_document = find(document, "status");
  if (status_document == nullptr) return {};
  return decode_value(kind.status(), *status_document, "status", status,
                      {.rules = DecodeOptions::Rules::ignore});
}

Json encode_parts(const KindInfo& kind, const Metadata& metadata, const void* spec,
                  const void* status, const Json& source) {
  JsonObject document{{"apiVersion", kind.resource().api_version()}, {"kind", kind.kind}};
  const auto* source_metadata = find(source, "metadata");
  auto& object = document["metadata"].emplace_object();
  if (source_metadata != nullptr && source_metadata->is_object())
    object = source_metadata->get_object();
  encode_metadata(metadata, object);
  document["spec"] = encode_part(kind.spec(), spec, find(source, "spec"));
  auto encoded_status = encode_part(kind.status(), status, find(source, "status"));
  put(document, "status", std::move(encoded_status));
  return document;
}

}  // namespace dmaas::api
