#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"

namespace dmaas::applications {

// Ways into documents of any shape, for reading (J = const Json) and for writing (J = Json). A step
// that is not there, or of another type, gives null.

template <class J>
J* at(J* json, std::string_view key) {
  if (json == nullptr || !json->is_object()) return nullptr;
  return json->get_object().if_contains(boost::json::string_view(key.data(), key.size()));
}
template <class J, class... Keys>
J* at(J* json, std::string_view key, Keys... keys) {
  return at(at(json, key), keys...);
}

template <class J, class Body>
void for_each_item(J* array, Body&& body) {
  if (array == nullptr || !array->is_array()) return;
  for (auto& item : array->get_array()) body(&item);
}

inline std::string text_of(const Json* json) {
  return json != nullptr && json->is_string() ? std::string(json->get_string()) : std::string();
}

inline void remove_field(Json* object, std::string_view key) {
  if (object != nullptr && object->is_object())
    object->get_object().erase(boost::json::string_view(key.data(), key.size()));
}

/// Removes the items of an array for which `unwanted` holds.
template <class Predicate>
void remove_items(Json* array, Predicate&& unwanted) {
  if (array == nullptr || !array->is_array()) return;
  JsonArray kept;
  for (auto& item : array->get_array()) {
    if (!unwanted(item)) kept.push_back(std::move(item));
  }
  array->get_array() = std::move(kept);
}

}  // namespace dmaas::applications
