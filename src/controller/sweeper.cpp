#include "controller/sweeper.hpp"

#include <fmt/format.h>

#include "api/backup_session.hpp"
#include "api/copy_session.hpp"
#include "api/labels.hpp"
#include "api/repository.hpp"
#include "api/restore_session.hpp"
#include "api/verification_session.hpp"
#include "base/log.hpp"
#include "controller/belongings.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

constexpr std::chrono::seconds sweep_period{60};
constexpr std::chrono::seconds youth{60};

template <class Kind, class IsFinal>
void collect_live(const kube::Store& store, const IsFinal& is_over,
                  std::set<std::string>& sessions) {
  for (const auto& object : store.all()) {
    auto session = api::decode<Kind>(*object);
    if (!session || !is_over(session->status)) sessions.insert(kube::uid_of(*object));
  }
}

std::set<std::string> live_sessions(const World& world) {
  std::set<std::string> sessions;
  collect_live<api::BackupSession>(
      world.stores.backup_sessions, [](const auto& status) { return is_final(status.phase); },
      sessions);
  collect_live<api::RestoreSession>(
      world.stores.restore_sessions, [](const auto& status) { return is_final(status.stage); },
      sessions);
  collect_live<api::CopySession>(
      world.stores.copy_sessions, [](const auto& status) { return is_final(status.phase); },
      sessions);
  collect_live<api::VerificationSession>(
      world.stores.verification_sessions, [](const auto& status) { return is_final(status.phase); },
      sessions);
  collect_live<api::Repository>(
      world.stores.repositories,
      [](const auto& status) { return status.maintenance.phase == api::MaintenancePhase::idle; },
      sessions);
  return sessions;
}

}  // namespace

bool is_leftover(const Json& object, const std::set<std::string>& live_sessions, Timestamp now) {
  auto session = kube::label_of(object, api::label::session_uid);
  if (session.empty() || live_sessions.contains(session) || kube::is_terminating(object))
    return false;
  return now - kube::creation_time_of(object).value_or(now) > youth;
}

void Sweeper::run(std::stop_token stop) {
  while (world_.clock.sleep(sweep_period, stop)) {
    if (auto swept = sweep(stop); !swept && swept.code() != ErrorCode::cancelled) {
      log_warning("sweeping failed", {{"cause", swept.error().message()}});
    }
  }
}

Result<> Sweeper::sweep(std::stop_token stop) {
  auto live = live_sessions(world_);
  auto now = world_.clock.now();
  TRY(remove_belongings(
      world_, [&](const Json& object) { return is_leftover(object, live, now); }, stop));
  TRY(sweep_grants(stop));
  TRY(sweep_scratch_namespaces(stop));
  world_.vault.tidy(stop);
  return {};
}

/// Only of sessions that are gone, whose finalizer somebody took away: a session that is over may
/// keep its own for a person.
Result<> Sweeper::sweep_scratch_namespaces(std::stop_token stop) {
  std::set<std::string> sessions;
  for (const auto& object : world_.stores.verification_sessions.all())
    sessions.insert(kube::uid_of(*object));
  const auto resource = kube::resources::namespaces();
  kube::ListOptions scratch{.label_selector = fmt::format("{}=scratch", api::label::part)};
  for (const auto& space : TRY(kube::list_all(world_.client, resource, scratch, stop))) {
    if (!is_leftover(space, sessions, world_.clock.now())) continue;
    log_info("removing a leftover", {{"object", kube::describe(space)}});
    TRY(kube::ensure_removed(world_.client, resource, kube::key_of(space),
                             {.uid = kube::uid_of(space)}, stop));
  }
  return {};
}

Result<> Sweeper::sweep_grants(std::stop_token stop) {
  // Asked for before the pods are listed: a grant that is made meanwhile is not among them.
  auto orphans = world_.grants.pods();
  kube::ListOptions movers{.label_selector = std::string(api::label::session_uid)};
  for (const auto& pod :
       TRY(kube::list_all(world_.client, kube::resources::pods(), movers, stop))) {
    orphans.erase(kube::uid_of(pod));
  }
  for (const auto& pod : orphans) TRY(world_.grants.remove(pod, stop));
  return {};
}

}  // namespace dmaas::controller
