#include "kube/testing/owned_fields.hpp"

#include <algorithm>
#include <string_view>

namespace dmaas::kube {
namespace {

/// The member that names an item of a list that merges by item; "" for lists that are replaced.
std::string_view item_key(std::string_view list) {
  if (list == "conditions") return "type";
  if (list == "ownerReferences") return "uid";
  return "";
}

bool has_item(const JsonArray& list, std::string_view key, const Json& item) {
  return std::ranges::any_of(list, [&](const Json& one) {
    return key.empty() ? one == item : text_at(one, key) == text_at(item, key);
  });
}

bool merges_by_item(std::string_view list) {
  return !item_key(list).empty() || list == "finalizers";
}

void merge_items(JsonArray& target, std::string_view list, const JsonArray& fields,
                 const JsonArray& before) {
  auto key = item_key(list);
  JsonArray merged;
  for (auto& item : target) {
    bool dropped = has_item(before, key, item) && !has_item(fields, key, item);
    if (!dropped && !has_item(fields, key, item)) merged.push_back(item);
  }
  for (const auto& item : fields) merged.push_back(item);
  target = std::move(merged);
}

std::vector<AppliedFields> inside(const std::vector<AppliedFields>& all, std::string_view key) {
  std::vector<AppliedFields> found;
  for (const auto& one : all) {
    if (const Json* value = find(one.fields, key)) found.push_back({one.manager, *value});
  }
  return found;
}

void remove_dropped(JsonObject& target, const JsonObject& fields, const Json& before,
                    const std::vector<AppliedFields>& others) {
  if (!before.is_object()) return;
  for (const auto& [key, value] : before.get_object()) {
    if (fields.contains(key) || !inside(others, key).empty()) continue;
    if (merges_by_item(key)) {
      auto* list = target.if_contains(key);
      if (list != nullptr && list->is_array())
        merge_items(list->get_array(), key, {}, items_of(&value));
    } else {
      target.stable_erase(key);
    }
  }
}

}  // namespace

void apply_fields(Json& target, const Json& fields, const Json& before,
                  const std::vector<AppliedFields>& others) {
  if (!fields.is_object()) {
    target = fields;
    return;
  }
  if (!target.is_object()) target = JsonObject{};
  remove_dropped(target.get_object(), fields.get_object(), before, others);
  for (const auto& [key, value] : fields.get_object()) {
    auto& member = target.get_object()[key];
    static const Json nothing;
    const Json* earlier = find(before, key);
    if (value.is_array() && member.is_array() && merges_by_item(key)) {
      merge_items(member.get_array(), key, value.get_array(), items_of(earlier));
    } else {
      apply_fields(member, value, earlier == nullptr ? nothing : *earlier, inside(others, key));
    }
  }
}

std::string find_field_conflict(const Json& fields, const std::vector<AppliedFields>& others) {
  for (const auto& other : others) {
    if (!fields.is_object() || !other.fields.is_object()) continue;
    for (const auto& [key, value] : fields.get_object()) {
      const Json* theirs = find(other.fields, key);
      if (theirs == nullptr || *theirs == value || merges_by_item(key)) continue;
      if (!value.is_object() || !theirs->is_object()) return std::string(key);
      auto below = find_field_conflict(value, {{other.manager, *theirs}});
      if (!below.empty()) return std::string(key) + "." + below;
    }
  }
  return "";
}

}  // namespace dmaas::kube
