#include "controller/copying/catch_up.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "api/labels.hpp"
#include "api/names.hpp"
#include "controller/backup/backup_work.hpp"
#include "controller/backup/check_space.hpp"
#include "controller/copying/choose_copies.hpp"
#include "controller/references.hpp"
#include "controller/repository/discover_backups.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

constexpr std::chrono::minutes pause_after_failure{5};

Timestamp time_of(const api::BackupSession& session) {
  return std::chrono::floor<std::chrono::seconds>(*session.status.start_time);
}

bool missed(const api::BackupSession& session, const std::string& storage) {
  const auto& status = session.status;
  if (status.phase != api::BackupPhase::succeeded || !status.start_time) return false;
  auto result = std::ranges::find(status.storages, storage, &api::StorageResult::storage);
  return result != status.storages.end() && result->dropped && !result->complete;
}

/// Copies for this plan, the newest first.
std::vector<api::CopySession> copies_for(const World& world, const api::BackupConfiguration& plan) {
  std::vector<api::CopySession> copies;
  for (const auto& object : world.stores.copy_sessions.in_namespace(plan.metadata.namespace_name)) {
    auto session = api::decode<api::CopySession>(*object);
    bool is_ours = session && session->spec.plan && session->spec.plan->name == plan.metadata.name;
    if (is_ours) copies.push_back(std::move(*session));
  }
  std::ranges::sort(copies, std::ranges::greater{},
                    [](const auto& session) { return session.metadata.creation_time; });
  return copies;
}

/// What one storage lacks that another one has.
struct Missed {
  std::string source{};  // name of the Repository, in the plan's namespace
  std::vector<api::Snapshot> backups{};
};

/// From the first other storage that has any of it. Errors: unavailable (one that may have it does
/// not answer), those of without_expired.
Result<Missed> find_missed(const World& world, const api::BackupConfiguration& plan,
                           const std::vector<api::BackupStorage>& storages,
                           const api::BackupStorage& behind, Timestamp since) {
  BackupWork work;
  work.plan = plan;
  const auto& own = plan.metadata.namespace_name;
  auto there = shown_backups(world, {own, repository_name_of(world, work, behind.metadata.key())});
  Result<> all_ready;
  for (const auto& storage : storages) {
    if (storage.metadata.key() == behind.metadata.key()) continue;
    if (auto ready = check_ready(storage); !ready) {
      all_ready = std::move(ready);
      continue;
    }
    Missed missed{.source = repository_name_of(world, work, storage.metadata.key())};
    missed.backups = missing_backups(shown_backups(world, {own, missed.source}), there);
    std::erase_if(missed.backups, [&](const auto& backup) {
      return backup.spec.time < since || backup.status.plan != plan.metadata.key().text();
    });
    missed.backups =
        TRY(without_expired(world, behind.metadata.key(), std::move(missed.backups), there));
    if (!missed.backups.empty()) return missed;
  }
  TRY(all_ready);
  return Missed{};
}

/// Named after what went before, so that a repeated create makes no twin.
api::CopySession session_for(const api::BackupConfiguration& plan, const api::BackupStorage& behind,
                             const Missed& missed, Timestamp named_after) {
  const auto& own = plan.metadata.namespace_name;
  auto key = behind.metadata.key();
  api::CopySession session;
  session.metadata.namespace_name = own;
  session.metadata.name = api::catch_up_name(plan.metadata.name, plan.metadata.uid,
                                             key.namespace_name, key.name, named_after);
  session.metadata.labels = {
      {std::string(api::label::plan), kube::to_label_value(plan.metadata.name)}};
  session.metadata.owner_references = {api::owner_reference_to(plan)};
  session.spec.source = {.name = missed.source};
  session.spec.storage = {.name = key.name,
                          .namespace_name = key.namespace_name == own ? "" : key.namespace_name};
  session.spec.cause = api::CopyCause::catch_up;
  session.spec.plan = api::LocalReference{plan.metadata.name};
  for (const auto& backup : missed.backups) {
    if (session.spec.backups.snapshots.size() < api::CopySelection::max_backups)
      session.spec.backups.snapshots.push_back(backup.metadata.name);
  }
  return session;
}

bool copies_to(const api::CopySession& session, const kube::ObjectKey& storage) {
  return session.spec.cause == api::CopyCause::catch_up &&
         session.spec.storage.key(session.metadata.namespace_name) == storage;
}

class CatchUp {
public:
  CatchUp(World& world, api::BackupConfiguration& plan,
          const std::vector<api::BackupSession>& sessions)
      : world_(world), plan_(plan), sessions_(sessions), copies_(copies_for(world, plan)) {}

  Result<> run(const std::vector<api::BackupStorage>& storages, std::stop_token stop) {
    for (const auto& storage : storages) {
      auto status = std::ranges::find(plan_.status.catch_up, storage.metadata.key().text(),
                                      &api::CatchUpStatus::storage);
      if (status == plan_.status.catch_up.end() || !status->missed_since) continue;
      status->message.clear();
      auto ready = check_ready(storage);
      if (!ready) {
        status->message = ready.error().message();
        continue;
      }
      TRY(serve(storage, storages, *status, stop));
    }
    return {};
  }

  Result<> remove_old(std::stop_token stop) const {
    int kept = 0;
    for (const auto& session : copies_) {
      if (!is_final(session.status.phase) || ++kept <= plan_.spec.history_limit) continue;
      TRY(kube::ensure_removed(world_.client, api::kind_info<api::CopySession>().resource(),
                               session.metadata.key(), {.uid = session.metadata.uid}, stop));
    }
    return {};
  }

private:
  const api::CopySession* last_to(const kube::ObjectKey& storage) const {
    auto found = std::ranges::find_if(
        copies_, [&](const auto& session) { return copies_to(session, storage); });
    return found == copies_.end() ? nullptr : &*found;
  }

  Result<> serve(const api::BackupStorage& storage, const std::vector<api::BackupStorage>& storages,
                 api::CatchUpStatus& status, std::stop_token stop) {
    const auto* last = last_to(storage.metadata.key());
    if (last != nullptr) status.session = last->metadata.name;
    if (last != nullptr && !is_final(last->status.phase)) return {};
    auto missed = find_missed(world_, plan_, storages, storage, *status.missed_since);
    if (!missed) {
      status.message = missed.error().message();
      return {};
    }
    if (missed->backups.empty()) {
      note_caught_up(status, sessions_);
      record({.reason = "CaughtUp",
              .action = "CatchUp",
              .message = "storage " + status.storage + " has all backups again"});
      return {};
    }
    bool has_failed = last != nullptr && last->status.phase != api::CopyPhase::succeeded;
    auto resume = has_failed
                      ? last->status.completion_time.value_or(Timestamp{}) + pause_after_failure
                      : Timestamp{};
    if (world_.clock.now() < resume) {
      status.message = fmt::format("session {} failed and is followed by another one soon: {}",
                                   last->metadata.name, last->status.message);
      return {};
    }
    // It may have been dropped because it has no room: then nothing has changed by that it answers.
    auto space = check_copy_space(world_, plan_, missed->backups.front(), storage);
    if (space.verdict == SpaceVerdict::insufficient) {
      status.message = describe_refusal(space);
      return {};
    }
    return start(storage, *missed, last, status, std::move(stop));
  }

  Result<> start(const api::BackupStorage& storage, const Missed& missed,
                 const api::CopySession* last, api::CatchUpStatus& status, std::stop_token stop) {
    auto named_after = last != nullptr && last->status.completion_time
                           ? *last->status.completion_time
                           : *status.missed_since;
    auto session = session_for(plan_, storage, missed, named_after);
    auto created = world_.client.create(api::kind_info<api::CopySession>().resource(),
                                        api::encode(session), {}, std::move(stop));
    if (!created && created.code() != ErrorCode::already_exists)
      return fail(std::move(created).error());
    status.session = session.metadata.name;
    if (!created) return {};
    record({.reason = "CatchingUp",
            .action = "CatchUp",
            .message = fmt::format("storage {} answers again: session {} copies {} backups to it",
                                   status.storage, session.metadata.name,
                                   session.spec.backups.snapshots.size())});
    return {};
  }

  void record(kube::EventNote note) { world_.events.record(plan_.source, std::move(note)); }

  World& world_;
  api::BackupConfiguration& plan_;
  const std::vector<api::BackupSession>& sessions_;
  const std::vector<api::CopySession> copies_;
};

}  // namespace

void note_missed(api::BackupConfigurationStatus& status,
                 const std::vector<api::BackupSession>& sessions,
                 const std::vector<std::string>& storages) {
  auto& known = status.catch_up;
  std::erase_if(known,
                [&](const auto& one) { return std::ranges::count(storages, one.storage) == 0; });
  for (const auto& storage : storages) {
    for (const auto& session : sessions) {
      if (!missed(session, storage)) continue;
      auto entry = std::ranges::find(known, storage, &api::CatchUpStatus::storage);
      if (entry == known.end()) entry = known.insert(known.end(), {.storage = storage});
      auto time = time_of(session);
      if (entry->caught_up_until && time <= *entry->caught_up_until) continue;
      if (!entry->missed_since || time < *entry->missed_since) entry->missed_since = time;
    }
  }
}

void note_caught_up(api::CatchUpStatus& status, const std::vector<api::BackupSession>& sessions) {
  auto until = *status.missed_since;
  for (const auto& session : sessions) {
    if (missed(session, status.storage)) until = std::max(until, time_of(session));
  }
  status.caught_up_until = until;
  status.missed_since.reset();
  status.message.clear();
}

Result<> catch_up(World& world, api::BackupConfiguration& plan,
                  const std::vector<api::BackupSession>& sessions, std::stop_token stop) {
  auto storages = storages_of(world, plan);
  if (!storages) return {};  // condition Ready tells of it
  std::vector<std::string> names;
  for (const auto& storage : *storages) names.push_back(storage.metadata.key().text());
  note_missed(plan.status, sessions, names);
  CatchUp work(world, plan, sessions);
  if (!plan.spec.paused) TRY(work.run(*storages, stop));
  return work.remove_old(std::move(stop));
}

}  // namespace dmaas::controller
