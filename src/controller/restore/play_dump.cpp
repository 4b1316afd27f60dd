#include "controller/restore/play_dump.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controller/accounts.hpp"
#include "controller/dump_pod.hpp"
#include "controller/restore/restore_plan_store.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

/// How long the restored application may take to have a ready pod.
constexpr std::chrono::minutes pod_patience{10};

Result<api::PlannedDump> find_planned(const api::RestoreReport& plan,
                                      const api::RestoredDump& dump) {
  auto found = std::ranges::find(plan.dumps, dump.component, &api::PlannedDump::component);
  if (found != plan.dumps.end()) return *found;
  return fail(ErrorCode::internal, dump.component + " is not in the plan");
}

Result<> retire(World& world, api::RestoredDump& dump, std::stop_token stop) {
  MoverFacts facts{dump.pod, dump.attempts, dump.message};
  TRY(retire_mover(world, facts, std::move(stop)));
  dump.pod.reset();
  return {};
}

/// Looks for the application's pod when a mover has to be made; unavailable while there is none.
Result<MoverWish> wish_dump(World& world, const RestoreWork& work, const api::PlannedDump& planned,
                            const api::RestoredDump& dump, std::stop_token stop) {
  auto wish = wish_of(world, work, planned.component);
  if (dump.pod) return wish;  // it runs: only what names it matters
  wish.application_pod = TRY(
      find_dump_pod(world, planned.target, planned.namespace_name, planned.dump, std::move(stop)));
  wish.pod.key.namespace_name = kube::namespace_of(wish.application_pod);
  wish.pod.application_container = planned.dump.container;
  wish.account = impersonated(restore_account(world, work.session));
  return wish;
}

void end_dump(api::RestoredDump& dump, api::ComponentPhase phase, std::string message,
              Timestamp now) {
  dump.phase = phase;
  dump.message = std::move(message);
  dump.completion_time = now;
}

void note_view(api::RestoredDump& dump, const MoverView& view, Timestamp now) {
  dump.message = view.message;
  if (!view.node.empty()) dump.node = view.node;
  if (view.progress) dump.bytes_done = view.progress->bytes_done;
  switch (view.state) {
    case MoverState::starting:
      dump.phase = api::ComponentPhase::starting;
      return;
    case MoverState::working:
      dump.phase = api::ComponentPhase::moving;
      return;
    case MoverState::given_up:
      end_dump(dump, api::ComponentPhase::failed, view.message, now);
      return;
    case MoverState::delivered:
      break;
  }
  bool succeeded = view.result->outcome == api::MoverOutcome::succeeded;
  if (succeeded) dump.bytes_done = view.result->bytes;
  end_dump(dump, succeeded ? api::ComponentPhase::succeeded : api::ComponentPhase::failed,
           view.result->message, now);
}

Result<> step_dump(World& world, RestoreWork& work, const api::PlannedDump& planned,
                   api::RestoredDump& dump, std::stop_token stop) {
  auto now = world.clock.now();
  if (!dump.start_time) dump.start_time = now;
  auto wish = wish_dump(world, work, planned, dump, stop);
  if (wish.failed_with(ErrorCode::unavailable) && now - *dump.start_time < pod_patience) {
    dump.message = wish.error().message();
    return {};
  }
  if (!wish) return fail(std::move(wish).error());
  MoverFacts facts{dump.pod, dump.attempts, dump.message};
  auto view = step_mover(world, *wish, facts, stop);
  dump.pod = facts.pod;
  dump.attempts = facts.attempts;
  if (!view) return fail(std::move(view).error());
  note_view(dump, *view, now);
  return {};
}

}  // namespace

api::RestoredDump pending_dump(const api::PlannedDump& planned) {
  return {.component = planned.component,
          .namespace_name = planned.namespace_name,
          .bytes_total = planned.bytes,
          .snapshot_id = planned.snapshot_id};
}

Result<bool> play_dumps(World& world, RestoreWork& work, std::stop_token stop) {
  auto& dumps = work.session.status.dumps;
  auto plan = TRY(load_restore_plan(world, work.session, stop));
  int running = 0;
  for (auto& dump : dumps) {
    if (is_final(dump.phase) && dump.pod) TRY(retire(world, dump, stop));
    bool may_start = dump.phase != api::ComponentPhase::pending ||
                     running < work.source.storage.spec.max_concurrent_movers;
    if (!is_final(dump.phase) && may_start) {
      auto planned = TRY(find_planned(plan, dump));
      TRY(step_dump(world, work, planned, dump, stop).context(dump.component));
    }
    running += !is_final(dump.phase) && dump.phase != api::ComponentPhase::pending;
    if (dump.phase == api::ComponentPhase::failed)
      return fail(ErrorCode::invalid_input, fmt::format("{}: {}", dump.component, dump.message));
  }
  return std::ranges::all_of(dumps, [](const auto& dump) { return is_final(dump.phase); });
}

Result<api::OrderDump> dump_order(World& world, const api::RestoreSession& session,
                                  const api::RestoredDump& dump, std::stop_token stop) {
  auto plan = TRY(load_restore_plan(world, session, std::move(stop)));
  auto planned = TRY(find_planned(plan, dump));
  return api::OrderDump{.command = planned.dump.restore_command,
                        .file_name = planned.file.substr(planned.file.starts_with('/') ? 1 : 0)};
}

Result<> retire_dumps(World& world, api::RestoreSessionStatus& status, std::stop_token stop) {
  for (auto& dump : status.dumps) TRY(retire(world, dump, stop));
  return {};
}

}  // namespace dmaas::controller
