#pragma once

#include <functional>
#include <stop_token>
#include <utility>

#include "api/labels.hpp"
#include "controller/status.hpp"
#include "kube/runtime/finalizer.hpp"

namespace dmaas::controller {

/// One look at a session: `step` gets its newest version as `work.session`. A session that is being
/// deleted keeps its finalizer until it has ended, so that whatever it made is cleaned up.
/// `Work::is_over()` says so.
template <class Work>
Result<kube::Action> reconcile_session(World& world, const Json& object,
                                       const std::function<Result<kube::Action>(Work&)>& step,
                                       std::stop_token stop) {
  using Session = decltype(Work::session);
  auto newest = TRY(load_newest<Session>(world, object, stop));
  if (!newest) return kube::Action::await_change();
  Work work;
  work.session = std::move(*newest);
  auto document = work.session.source;
  kube::FinalizerSteps steps;
  steps.finalizer = api::finalizer;
  steps.reconcile = [&] { return step(work); };
  steps.clean_up = [&]() -> Result<kube::Action> {
    auto action = TRY(step(work));
    return work.is_over() ? kube::Action::await_change() : action;
  };
  return kube::with_finalizer(world.client, api::kind_info<Session>().resource(), document, steps,
                              stop);
}

}  // namespace dmaas::controller
