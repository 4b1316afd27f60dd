#include "controller/policy/protected_condition.hpp"

#include <algorithm>
#include <array>

#include "api/labels.hpp"
#include "base/time_text.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

bool is_of_kubernetes(const kube::Resource& resource) {
  const auto kinds = {kube::resources::namespaces(), kube::resources::deployments(),
                      kube::resources::stateful_sets(), kube::resources::daemon_sets()};
  return std::ranges::any_of(kinds, [&](const kube::Resource& kind) {
    return kind.group == resource.group && kind.plural == resource.plural;
  });
}

/// A kind without a definition, of an aggregated API, says nothing about its conditions.
Result<bool> may_share(World& world, const kube::Resource& resource, std::stop_token stop) {
  auto definition = world.client.get(kube::resources::custom_resource_definitions(),
                                     {"", resource.plural + "." + resource.group}, std::move(stop));
  if (definition.failed_with(ErrorCode::not_found)) return false;
  return shares_conditions(TRY(std::move(definition)), resource.version);
}

/// Nothing when it is there already.
std::optional<Json> condition_of(const Json& target, const Protection& protection, Timestamp now) {
  const auto status =
      protection.state == "Ready" ? kube::ConditionStatus::yes : kube::ConditionStatus::no;
  auto shown = kube::find_condition(target, protected_condition);
  bool is_same = shown && shown->status == status && shown->reason == protection.state &&
                 shown->message == protection.message;
  if (is_same) return std::nullopt;
  bool keeps_time = shown && shown->status == status && shown->last_transition_time;
  return JsonObject{
      {"type", protected_condition},
      {"status", status == kube::ConditionStatus::yes ? "True" : "False"},
      {"reason", protection.state},
      {"message", protection.message},
      {"lastTransitionTime", format_seconds(keeps_time ? *shown->last_transition_time : now)}};
}

bool is_refusal(const Result<Json>& written) {
  return std::ranges::any_of(
      std::array{ErrorCode::permission_denied, ErrorCode::not_found, ErrorCode::conflict,
                 ErrorCode::invalid_input, ErrorCode::unsupported},
      [&](ErrorCode code) { return written.failed_with(code); });
}

}  // namespace

bool shares_conditions(const Json& definition, std::string_view version) {
  for (const auto& served : items_at(definition, "spec", "versions")) {
    if (text_at(served, "name") != version) continue;
    const auto* conditions = find(served, "schema", "openAPIV3Schema", "properties", "status",
                                  "properties", "conditions");
    if (conditions == nullptr || find(served, "subresources", "status") == nullptr) return false;
    auto keys = items_at(*conditions, "x-kubernetes-list-map-keys");
    return text_at(*conditions, "x-kubernetes-list-type") == "map" && keys.size() == 1 &&
           keys.front() == "type";
  }
  return false;
}

Result<> show_condition(World& world, const kube::Resource& resource, const Json& target,
                        const Protection& protection, Occasion occasion, std::stop_token stop) {
  bool is_known = is_of_kubernetes(resource);
  if (!is_known && occasion == Occasion::another_look) return {};
  auto told = kube::make_object(resource, kube::key_of(target));
  // Only on this very object, as the annotations.
  ensure_object(told, "metadata")["uid"] = kube::uid_of(target);
  // Without a status ours goes. An empty one is refused where a definition describes the kind.
  if (!protection.state.empty()) {
    auto condition = condition_of(target, protection, world.clock.now());
    if (!condition) return {};
    ensure_object(told, "status")["conditions"] = JsonArray{*std::move(condition)};
  } else if (!kube::find_condition(target, protected_condition)) {
    return {};
  }
  if (!is_known && !TRY(may_share(world, resource, stop))) return {};
  kube::WriteOptions options;
  options.field_manager = std::string(api::protection_field_manager);
  auto written = kube::apply_status(world.client, resource, told, options, std::move(stop));
  if (written || is_refusal(written)) return {};
  return fail(std::move(written).error());
}

}  // namespace dmaas::controller
