#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "api/backup_session.hpp"
#include "api/gateway_configuration.hpp"
#include "api/work_order.hpp"
#include "controller/mover_pod.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// What a session's status remembers of one mover; the only record of it.
struct MoverFacts {
  std::optional<api::PodIdentity> pod{};
  int attempts = 0;
  std::string trouble{};  // why the last one was lost
};

/// A second repository, which a mover may read.
struct MoverSource {
  std::string storage{};  // "namespace/name"
  std::string repository{};
  std::int32_t max_movers = 1;
};

/// A mover that is wanted: its pod (without a name) and what it may do at the gateway.
struct MoverWish {
  MoverPod pod{};
  std::string storage{};        // "namespace/name"
  std::int32_t max_movers = 1;  // at one time on the storage, of all sessions together
  std::string repository{};
  api::GatewayScope scope = api::GatewayScope::read;
  std::optional<MoverSource> source{};
  Json application_pod{};  // what pod.application_pod points to, when a dump needs one
  std::optional<kube::Account> account{};  // that makes the pod; absent: the controller's own
  std::string waits_for{};                 // why its pod cannot be made yet; "": it can
};

enum class MoverState {
  starting,   // its pod exists or is about to
  working,    // it has reported
  delivered,  // `result` is there
  given_up,   // every attempt was lost; `message` says why
};
struct MoverView {
  MoverState state = MoverState::starting;
  std::string node{};
  std::string message{};  // why it does not start, or why the last attempt was lost
  std::optional<api::MoverProgress> progress{};
  std::optional<api::MoverResult> result{};
};

/// Brings the mover one step further: makes its pod, looks what became of it, makes another when it
/// was lost (killed, evicted, out of memory) or says that another one may succeed, up to
/// `max_mover_attempts` in all. `facts` is changed
/// in place and has to be written to the status before the mover gets its work order. A pod that is
/// there already under the new pod's name is removed, never adopted: it may be forged.
Result<MoverView> step_mover(World& world, const MoverWish& wish, MoverFacts& facts,
                             std::stop_token stop);

/// Takes back its grant and removes its pod. Repeating is harmless.
Result<> retire_mover(World& world, MoverFacts& facts, std::stop_token stop);

/// Why a pod that ended without a result was lost, or why one does not start; "" when nothing is
/// wrong. Pure.
std::string trouble_of(const Json& pod);
bool has_ended(const Json& pod);

}  // namespace dmaas::controller
