#include "controller/restore/quiesce_workloads.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "applications/readiness.hpp"
#include "applications/scaling.hpp"
#include "controller/accounts.hpp"
#include "controller/restore/existing_claim.hpp"
#include "controller/status.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

using api::StoppedWorkload;
using api::WorkloadState;

constexpr std::chrono::minutes stop_patience{10};
constexpr std::chrono::minutes ready_patience{10};
/// Condition: no pod uses the claims any more; one that begins to is a failure from then on.
constexpr std::string_view workloads_stopped = "WorkloadsStopped";
/// Condition: the workloads have their replicas again.
constexpr std::string_view workloads_released = "WorkloadsReleased";

kube::ObjectKey key_of(const StoppedWorkload& workload) {
  return {workload.namespace_name, workload.name};
}
std::string text_of(const StoppedWorkload& workload) {
  return workload.kind + " " + key_of(workload).text();
}

Result<> scale(World& world, const RestoreWork& work, const StoppedWorkload& workload,
               std::int32_t replicas, std::stop_token stop) {
  auto account = world.client.impersonating(impersonated(restore_account(world, work.session)));
  return applications::scale(*account, workload, replicas, std::move(stop));
}

Result<> note_workloads(World& world, RestoreWork& work, std::stop_token stop) {
  auto& rows = work.session.status.workloads;
  for (const auto& claim : TRY(claims_to_fill(world, work, stop))) {
    for (const auto& user : claim.users) {
      auto workload = find_scaled_workload(world, {claim.key.namespace_name, user.pod}, stop);
      if (workload.failed_with(ErrorCode::not_found)) continue;  // it has ended meanwhile
      if (!workload) return fail(std::move(workload).error());
      if (std::ranges::find(rows, workload->uid, &StoppedWorkload::uid) == rows.end())
        rows.push_back(*std::move(workload));
    }
  }
  return {};
}

void abandon(StoppedWorkload& workload, api::RestoreSessionStatus& status, std::string_view why) {
  workload.state = WorkloadState::abandoned;
  workload.message =
      fmt::format("it could not be given its {} replicas back: {}", workload.replicas, why);
  status.warnings.push_back(fmt::format(
      "{}: {}. 'kubectl -n {} scale {}/{} --replicas={}' does it", text_of(workload),
      workload.message, workload.namespace_name, workload.kind, workload.name, workload.replicas));
}

Result<> release(World& world, RestoreWork& work, StoppedWorkload& workload, std::stop_token stop) {
  auto& status = work.session.status;
  const auto* resource = applications::find_scaled_kind(workload.api_version, workload.kind);
  ENSURE(resource != nullptr);
  auto object = world.client.get(*resource, key_of(workload), stop);
  if (!object && object.code() != ErrorCode::not_found) return fail(std::move(object).error());
  if (!object) {
    abandon(workload, status, "it is not there any more");
    return {};
  }
  if (kube::uid_of(*object) == workload.uid && applications::replicas_of(*object) == 0) {
    auto scaled = scale(world, work, workload, workload.replicas, std::move(stop));
    if (!scaled && may_pass(scaled.code())) return scaled;
    if (!scaled) {
      abandon(workload, status, scaled.error().message());
      return {};
    }
  }
  workload.state = WorkloadState::restored;
  return {};
}

bool is_over(const StoppedWorkload& workload) {
  return workload.state >= WorkloadState::restored;
}

void set_done(api::RestoreSessionStatus& status, std::string_view type, Timestamp now) {
  api::set_condition(
      status.conditions,
      {.type = std::string(type), .status = api::ConditionStatus::yes, .reason = "Done"}, now);
}

bool is_older(const api::RestoreSessionStatus& status, std::string_view type,
              std::chrono::minutes age, Timestamp now) {
  const auto* condition = api::find_condition(status.conditions, type);
  return condition != nullptr && now - condition->last_transition_time.value_or(now) > age;
}

}  // namespace

Result<StoppedWorkload> find_scaled_workload(World& world, const kube::ObjectKey& pod,
                                             std::stop_token stop) {
  return applications::find_scaled_workload(world.client, pod, std::move(stop));
}

Result<bool> quiesce_workloads(World& world, RestoreWork& work, std::stop_token stop) {
  auto& status = work.session.status;
  bool scales = work.session.spec.in_place &&
                work.session.spec.in_place->quiesce == api::QuiesceMethod::scale_to_zero;
  if (!scales || api::is_true(status.conditions, workloads_stopped)) return true;
  auto now = world.clock.now();
  if (!api::is_true(status.conditions, workloads_found)) {
    TRY(note_workloads(world, work, std::move(stop)));
    set_done(status, workloads_found, now);
    return false;  // first the status, then the workloads
  }
  for (auto& workload : status.workloads) {
    if (workload.state != WorkloadState::found) continue;
    TRY(scale(world, work, workload, 0, stop).context("scaling " + text_of(workload) + " to zero"));
    workload.state = WorkloadState::stopped;
  }
  for (const auto& claim : TRY(claims_to_fill(world, work, std::move(stop)))) {
    if (claim.users.empty()) continue;
    status.message = fmt::format("waiting until pod {} has ended, which uses claim {}",
                                 claim.users.front().pod, claim.key.text());
    if (is_older(status, workloads_found, stop_patience, now)) {
      return fail(ErrorCode::invalid_input,
                  status.message + ": not within 10 minutes. Stop what starts it again");
    }
    return false;
  }
  set_done(status, workloads_stopped, now);
  return true;
}

Result<bool> release_workloads(World& world, RestoreWork& work, std::stop_token stop) {
  auto& status = work.session.status;
  if (std::ranges::all_of(status.workloads, is_over)) return true;
  if (TRY(has_movers(world, work, stop))) return false;
  for (auto& workload : status.workloads) {
    if (!is_over(workload)) TRY(release(world, work, workload, stop));
  }
  set_done(status, workloads_released, world.clock.now());
  return true;
}

Result<bool> await_released(World& world, RestoreWork& work, std::stop_token stop) {
  auto& status = work.session.status;
  for (const auto& workload : status.workloads) {
    const auto* resource = applications::find_scaled_kind(workload.api_version, workload.kind);
    if (workload.state != WorkloadState::restored || resource == nullptr) continue;
    auto object = world.client.get(*resource, key_of(workload), stop);
    if (object.failed_with(ErrorCode::not_found)) continue;
    auto readiness = applications::readiness_of(TRY(object));
    if (readiness.state == applications::ReadinessState::ready) continue;
    status.message = text_of(workload) + ": " + readiness.reason;
    if (!is_older(status, workloads_released, ready_patience, world.clock.now())) return false;
    return fail(ErrorCode::invalid_input,
                "restored, but not ready after 10 minutes: " + status.message);
  }
  return true;
}

}  // namespace dmaas::controller
