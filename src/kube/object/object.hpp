#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "kube/object/object_key.hpp"
#include "kube/object/resource.hpp"

// Objects of the API are plain documents (`Json`). These are the ways to read and write what all
// kinds have in common. Readers accept any document: what is absent or of another type reads as ""
// or empty.
namespace dmaas::kube {

/// {apiVersion, kind, metadata: {namespace, name}}, to be filled by the caller.
Json make_object(const Resource& resource, const ObjectKey& key);

std::string kind_of(const Json& object);
std::string api_version_of(const Json& object);
ObjectKey key_of(const Json& object);
std::string name_of(const Json& object);
std::string namespace_of(const Json& object);
std::string uid_of(const Json& object);
std::string resource_version_of(const Json& object);
std::int64_t generation_of(const Json& object);
/// "ConfigMap shop/settings", for messages.
std::string describe(const Json& object);
/// metadata.deletionTimestamp is set: the object goes as soon as its finalizers are gone.
bool is_terminating(const Json& object);
std::optional<Timestamp> creation_time_of(const Json& object);

std::map<std::string, std::string> labels_of(const Json& object);
std::string label_of(const Json& object, std::string_view key);
void set_label(Json& object, std::string_view key, std::string_view value);
std::map<std::string, std::string> annotations_of(const Json& object);
std::string annotation_of(const Json& object, std::string_view key);
void set_annotation(Json& object, std::string_view key, std::string_view value);

std::vector<std::string> finalizers_of(const Json& object);
bool has_finalizer(const Json& object, std::string_view finalizer);

struct OwnerReference {
  std::string api_version{};
  std::string kind{};
  std::string name{};
  std::string uid{};
  bool controller = false;
  bool block_owner_deletion = false;

  bool operator==(const OwnerReference&) const = default;
};
std::vector<OwnerReference> owner_references_of(const Json& object);
/// The one owner with controller: true.
std::optional<OwnerReference> controller_of(const Json& object);
/// A reference to `owner`, which must carry its uid.
OwnerReference owner_reference_to(const Json& owner);
/// Replaces the reference with the same uid or adds one.
void add_owner_reference(Json& object, const OwnerReference& reference);

enum class ConditionStatus { no, yes, unknown };  // "False", "True", "Unknown"
struct Condition {
  std::string type{};
  ConditionStatus status = ConditionStatus::unknown;
  std::string reason{};  // one CamelCase word
  std::string message{};
  std::int64_t observed_generation = 0;
  std::optional<Timestamp> last_transition_time{};

  bool operator==(const Condition&) const = default;
};
/// status.conditions
std::vector<Condition> conditions_of(const Json& object);
std::optional<Condition> find_condition(const Json& object, std::string_view type);
/// The condition exists and its status is True.
bool is_condition_true(const Json& object, std::string_view type);
/// Writes into status.conditions. lastTransitionTime becomes `now` only when the status differs
/// from what was there, otherwise it is kept. Returns whether anything changed.
bool set_condition(Json& object, Condition condition, Timestamp now);

/// `text` cut to a valid label value (≤ 63 of [A-Za-z0-9._-], alphanumeric at both ends); other
/// characters become '-'.
std::string to_label_value(std::string_view text);

}  // namespace dmaas::kube
