#include "controller/verification/reconcile_verification.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "api/names.hpp"
#include "api/validate.hpp"
#include "base/time_text.hpp"
#include "controller/accounts.hpp"
#include "controller/belongings.hpp"
#include "controller/references.hpp"
#include "controller/status.hpp"
#include "controller/verification/launch_chart.hpp"
#include "controller/verification/launch_manifest.hpp"
#include "controller/verification/probe_pod.hpp"
#include "controller/verification/publish_verdict.hpp"
#include "controller/verification/scratch_namespace.hpp"
#include "controller/verification/verification_status.hpp"
#include "controller/verification/verified_backup.hpp"
#include "kube/runtime/finalizer.hpp"

namespace dmaas::controller {

using api::StageState;
using api::VerificationPhase;
using kube::Action;

namespace {

const Action again_now = Action::requeue(std::chrono::nanoseconds{0});
const Action look_again = Action::requeue(std::chrono::seconds{2});
/// How long a session waits for what it refers to.
constexpr std::chrono::minutes patience{10};
/// How long the network may take to hold a new namespace's policies; less where it may do without.
constexpr std::chrono::seconds isolation_patience{20};
constexpr std::chrono::seconds unisolated_patience{5};

std::string check_key(const api::VerificationSession& session, const std::string& name) {
  return "verification-check/" + session.metadata.uid + "/" + name;
}
std::string launch_key(const api::VerificationSession& session) {
  return "verification-launch/" + session.metadata.uid;
}

std::int32_t restored_count(const api::RestoreSessionStatus& status) {
  std::int32_t objects = 0;
  for (const auto& count : status.counts)
    objects += count.created + count.updated + count.unchanged;
  return objects + static_cast<std::int32_t>(status.volumes.size());
}

std::string address_of(const Json& service, int port) {
  auto host = text_at(service, "spec", "clusterIP");
  bool is_v6 = host.find(':') != std::string::npos;
  return fmt::format("{}:{}", is_v6 ? "[" + host + "]" : host, port);
}

}  // namespace

Result<Action> VerificationReconciler::reconcile(const Json& object, std::stop_token stop) {
  auto newest = TRY(load_newest<Session>(world_, object, stop));
  if (!newest) return Action::await_change();
  auto& session = *newest;
  auto document = session.source;
  kube::FinalizerSteps steps;
  steps.finalizer = api::finalizer;
  steps.reconcile = steps.clean_up = [&] { return step(session, stop); };
  return kube::with_finalizer(world_.client, api::kind_info<Session>().resource(), document, steps,
                              stop);
}

Result<Action> VerificationReconciler::step(Session& session, std::stop_token stop) {
  auto& status = session.status;
  bool is_deleted = session.metadata.deletion_time.has_value();
  if (is_final(status.phase)) {
    if (!is_deleted) return Action::await_change();
    // A namespace that was kept goes with its session.
    return TRY(remove_scratch(world_, session, stop)).empty() ? Action::await_change() : look_again;
  }
  auto before = to_json(status);
  if (is_deleted) note_verification_cancelled(status, world_.clock.now());
  auto action = advance(session, stop);
  bool gives_up = !action && status.phase != VerificationPhase::cleaning_up &&
                  !is_patient(session, action.code());
  if (gives_up) {
    note_verification_failure(status, action.error().message(), world_.clock.now());
    action = again_now;
  }
  if (!action) note_step(status, action.error().message(), world_.clock.now());
  if (to_json(status) != before) TRY(write_status(world_, session, stop));
  return action;
}

bool VerificationReconciler::is_patient(const Session& session, ErrorCode code) const {
  if (session.status.phase != VerificationPhase::pending) return may_pass(code);
  auto now = world_.clock.now();
  bool may_come = code == ErrorCode::not_found || may_pass(code);
  return may_come && now - session.metadata.creation_time.value_or(now) < patience;
}

void VerificationReconciler::note_timeout(Session& session) {
  auto& status = session.status;
  auto now = world_.clock.now();
  const auto& timeout = session.spec.verification.timeout;
  if (has_failed(status) || status.phase == VerificationPhase::cleaning_up) return;
  if (!status.start_time || now - *status.start_time <= timeout) return;
  note_verification_failure(
      status,
      fmt::format("not done within the timeout of {}{}", format_duration(timeout),
                  status.message.empty() ? "" : ": " + status.message),
      now);
}

Result<Action> VerificationReconciler::advance(Session& session, std::stop_token stop) {
  note_timeout(session);
  switch (session.status.phase) {
    case VerificationPhase::pending:
      return begin(session);
    case VerificationPhase::isolating:
      return isolate(session, std::move(stop));
    case VerificationPhase::restoring:
      return restore(session, std::move(stop));
    case VerificationPhase::launching:
      return launch(session, std::move(stop));
    case VerificationPhase::checking:
      return check(session, std::move(stop));
    default:
      return clean_up(session, std::move(stop));
  }
}

Result<Action> VerificationReconciler::begin(Session& session) {
  auto& status = session.status;
  const auto& own = session.metadata.namespace_name;
  TRY(api::validate(session.spec, surroundings(world_, own)));
  TRY(check_repository(world_, own, session.spec.repository.key(own)));
  auto backup = TRY(find_verified_backup(world_, session));
  auto now = world_.clock.now();
  status.source_namespace = TRY(source_namespace_of(world_, backup));
  status.snapshot = backup.metadata.name;
  status.snapshot_id = backup.spec.snapshot_id;
  status.plan = backup.status.plan;
  status.backup_time = backup.spec.time;
  status.recovery_point = now - backup.spec.time;
  status.start_time = now;
  list_checks(session);
  enter_phase(status, VerificationPhase::isolating, now);
  world_.events.record(session.source, {.reason = "Started",
                                        .action = "Verification",
                                        .message = "verification of backup " + status.snapshot});
  return again_now;
}

Result<std::vector<std::string>> VerificationReconciler::outside_addresses(std::stop_token stop) {
  const auto services = kube::resources::services();
  auto server = TRY(world_.client.get(services, {"default", "kubernetes"}, stop));
  auto gateway = TRY(world_.client.get(services, {world_.settings.namespace_name, "dmaas-gateway"},
                                       std::move(stop)));
  return std::vector{address_of(server, 443), address_of(gateway, 8443)};
}

Result<Action> VerificationReconciler::isolate(Session& session, std::stop_token stop) {
  auto& status = session.status;
  auto now = world_.clock.now();
  if (!TRY(ensure_scratch(world_, session, stop))) return look_again;
  ProbePod probe{.purpose = "isolation"};
  probe.order.addresses = TRY(outside_addresses(stop));
  probe.order.patience =
      session.spec.verification.allow_unisolated ? unisolated_patience : isolation_patience;
  auto view = TRY(step_probe(world_, session, probe, stop));
  if (!view.report) {
    note_step(status, view.message.empty() ? "a probe tries to leave the namespace" : view.message,
              now);
    return look_again;
  }
  const auto& report = *view.report;
  api::set_condition(
      status.conditions,
      {.type = std::string(isolated),
       .status = report.passed ? api::ConditionStatus::yes : api::ConditionStatus::no,
       .reason = report.passed ? "Proved" : "NotEnforced",
       .message = report.message},
      now);
  if (!report.passed && !session.spec.verification.allow_unisolated) {
    return fail(
        ErrorCode::permission_denied,
        "the network does not isolate the scratch namespace: the probe says: " + report.message +
            ". A restored copy could reach what the original works with. Use a network "
            "that enforces NetworkPolicies, or set allowUnisolated: true");
  }
  if (!report.passed)
    status.warnings.push_back("the scratch namespace is not isolated: " + report.message);
  end_step(status, report.message, now);
  enter_phase(status, VerificationPhase::restoring, now);
  return again_now;
}

Result<api::RestoreSession> VerificationReconciler::ensure_restore(Session& session,
                                                                   std::stop_token stop) {
  const auto resource = api::kind_info<api::RestoreSession>().resource();
  auto& status = session.status;
  kube::ObjectKey key{session.metadata.namespace_name, api::scratch_name(session.metadata.uid)};
  auto found = world_.client.get(resource, key, stop);
  if (found.failed_with(ErrorCode::not_found)) {
    if (!status.restore_session.empty())
      return fail(ErrorCode::not_found, "its RestoreSession was deleted");
    auto backup = TRY(find_verified_backup(world_, session));
    auto wanted = TRY(trial_restore(session, backup));
    found = world_.client.create(resource, api::encode(wanted), {}, std::move(stop));
  }
  auto document = TRY(std::move(found));
  auto restore = TRY(api::decode<api::RestoreSession>(document));
  auto owner = kube::controller_of(restore.source);
  if (!owner || owner->uid != session.metadata.uid)
    return fail(ErrorCode::already_exists, "a RestoreSession of that name is another's");
  status.restore_session = restore.metadata.name;
  return restore;
}

Result<Action> VerificationReconciler::restore(Session& session, std::stop_token stop) {
  auto& status = session.status;
  auto now = world_.clock.now();
  auto restore = TRY(ensure_restore(session, std::move(stop)));
  if (!is_final(restore.status.stage)) {
    auto what = restore.status.message.empty() ? restore.status.progress : restore.status.message;
    note_step(status,
              fmt::format("{}{}", name_of(restore.status.stage), what.empty() ? "" : ": " + what),
              now);
    return look_again;
  }
  if (restore.status.stage != api::RestoreStage::succeeded)
    return fail(ErrorCode::invalid_input, "the restore failed: " + restore.status.message);
  if (restored_count(restore.status) == 0) {
    return fail(ErrorCode::invalid_input,
                "the restore brought nothing: the backup has no object of namespace " +
                    status.source_namespace);
  }
  end_step(status, restore.status.message, now);
  if (session.spec.verification.manifest || session.spec.verification.helm) {
    enter_phase(status, VerificationPhase::launching, now);
  } else {
    status.time_to_recover = *restore.status.completion_time - *restore.status.start_time;
    enter_phase(status, VerificationPhase::checking, now);
  }
  return again_now;
}

Result<Action> VerificationReconciler::launch(Session& session, std::stop_token stop) {
  auto& status = session.status;
  auto left = *status.start_time + session.spec.verification.timeout - world_.clock.now();
  if (session.spec.verification.helm) return launch_chart(session, left, std::move(stop));
  auto key = session.metadata.key();
  auto done = world_.background.run(
      launch_key(session),
      [this, session, left](std::stop_token stopped) -> Result<Json> {
        TRY(launch_manifest(world_, session, account_of(session), left, stopped));
        return Json(format_nanoseconds(world_.clock.now()));
      },
      [this, key] { wake_(key); });
  if (!done) {
    note_step(status, "the manifest is applied and its workloads are awaited", world_.clock.now());
    return look_again;
  }
  auto reported = TRY(std::move(*done));
  return end_launch(session, TRY(parse_timestamp(reported.as_string())), std::move(stop));
}

Result<Action> VerificationReconciler::launch_chart(Session& session, std::chrono::nanoseconds left,
                                                    std::stop_token stop) {
  const auto& chart = session.spec.verification.helm->chart;
  auto now = world_.clock.now();
  auto view = TRY(step_chart(world_, session, left, stop));
  if (!view.outcome) {
    note_step(session.status,
              view.message.empty()
                  ? fmt::format("Helm installs chart {} and waits for its workloads", chart)
                  : "Helm: " + view.message,
              now);
    return look_again;
  }
  if (!view.outcome->empty()) {
    return fail(ErrorCode::invalid_input,
                fmt::format("chart {} was not installed: {}", chart, *view.outcome));
  }
  return end_launch(session, now, std::move(stop));
}

Result<Action> VerificationReconciler::end_launch(Session& session, Timestamp ready,
                                                  std::stop_token stop) {
  auto& status = session.status;
  auto restore = TRY(ensure_restore(session, std::move(stop)));
  status.time_to_recover = ready - *restore.status.start_time;
  end_step(status, "every workload is ready", world_.clock.now());
  enter_phase(status, VerificationPhase::checking, world_.clock.now());
  return again_now;
}

kube::Account VerificationReconciler::account_of(const Session& session) const {
  const auto& own = session.metadata.namespace_name;
  const auto& named = session.spec.verification.service_account_name;
  return impersonated(named.empty() ? verification_account(world_, own)
                                    : kube::ObjectKey{own, named});
}

/// Nothing while the check goes on.
Result<std::optional<CheckOutcome>> VerificationReconciler::step_check(
    Session& session, const api::VerificationCheck& check, std::stop_token stop) {
  const auto& scratch = session.status.scratch_namespace;
  if (check.files) {
    auto restore = TRY(ensure_restore(session, stop));
    return std::optional(judge_files(restore.status.volumes));
  }
  if (check.http) {
    ProbePod probe{.purpose = "check-" + check.name};
    probe.order.http = check.http;
    probe.order.host = fmt::format("{}.{}.svc", check.http->service, scratch);
    probe.order.patience = check.timeout;
    return TRY(step_probe(world_, session, probe, std::move(stop))).report;
  }
  auto key = session.metadata.key();
  CheckOccasion occasion{scratch, account_of(session), check.timeout};
  auto done = world_.background.run(
      check_key(session, check.name),
      [this, check, occasion](std::stop_token stopped) -> Result<Json> {
        return to_json(run_check(world_, check, occasion, stopped));
      },
      [this, key] { wake_(key); });
  if (!done) return std::optional<CheckOutcome>();
  auto reported = TRY(std::move(*done));
  return std::optional(TRY(from_json<CheckOutcome>(reported)));
}

Result<Action> VerificationReconciler::check(Session& session, std::stop_token stop) {
  auto& status = session.status;
  const auto& checks = session.spec.verification.checks;
  auto is_open = [](const api::CheckResult& result) {
    return result.state < StageState::succeeded;
  };
  auto result = std::ranges::find_if(status.checks, is_open);
  auto now = world_.clock.now();
  if (result == status.checks.end()) {
    auto trouble = describe_failed_checks(status);
    if (!trouble.empty()) return fail(ErrorCode::invalid_input, trouble);
    end_step(status, fmt::format("{} checks passed", status.checks.size()), now);
    enter_phase(status, VerificationPhase::cleaning_up, now);
    return again_now;
  }
  auto check = std::ranges::find(checks, result->name, &api::VerificationCheck::name);
  if (!result->start_time) result->start_time = now;
  result->state = StageState::running;
  note_step(status, "check " + result->name, now);
  auto outcome = TRY(step_check(session, *check, std::move(stop)));
  if (!outcome) return look_again;
  result->state = outcome->passed ? StageState::succeeded : StageState::failed;
  result->message = outcome->message;
  result->completion_time = world_.clock.now();
  return again_now;
}

Result<std::string> VerificationReconciler::end_restore(const Session& session,
                                                        std::stop_token stop) {
  const auto resource = api::kind_info<api::RestoreSession>().resource();
  kube::ObjectKey key{session.metadata.namespace_name, api::scratch_name(session.metadata.uid)};
  auto found = world_.client.get(resource, key, stop);
  if (found.failed_with(ErrorCode::not_found)) return std::string();
  auto document = TRY(std::move(found));
  auto restore = TRY(api::decode<api::RestoreSession>(document));
  // One that is over is part of the record and goes with the session.
  if (is_final(restore.status.stage) && !restore.metadata.deletion_time) return std::string();
  TRY(kube::ensure_removed(world_.client, resource, key, {.uid = restore.metadata.uid},
                           std::move(stop)));
  return "waiting for the restore to be stopped";
}

Result<Action> VerificationReconciler::clean_up(Session& session, std::stop_token stop) {
  auto& status = session.status;
  auto now = world_.clock.now();
  if (!api::is_true(status.conditions, published)) {
    TRY(publish_verdict(world_, session, stop));
    api::set_condition(
        status.conditions,
        {.type = std::string(published), .status = api::ConditionStatus::yes, .reason = "Told"},
        now);
    return again_now;
  }
  world_.background.cancel(launch_key(session));
  for (const auto& check : session.spec.verification.checks)
    world_.background.cancel(check_key(session, check.name));
  auto waiting = TRY(end_restore(session, stop));
  // Helm may have been given up, and the namespace is kept.
  if (session.spec.verification.helm) TRY(close_chart_network(world_, session, stop));
  if (waiting.empty()) TRY(remove_belongings_of(world_, session.metadata.uid, stop));
  if (waiting.empty() && !is_kept(session)) waiting = TRY(remove_scratch(world_, session, stop));
  if (!waiting.empty()) {
    note_step(status, waiting, now);
    return look_again;
  }
  finish_verification(session, world_.clock.now());
  bool succeeded = status.phase == VerificationPhase::succeeded;
  world_.events.record(session.source, {.severity = succeeded ? kube::EventSeverity::normal
                                                              : kube::EventSeverity::warning,
                                        .reason = std::string(name_of(status.phase)),
                                        .action = "Verification",
                                        .message = status.message});
  return Action::await_change();
}

}  // namespace dmaas::controller
