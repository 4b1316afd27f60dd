#include "cli/status/overview.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/describe.hpp"
#include "cli/describe/story.hpp"

DMAAS_DESCRIBE(dmaas::cli::Attention);
DMAAS_DESCRIBE(dmaas::cli::Overview);

namespace dmaas::cli {
namespace {

constexpr std::chrono::hours lately{24};

template <class Kind>
std::string label_of(std::string_view kind, const Kind& object) {
  return fmt::format("{} {}", kind, object.metadata.key().text());
}

/// Adds what a condition that is False says.
template <class Kind>
void attend(Overview& overview, std::string_view kind, const Kind& object, std::string_view type) {
  const auto* found = api::find_condition(object.status.conditions, type);
  if (found != nullptr && found->status == api::ConditionStatus::no)
    overview.attention.push_back({label_of(kind, object), found->message});
}

/// Adds what a condition that should not be there says.
template <class Kind>
void attend_if_true(Overview& overview, std::string_view kind, const Kind& object,
                    std::string_view type) {
  const auto* found = api::find_condition(object.status.conditions, type);
  if (found != nullptr && found->status == api::ConditionStatus::yes)
    overview.attention.push_back({label_of(kind, object), found->message});
}

void look_at_storages(Overview& overview, const ClusterState& state) {
  for (const auto& storage : state.storages) {
    if (storage.status.space) {
      overview.stored_bytes += storage.status.space->used_bytes;
      attend_if_true(overview, "Storage", storage, api::condition::space_low);
    }
    ++overview.storages;
    overview.storages_ready += api::is_true(storage.status.conditions, api::condition::ready);
    attend(overview, "Storage", storage, api::condition::ready);
  }
}

void look_at_plans(Overview& overview, const ClusterState& state) {
  for (const auto& plan : state.plans) {
    ++overview.plans;
    overview.plans_ready += api::is_true(plan.status.conditions, api::condition::ready);
    overview.plans_paused += plan.spec.paused;
    if (!plan.spec.paused) attend(overview, "Plan", plan, api::condition::ready);
    attend(overview, "Plan", plan, api::condition::storages_ready);
    attend(overview, "Plan", plan, api::condition::objectives_met);
    attend(overview, "Plan", plan, api::condition::space_sufficient);
    attend(overview, "Plan", plan, api::condition::staging_passed);
    attend_if_true(overview, "Plan", plan, api::condition::data_looks_unusual);
    const auto& next = plan.status.next_run_time;
    if (next && (!overview.next_run_time || *next < *overview.next_run_time)) {
      overview.next_run_time = next;
      overview.next_plan = plan.metadata.key().text();
    }
  }
}

void look_at_repositories(Overview& overview, const ClusterState& state) {
  for (const auto& repository : state.repositories) {
    const auto& status = repository.status;
    ++overview.repositories;
    overview.backups += status.snapshot_count;
    overview.newest_backup_time = std::max(overview.newest_backup_time, status.last_backup_time);
    attend(overview, "Repository", repository, api::condition::ready);
    attend(overview, "Repository", repository, api::condition::healthy);
  }
}

/// Sessions of one kind; only the newest failure of each plan or repository needs a person, and
/// none once a later session has succeeded.
template <class Session, class KeyOf, class PhaseOf>
void look_at_sessions(Overview& overview, std::string_view kind,
                      const std::vector<Session>& sessions, Timestamp now, KeyOf key_of,
                      PhaseOf phase_of) {
  std::map<std::string, const Session*> newest;
  for (const auto& session : sessions) {
    std::string_view phase = phase_of(session);
    const auto& end = session.status.completion_time;
    if (!end) ++overview.running_sessions;
    if (!end || now - *end > lately) continue;
    overview.succeeded_lately += phase == "Succeeded";
    overview.failed_lately += phase == "Failed";
    const auto*& known = newest[key_of(session)];
    if (known == nullptr || *end > *known->status.completion_time) known = &session;
  }
  for (const auto& [key, session] : newest) {
    if (phase_of(*session) == "Failed")
      overview.attention.push_back({label_of(kind, *session), session->status.message});
  }
}

void look_at_verifiers(Overview& overview, const ClusterState& state) {
  for (const auto& verifier : state.verifiers) {
    attend(overview, "Verifier", verifier, api::condition::ready);
    for (const auto& result : verifier.status.results) {
      if (result.phase.empty()) continue;
      ++overview.verified;
      if (result.phase == "Succeeded") {
        ++overview.verified_well;
      } else {
        overview.attention.push_back({"Repository " + result.repository,
                                      "its last verification did not succeed: " + result.message});
      }
    }
  }
}

void look_at_refills(Overview& overview, const ClusterState& state) {
  for (const auto& refill : state.refills) {
    if (!refill.spec.paused) attend(overview, "Refill", refill, api::condition::ready);
  }
}

/// One that is repeated makes up for those before it.
std::string restore_series_of(const api::RestoreSession& session) {
  auto owner = kube::controller_of(session.source);
  return owner ? owner->uid : session.metadata.key().text();
}

}  // namespace

Overview overview_of(const ClusterState& state, Timestamp now) {
  Overview overview;
  look_at_storages(overview, state);
  look_at_plans(overview, state);
  look_at_repositories(overview, state);
  look_at_sessions(
      overview, "BackupSession", state.backups, now,
      [](const auto& session) {
        return session.metadata.namespace_name + "/" + session.spec.plan.name;
      },
      [](const auto& session) { return name_of(session.status.phase); });
  look_at_sessions(overview, "RestoreSession", state.restores, now, restore_series_of,
                   [](const auto& session) { return name_of(session.status.stage); });
  look_at_verifiers(overview, state);
  look_at_refills(overview, state);
  return overview;
}

std::string overview_text(const Overview& overview, Timestamp now) {
  Story story(now);
  auto ready = [](int count, int all, std::string_view verb) {
    return count == all ? fmt::format("{}", all)
                        : fmt::format("{}, of which {} cannot {}", all, all - count, verb);
  };
  story.fact("Storages", ready(overview.storages_ready, overview.storages, "be used"));
  auto plans = fmt::format("{}", overview.plans);
  int stopped = overview.plans - overview.plans_ready - overview.plans_paused;
  if (stopped > 0) plans += fmt::format(", of which {} cannot run", stopped);
  if (overview.plans_paused > 0) plans += fmt::format(", {} paused", overview.plans_paused);
  story.fact("Plans", plans);
  if (overview.next_run_time) {
    story.fact("Next run", fmt::format("{}, {}", overview.next_plan,
                                       describe_time(*overview.next_run_time, now)));
  }
  story.fact("Backups", fmt::format("{} in {} repositories, {} stored", overview.backups,
                                    overview.repositories, describe_bytes(overview.stored_bytes)));
  story.fact("Newest", overview.newest_backup_time);
  story.fact("Sessions", fmt::format("{} running; in 24 hours {} succeeded, {} failed",
                                     overview.running_sessions, overview.succeeded_lately,
                                     overview.failed_lately));
  story.fact("Verified",
             overview.verified == 0
                 ? "nothing: 'dmaas verify PLAN' tries a restore"
                 : fmt::format("{} of {} repositories", overview.verified_well, overview.verified));
  if (overview.attention.empty()) {
    story.fact("Attention", "nothing needs you");
    return story.text();
  }
  story.heading("Needs attention");
  Table table({"OBJECT", "WHAT"});
  for (const auto& item : overview.attention) table.add({item.object, item.message});
  story.table(table);
  return story.text();
}

}  // namespace dmaas::cli
