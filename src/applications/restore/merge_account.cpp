#include "applications/restore/merge_account.hpp"

#include <algorithm>

#include "api/labels.hpp"

namespace dmaas::applications {
namespace {

/// Entries are told apart by name.
JsonArray united(const JsonArray& existing, const JsonArray& added) {
  JsonArray all = existing;
  for (const auto& entry : added) {
    const bool there = std::ranges::any_of(
        all, [&](const Json& other) { return text_at(other, "name") == text_at(entry, "name"); });
    if (!there) all.push_back(entry);
  }
  return all;
}

JsonObject missing_texts(const Json* existing, const Json* added) {
  JsonObject missing;
  if (added == nullptr || !added->is_object()) return missing;
  for (const auto& [key, value] : added->get_object()) {
    // The account was there before: this restore did not make it.
    if (key == api::label::restored_by || key == api::label::standby) continue;
    if (existing == nullptr || find(*existing, key) == nullptr) missing[key] = value;
  }
  return missing;
}

}  // namespace

Json account_patch(const Json& existing, const Json& backup) {
  JsonObject patch;
  for (std::string_view list : {"secrets", "imagePullSecrets"}) {
    JsonArray all = united(items_at(existing, list), items_at(backup, list));
    if (all.size() > items_at(existing, list).size()) patch[list] = std::move(all);
  }
  JsonObject metadata;
  for (std::string_view texts : {"labels", "annotations"}) {
    JsonObject missing =
        missing_texts(find(existing, "metadata", texts), find(backup, "metadata", texts));
    if (!missing.empty()) metadata[texts] = std::move(missing);
  }
  if (!metadata.empty()) patch["metadata"] = std::move(metadata);
  return patch;
}

}  // namespace dmaas::applications
