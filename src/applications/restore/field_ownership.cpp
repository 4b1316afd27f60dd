#include "applications/restore/field_ownership.hpp"

namespace dmaas::applications {
namespace {

bool is_to_be_taken(const Json& entry, std::string_view api_version) {
  return text_at(entry, "subresource").empty() && text_at(entry, "apiVersion") == api_version &&
         !text_at(entry, "manager").starts_with("kube-") && find(entry, "fieldsV1") != nullptr;
}

/// Sets of fields are trees of objects: their union is that of all keys.
void unite(Json& into, const Json& other) {
  if (!into.is_object() || !other.is_object()) return;
  for (const auto& member : other.get_object()) {
    auto [known, is_new] = into.get_object().emplace(member.key(), member.value());
    if (!is_new) unite(known->value(), member.value());
  }
}

}  // namespace

Json take_over_patch(const Json& object, std::string_view manager) {
  const std::string api_version = text_at(object, "apiVersion");
  Json fields = JsonObject();
  JsonArray entries;
  bool takes_from_others = false;
  for (const auto& entry : items_at(object, "metadata", "managedFields")) {
    if (!is_to_be_taken(entry, api_version)) {
      entries.push_back(entry);
      continue;
    }
    unite(fields, *find(entry, "fieldsV1"));
    takes_from_others = takes_from_others || text_at(entry, "manager") != manager ||
                        text_at(entry, "operation") != "Apply";
  }
  if (!takes_from_others) return nullptr;
  entries.push_back(JsonObject{{"manager", manager},
                               {"operation", "Apply"},
                               {"apiVersion", api_version},
                               {"fieldsType", "FieldsV1"},
                               {"fieldsV1", std::move(fields)}});
  return JsonArray{JsonObject{
      {"op", "replace"}, {"path", "/metadata/managedFields"}, {"value", std::move(entries)}}};
}

}  // namespace dmaas::applications
