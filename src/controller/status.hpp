#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "api/backup_session.hpp"
#include "api/restore_session.hpp"
#include "controller/world.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {

/// Replaces the object's status, only over the version that was read: a copy that is out of date
/// fails with `conflict` instead of undoing what was written since.
template <class Kind>
Result<> write_status(World& world, Kind& object, std::stop_token stop) {
  const auto resource = api::kind_info<Kind>().resource();
  auto written = TRY(world.client.replace(resource, api::encode(object), {.subresource = "status"},
                                          std::move(stop)));
  object.metadata = api::decode_metadata(written);
  object.source = std::move(written);
  return {};
}

/// Writes one condition of an object's status, beside what others write there, as a field manager
/// of its own. Nothing is sent when it is there already.
template <class Kind>
Result<> apply_condition(World& world, const Kind& object, api::Condition condition,
                         const std::string& manager, std::stop_token stop) {
  Kind told;
  told.metadata = object.metadata;
  const auto* known = api::find_condition(object.status.conditions, condition.type);
  if (known != nullptr) told.status.conditions.push_back(*known);
  bool is_news =
      api::set_condition(told.status.conditions, std::move(condition), world.clock.now());
  if (!is_news) return {};
  auto document = api::encode_status(told);
  auto& status = document.as_object()["status"].as_object();
  status = JsonObject{{"conditions", status.at("conditions")}};
  TRY(kube::apply_status(world.client, api::kind_info<Kind>().resource(), document,
                         {.field_manager = manager}, std::move(stop)));
  return {};
}

/// The object as the server has it now; nothing when it is gone. What a reconciler is given may be
/// older than the status that its last run wrote, and what that run did must not be done again.
template <class Kind>
Result<std::optional<Kind>> load_newest(World& world, const Json& object, std::stop_token stop) {
  auto newest =
      world.client.get(api::kind_info<Kind>().resource(), kube::key_of(object), std::move(stop));
  if (newest.failed_with(ErrorCode::not_found)) return std::optional<Kind>();
  if (!newest) return fail(std::move(newest).error());
  return std::optional(TRY(api::decode<Kind>(*newest)));
}

/// Lets movers go whose results are now in a written status.
void settle_results(World& world, const api::BackupSessionStatus& status);
void settle_results(World& world, const api::RestoreSessionStatus& status);

struct ReadyNote {
  std::string reason{};
  std::string message{};
  bool ready = true;
};
/// Condition Ready.
void set_ready(api::Conditions& conditions, ReadyNote note, Timestamp now);

/// Of a condition Ready that is False because something failed.
std::string_view reason_not_ready(ErrorCode code);

/// Whether the same work may succeed later by itself: what is retryable, stopped, or held by
/// somebody else.
constexpr bool may_pass(ErrorCode code) {
  return is_retryable(code) || code == ErrorCode::cancelled || code == ErrorCode::locked;
}

}  // namespace dmaas::controller
