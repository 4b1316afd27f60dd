#include "controller/copying/reconcile_copy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "api/labels.hpp"
#include "api/validate.hpp"
#include "base/log.hpp"
#include "controller/belongings.hpp"
#include "controller/copying/choose_copies.hpp"
#include "controller/copying/copy_status.hpp"
#include "controller/maintenance/repository_use.hpp"
#include "controller/reconcile_session.hpp"
#include "controller/references.hpp"
#include "controller/repository/publish_backup.hpp"
#include "controller/repository/stored_backups.hpp"
#include "controller/status.hpp"

namespace dmaas::controller {

using api::CopyPhase;
using kube::Action;

namespace {

const Action again_now = Action::requeue(std::chrono::nanoseconds{0});
const Action look_again = Action::requeue(poll_period);
/// How long a session waits for what it refers to.
constexpr std::chrono::minutes patience{10};

api::OrderSession identity_of(const api::CopySession& session) {
  return {"CopySession", session.metadata.namespace_name, session.metadata.name,
          session.metadata.uid};
}

/// The pod that copies: it reads one repository, and backs up into the other.
MoverWish wish_of(const World& world, const api::CopySession& session, const CopyPlaces& places) {
  MoverWish wish;
  const auto& destination = places.destination;
  wish.storage = destination.place.storage.text();
  wish.max_movers = destination.storage.spec.max_concurrent_movers;
  wish.repository = destination.place.path;
  wish.scope = api::GatewayScope::backup;
  wish.source = MoverSource{.storage = places.source.place.storage.text(),
                            .repository = places.source.place.path,
                            .max_movers = places.source.storage.spec.max_concurrent_movers};
  wish.pod.key.namespace_name = world.settings.namespace_name;
  wish.pod.session = identity_of(session);
  wish.pod.component = "copy";
  return wish;
}

using Opened = std::shared_ptr<OpenRepository>;

/// The destination is made when it is not there.
Result<> open_both(World& world, const CopyPlaces& places, std::stop_token stop) {
  const auto& [source, own] = places;
  TRY(world.vault.open(source.storage, source.place.path, Vault::WhenAbsent::fail, stop));
  auto opened = TRY(open_own_repository(world, own, stop));
  return ensure_repository_object(world, own, *opened->repository, std::move(stop));
}

/// Source and destination, both held for the session. Little is asked of the storages where they
/// are open and held already.
Result<std::pair<Opened, Opened>> hold_both(World& world, const CopyPlaces& places,
                                            const std::string& session_uid, std::stop_token stop) {
  auto hold = [&](const api::BackupStorage& storage,
                  const RepositoryPlace& place) -> Result<Opened> {
    auto opened = TRY(world.vault.open(storage, place.path, Vault::WhenAbsent::fail, stop));
    TRY(world.vault.hold(place, session_uid, stop));
    return opened;
  };
  const auto& [source, own] = places;
  auto from = TRY(hold(source.storage, source.place));
  auto into = TRY(hold(own.storage, own.place));
  return std::pair{std::move(from), std::move(into)};
}

/// Names of the Snapshots that show these copies, by their ids.
Result<Json> publish_copies(World& world, const CopyPlaces& places,
                            const std::vector<std::string>& ids, std::stop_token stop) {
  const auto& own = places.destination;
  auto opened = TRY(world.vault.open(own.storage, own.place.path, Vault::WhenAbsent::fail, stop));
  std::vector<engine::StoredSnapshot> backups;
  for (const auto& text : ids) {
    auto id = TRY(engine::SnapshotId::parse(text));
    backups.push_back({id, TRY(opened->repository->load_snapshot(id, stop))});
  }
  auto documents = TRY(load_documents(*opened->repository, backups, stop));
  JsonObject names;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    auto document = TRY(std::move(documents[i]));
    names[ids[i]] = TRY(publish_backup(world, own.object, opened->repository->config().id,
                                       {document, ids[i]}, stop));
  }
  return names;
}

}  // namespace

Result<Action> CopyReconciler::reconcile(const Json& object, std::stop_token stop) {
  return reconcile_session<Work>(
      world_, object, [&](Work& work) { return step(work, stop); }, stop);
}

Result<Action> CopyReconciler::step(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  if (work.is_over()) return Action::await_change();
  work.before = to_json(status);
  if (work.session.metadata.deletion_time) note_cancelled(status, world_.clock.now());
  auto action = advance(work, stop);
  if (!action && !(may_pass(action.code()) && is_patient(work.session))) {
    note_failure(status, action.error().message(), world_.clock.now());
    action = conclude(work, stop);
  }
  if (!action) status.message = action.error().message();
  if (to_json(status) != work.before) TRY(write_status(world_, work.session, stop));
  if (status.pod && is_all_done(status)) world_.reports.settle(status.pod->uid);
  return action;
}

bool CopyReconciler::is_patient(const api::CopySession& session) const {
  auto now = world_.clock.now();
  return session.status.phase != CopyPhase::pending ||
         now - session.metadata.creation_time.value_or(now) < patience;
}

Result<Action> CopyReconciler::advance(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  if (work.session.metadata.deletion_time) return conclude(work, stop);
  auto places = find_places(world_, work.session);
  bool may_come = places.failed_with(ErrorCode::not_found) && status.phase == CopyPhase::pending &&
                  is_patient(work.session);
  if (may_come) {
    status.message = places.error().message();
    return look_again;
  }
  if (!places) return fail(std::move(places).error());
  work.places = std::move(*places);
  if (status.phase == CopyPhase::pending) return begin(work);
  keep_hold(work);
  return copy(work, stop);
}

std::string CopyReconciler::reason_to_wait(const Work& work) const {
  for (const auto& place : {work.places.source.place, work.places.destination.place}) {
    if (auto text = maintenance_in_the_way(world_, place); !text.empty()) return text;
  }
  const auto& own = work.session.metadata;
  for (const auto& object : world_.stores.copy_sessions.all()) {
    auto other = api::decode<api::CopySession>(*object);
    if (!other || other->metadata.uid == own.uid || is_final(other->status.phase)) continue;
    const auto& its = other->metadata;
    // Two that copied the same backup there would make two copies of it.
    bool is_ahead = other->status.start_time ||
                    std::tie(its.creation_time, its.uid) < std::tie(own.creation_time, own.uid);
    if (!is_ahead) continue;
    auto places = find_places(world_, *other);
    if (places && places->destination.place == work.places.destination.place)
      return "waiting for session " + its.key().text() + ", which copies there";
  }
  return "";
}

Result<Action> CopyReconciler::begin(Work& work) {
  auto& status = work.session.status;
  const auto& metadata = work.session.metadata;
  TRY(api::validate(work.session.spec, surroundings(world_, metadata.namespace_name)));
  TRY(check_ready(work.places.source.storage));
  TRY(check_ready(work.places.destination.storage));
  if (!status.start_time) {
    status.message = reason_to_wait(work);
    if (!status.message.empty()) return look_again;
    // Written down first: from now on maintenance of both repositories waits.
    status.start_time = world_.clock.now();
    return again_now;
  }
  auto done = world_.background.run(
      "open/" + metadata.uid,
      [this, places = work.places, uid = metadata.uid](std::stop_token stopped) -> Result<Json> {
        TRY(open_both(world_, places, stopped));
        TRY(hold_both(world_, places, uid, stopped));
        return Json();
      },
      [this, key = metadata.key()] { wake_(key); });
  if (!done) return look_again;
  TRY(*done);
  status.backups = TRY(choose_copies(world_, work.session, work.places));
  status.repository = work.places.destination.object.name;
  status.phase = CopyPhase::copying;
  world_.events.record(
      work.session.source,
      {.reason = "Started",
       .action = "Copy",
       .message = fmt::format("copying {} backups to storage {}", status.backups.size(),
                              work.places.destination.place.storage.text())});
  return again_now;
}

Result<Action> CopyReconciler::copy(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  if (is_all_done(status) || has_failed(status)) {
    if (!TRY(publish(work))) return look_again;
    return conclude(work, stop);
  }
  MoverFacts facts{status.pod, status.attempts, status.message};
  auto view = step_mover(world_, wish_of(world_, work.session, work.places), facts, stop);
  status.pod = facts.pod;
  status.attempts = facts.attempts;
  if (!view) return fail(std::move(view).error());
  status.message = view->message;
  if (view->progress) take_progress(status, *view->progress);
  if (view->state == MoverState::given_up) note_failure(status, view->message, world_.clock.now());
  if (view->state == MoverState::delivered) take_result(status, *view->result, world_.clock.now());
  // What was told is written down before anything is done with it.
  if (is_all_done(status) || has_failed(status)) return again_now;
  TRY(publish(work));
  return look_again;
}

Result<bool> CopyReconciler::publish(Work& work) {
  auto& status = work.session.status;
  const auto& metadata = work.session.metadata;
  if (!owes_snapshots(status)) return true;
  std::vector<std::string> ids;
  for (const auto& backup : status.backups) {
    if (!backup.copied_id.empty() && backup.copy.empty()) ids.push_back(backup.copied_id);
  }
  auto done = world_.background.run(
      "publish/" + metadata.uid,
      [this, places = work.places, ids](std::stop_token stopped) {
        return publish_copies(world_, places, ids, stopped);
      },
      [this, key = metadata.key()] { wake_(key); });
  if (!done) return false;
  auto names = TRY(*done);
  for (auto& backup : status.backups) {
    if (auto name = text_at(names, backup.copied_id); !name.empty()) backup.copy = name;
  }
  return !owes_snapshots(status);
}

/// As a backup does while movers work under the lock of an earlier process.
void CopyReconciler::keep_hold(const Work& work) {
  const auto& uid = work.session.metadata.uid;
  const auto& places = work.places;
  if (world_.vault.is_held(places.source.place, uid) &&
      world_.vault.is_held(places.destination.place, uid))
    return;
  auto held = world_.background.run(
      "hold/" + uid,
      [this, places, uid](std::stop_token stopped) -> Result<Json> {
        TRY(hold_both(world_, places, uid, stopped));
        return Json();
      },
      [] {});
  if (held && !*held) {
    log_warning(
        "the lock of a repository could not be taken over",
        {{"session", work.session.metadata.key().text()}, {"cause", held->error().message()}});
  }
}

Result<Action> CopyReconciler::conclude(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  TRY(clean_up(work, stop));
  finish_status(status, world_.clock.now());
  bool succeeded = status.phase == CopyPhase::succeeded;
  world_.events.record(work.session.source, {.severity = succeeded ? kube::EventSeverity::normal
                                                                   : kube::EventSeverity::warning,
                                             .reason = succeeded ? "Succeeded" : "Failed",
                                             .action = "Copy",
                                             .message = status.message});
  return Action::await_change();
}

Result<> CopyReconciler::clean_up(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  const auto& uid = work.session.metadata.uid;
  for (auto name : {"open/", "publish/", "hold/"}) world_.background.cancel(name + uid);
  MoverFacts facts{status.pod, status.attempts, ""};
  TRY(retire_mover(world_, facts, stop));
  status.pod.reset();
  TRY(remove_belongings_of(world_, uid, stop));
  std::vector<Vault::Origin> former;
  if (auto places = find_places(world_, work.session)) {
    const auto& [source, destination] = *places;
    former.emplace_back(source.storage, source.place.path);
    former.emplace_back(destination.storage, destination.place.path);
  }
  world_.vault.release(uid, former, stop);
  return {};
}

std::optional<api::CopySession> CopyReconciler::find_by_mover(const std::string& pod_uid) const {
  for (const auto& object : world_.stores.copy_sessions.all()) {
    auto session = api::decode<api::CopySession>(*object);
    if (!session || is_final(session->status.phase) || session->metadata.deletion_time) continue;
    if (session->status.pod && session->status.pod->uid == pod_uid) return std::move(*session);
  }
  return std::nullopt;
}

std::optional<api::OrderSession> CopyReconciler::session_of(const std::string& pod_uid) const {
  auto session = find_by_mover(pod_uid);
  return session ? std::optional(identity_of(*session)) : std::nullopt;
}

Result<std::optional<api::WorkOrder>> CopyReconciler::order_for(const std::string& pod_uid,
                                                                std::stop_token stop) {
  auto session = find_by_mover(pod_uid);
  if (!session) return std::nullopt;
  auto places = TRY(find_places(world_, *session));
  auto [from, into] = TRY(hold_both(world_, places, session->metadata.uid, std::move(stop)));
  api::WorkOrder order;
  order.session = identity_of(*session);
  order.component = "copy";
  order.task = api::MoverTask::copy;
  order.attempt = session->status.attempts;
  order.repository =
      world_.vault.order_for(places.destination.place, into->repository->master_key());
  order.copy.emplace();
  order.copy->source = world_.vault.order_for(places.source.place, from->repository->master_key());
  for (const auto& backup : session->status.backups) {
    if (!is_final(backup.phase)) order.copy->backups.push_back(backup.snapshot_id);
  }
  return order;
}

}  // namespace dmaas::controller
