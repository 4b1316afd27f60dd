#include "controller/verification/publish_verdict.hpp"

#include <fmt/format.h>

#include "controller/references.hpp"
#include "controller/verification/verification_status.hpp"

namespace dmaas::controller {
namespace {

kube::ObjectKey backup_of(const api::VerificationSession& session) {
  auto repository = session.spec.repository.key(session.metadata.namespace_name);
  return {repository.namespace_name, session.status.snapshot};
}

}  // namespace

Json verdict_document(const api::Snapshot& backup, const api::SnapshotVerification& verdict,
                      const std::string& message, Timestamp now) {
  api::Snapshot told;
  told.metadata = backup.metadata;
  if (const auto* earlier = api::find_condition(backup.status.conditions, api::condition::verified))
    told.status.conditions.push_back(*earlier);
  api::set_condition(
      told.status.conditions,
      {.type = std::string(api::condition::verified),
       .status = verdict.verified ? api::ConditionStatus::yes : api::ConditionStatus::no,
       .reason = verdict.verified ? "Verified" : "VerificationFailed",
       .message = message},
      now);
  told.status.verification = verdict;
  auto document = api::encode_status(told);
  auto& status = document.as_object()["status"].as_object();
  JsonObject own{{"conditions", status.at("conditions")},
                 {"verification", status.at("verification")}};
  status = std::move(own);
  return document;
}

Result<> publish_verdict(World& world, const api::VerificationSession& session,
                         std::stop_token stop) {
  auto now = world.clock.now();
  auto verdict = verdict_of(session, now);
  const auto& own = session.metadata.namespace_name;
  // Who may only read a repository says nothing in its name.
  bool may_tell = own == backup_of(session).namespace_name || own == world.settings.namespace_name;
  if (!verdict || !may_tell) return {};
  auto backup = find_object<api::Snapshot>(world.stores.snapshots, backup_of(session));
  if (backup.failed_with(ErrorCode::not_found)) return {};
  if (!backup) return fail(std::move(backup).error());
  const auto* failure = api::find_condition(session.status.conditions, api::condition::failed);
  auto message = failure == nullptr ? verdict->how : failure->message;
  auto told = fmt::format("{} (session {})", message, session.metadata.key().text());
  auto applied = kube::apply_status(world.client, api::kind_info<api::Snapshot>().resource(),
                                    verdict_document(*backup, *verdict, told, now),
                                    {.field_manager = verdict_manager}, std::move(stop));
  if (!applied && applied.code() != ErrorCode::not_found) return fail(std::move(applied).error());
  world.events.record(
      backup->source,
      {.severity = verdict->verified ? kube::EventSeverity::normal : kube::EventSeverity::warning,
       .reason = verdict->verified ? "Verified" : "VerificationFailed",
       .action = "Verification",
       .message = told});
  return {};
}

}  // namespace dmaas::controller
