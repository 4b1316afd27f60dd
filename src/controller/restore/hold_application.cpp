#include "controller/restore/hold_application.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "controller/accounts.hpp"
#include "controller/references.hpp"
#include "controller/restore/existing_claim.hpp"
#include "controller/run_hooks.hpp"

namespace dmaas::controller {
namespace {

/// Condition: what uses the claims is held still. Kept, so that nothing is held twice.
constexpr std::string_view application_held = "ApplicationHeld";

bool is_wanted(const api::RestoreSession& session) {
  return session.spec.in_place && session.spec.in_place->quiesce == api::QuiesceMethod::hook;
}

Result<api::ResolvedHook> quiescing_hook(const World& world, const api::RestoreSession& session) {
  const auto& reference = *session.spec.in_place->hook;
  api::Hook hook{.name = reference.name, .template_reference = reference};
  auto resolved = TRY(resolve_hooks(world, {hook}, session.metadata.namespace_name));
  if (resolved.front().exec.quiesces()) return resolved.front();
  return fail(ErrorCode::invalid_input,
              fmt::format("spec.inPlace.hookRef: HookTemplate {} holds nothing still: give it undo "
                          "and maxQuiesce",
                          reference.name));
}

Result<std::vector<kube::ObjectKey>> pods_using(World& world, const RestoreWork& work,
                                                std::stop_token stop) {
  std::set<kube::ObjectKey> pods;
  for (const auto& claim : TRY(claims_to_fill(world, work, std::move(stop)))) {
    for (const auto& user : claim.users) pods.insert({claim.key.namespace_name, user.pod});
  }
  return std::vector(pods.begin(), pods.end());
}

Result<> check_all_still(const std::vector<api::HookResult>& results) {
  auto moving = std::ranges::find_if_not(results, &api::HookResult::quiesced);
  if (moving == results.end()) return {};
  return fail(
      ErrorCode::invalid_input,
      fmt::format("nothing was written to the claims: hook {} did not hold pod {} still: {}",
                  moving->name, moving->pod, moving->message));
}

bool is_being_written(const api::RestoredVolume& volume) {
  return volume.in_place && volume.phase < api::VolumePhase::binding;
}

}  // namespace

Result<> check_quiescing_hook(const World& world, const api::RestoreSession& session) {
  if (is_wanted(session)) TRY(quiescing_hook(world, session));
  return {};
}

Result<bool> hold_application(World& world, RestoreWork& work, const Wake& wake,
                              std::stop_token stop) {
  auto& status = work.session.status;
  if (!is_wanted(work.session) || api::is_true(status.conditions, application_held)) return true;
  const auto& own = work.session.metadata.namespace_name;
  HookOccasion occasion{.session_uid = work.session.metadata.uid,
                        .stage = "before",
                        .namespace_name = own,
                        .account = impersonated(restore_account(world, work.session)),
                        .pods = TRY(pods_using(world, work, std::move(stop)))};
  auto done = world.background.run(
      "quiesce/" + work.session.metadata.uid,
      [&world, occasion,
       hook = TRY(quiescing_hook(world, work.session))](std::stop_token stopped) -> Result<Json> {
        if (occasion.pods->empty()) return encode_outcome({});  // nobody uses them
        return encode_outcome(run_hooks(world, {hook}, occasion, stopped));
      },
      wake);
  if (!done) {
    status.message = "the application is being held still";
    return false;
  }
  auto outcome = decode_outcome(TRY(std::move(*done)));
  status.hooks.insert(status.hooks.end(), outcome.results.begin(), outcome.results.end());
  TRY(check_all_still(outcome.results));
  api::set_condition(status.conditions,
                     {.type = std::string(application_held),
                      .status = api::ConditionStatus::yes,
                      .reason = "Done"},
                     world.clock.now());
  return false;  // first the status, then the data
}

Result<> check_still_held(const World& world, const RestoreWork& work) {
  const auto& status = work.session.status;
  auto held = world.quiescence.count_held(work.session.metadata.uid);
  bool is_let_go = held < count_quiesced(status.hooks) && !ran_hooks(status.hooks, "undo");
  if (!is_let_go || std::ranges::none_of(status.volumes, is_being_written)) return {};
  return fail(ErrorCode::invalid_input,
              "the application was let go before all its data was written, because maxQuiesce was "
              "over, or its pod or the controller was restarted: restore again, with a larger "
              "maxQuiesce if that was the cause");
}

Result<bool> let_application_go(World& world, RestoreWork& work, const Wake& wake,
                                std::stop_token stop) {
  auto& status = work.session.status;
  const auto& uid = work.session.metadata.uid;
  if (!owes_undo(status.hooks)) {
    world.quiescence.drop(uid);  // what was held and not written down
    return true;
  }
  if (TRY(has_movers(world, work, std::move(stop)))) return false;
  auto done = world.background.run(
      "undo/" + uid,
      [&world, uid, results = status.hooks](std::stop_token stopped) -> Result<Json> {
        return encode_outcome({.results = undo_hooks(world, uid, results, stopped)});
      },
      wake);
  if (!done) return false;
  for (auto& result : decode_outcome(TRY(std::move(*done))).results) {
    if (!result.succeeded) {
      status.warnings.push_back(
          fmt::format("hook {}, undo in pod {}: {}", result.name, result.pod, result.message));
    }
    status.hooks.push_back(std::move(result));
  }
  return true;
}

}  // namespace dmaas::controller
