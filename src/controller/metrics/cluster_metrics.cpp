#include "controller/metrics/cluster_metrics.hpp"

#include <optional>
#include <vector>

#include "api/backup_configuration.hpp"
#include "api/backup_storage.hpp"
#include "api/backup_verifier.hpp"
#include "api/repository.hpp"
#include "api/restore_configuration.hpp"
#include "api/standby.hpp"
#include "base/time_text.hpp"
#include "controller/status.hpp"

namespace dmaas::controller {
namespace {

double seconds_of(Timestamp time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}
double seconds_of(std::chrono::nanoseconds span) {
  return std::chrono::duration<double>(span).count();
}

/// 1: True, 0: False; nothing while it is unknown.
std::optional<double> condition_value(const api::Conditions& conditions, std::string_view type) {
  const auto* found = api::find_condition(conditions, type);
  if (found == nullptr || found->status == api::ConditionStatus::unknown) return std::nullopt;
  return found->status == api::ConditionStatus::yes ? 1 : 0;
}

template <class Kind>
std::vector<Kind> decode_all(const kube::Store& store) {
  std::vector<Kind> objects;
  for (const auto& object : store.all()) {
    if (auto decoded = api::decode<Kind>(*object)) objects.push_back(std::move(*decoded));
  }
  return objects;
}

/// One family with a sample for each object for which `value_of` gives something.
template <class Kind, class Value>
void write_each(MetricsText& text, const std::vector<Kind>& objects, std::string_view label,
                std::string_view name, std::string_view help, Value value_of) {
  text.begin(name, "gauge", help);
  for (const auto& object : objects) {
    std::optional<double> value = value_of(object);
    const auto& own = object.metadata;
    if (value) text.add({{"namespace", own.namespace_name}, {label, own.name}}, *value);
  }
}

template <class Value>
std::optional<double> maybe(const std::optional<Value>& value) {
  if (!value) return std::nullopt;
  if constexpr (std::is_arithmetic_v<Value>)
    return static_cast<double>(*value);
  else
    return seconds_of(*value);
}

void write_plans(MetricsText& text, const Stores& stores) {
  auto plans = decode_all<api::BackupConfiguration>(stores.plans);
  auto write = [&](std::string_view name, std::string_view help, auto value_of) {
    write_each(text, plans, "plan", name, help, value_of);
  };
  auto condition = [](std::string_view type) {
    return [type](const auto& plan) { return condition_value(plan.status.conditions, type); };
  };
  write("dmaas_plan_ready", "1: the plan can run.", condition(api::condition::ready));
  write("dmaas_plan_storages_ready", "1: every storage of the plan can be written.",
        condition(api::condition::storages_ready));
  write("dmaas_plan_objectives_met", "1: the plan meets its objectives of recovery.",
        condition(api::condition::objectives_met));
  write("dmaas_plan_space_sufficient", "1: the storages have room for the next backup.",
        condition(api::condition::space_sufficient));
  write("dmaas_plan_staging_passed", "1: the newest staged backup passed its verification.",
        condition(api::condition::staging_passed));
  write("dmaas_plan_data_unusual", "1: data changed as damage does, and nobody accepted it.",
        [](const auto& plan) {
          return std::optional<double>(
              api::is_true(plan.status.conditions, api::condition::data_looks_unusual));
        });
  write("dmaas_plan_paused", "1: no session starts.",
        [](const auto& plan) { return std::optional<double>(plan.spec.paused ? 1 : 0); });
  write("dmaas_plan_created_timestamp_seconds", "When the plan was made.",
        [](const auto& plan) { return maybe(plan.metadata.creation_time); });
  write("dmaas_plan_last_success_timestamp_seconds", "Time of the newest complete backup.",
        [](const auto& plan) { return maybe(plan.status.last_success_time); });
  write("dmaas_plan_next_run_timestamp_seconds", "When the next run starts.",
        [](const auto& plan) { return maybe(plan.status.next_run_time); });
  write("dmaas_plan_recovery_point_objective_seconds", "The plan's objective, if it has one.",
        [](const auto& plan) { return maybe(plan.spec.objectives.recovery_point); });
}

/// Of the sessions that have ended the newest of each plan.
void write_last_backups(MetricsText& text, const Stores& stores) {
  struct Last {
    std::string namespace_name, plan;
    Timestamp time;
    double duration = 0, read = 0, added = 0;
  };
  std::map<std::pair<std::string, std::string>, Last> newest;
  for (const auto& session : decode_all<api::BackupSession>(stores.backup_sessions)) {
    const auto& status = session.status;
    bool counts =
        status.phase == api::BackupPhase::succeeded && status.start_time && status.completion_time;
    if (!counts) continue;
    const auto& namespace_name = session.metadata.namespace_name;
    auto& last = newest[{namespace_name, session.spec.plan.name}];
    if (*status.completion_time <= last.time) continue;
    last = {namespace_name, session.spec.plan.name, *status.completion_time,
            seconds_of(*status.completion_time - *status.start_time)};
    for (const auto& component : status.components) {
      last.read += static_cast<double>(component.bytes_total);
      last.added += static_cast<double>(component.bytes_added);
    }
  }
  auto write = [&](std::string_view name, std::string_view help, double Last::* value) {
    text.begin(name, "gauge", help);
    for (const auto& [key, last] : newest)
      text.add({{"namespace", last.namespace_name}, {"plan", last.plan}}, last.*value);
  };
  write("dmaas_backup_last_duration_seconds", "How long the newest complete backup took.",
        &Last::duration);
  write("dmaas_backup_last_read_bytes", "How much data it holds.", &Last::read);
  write("dmaas_backup_last_added_bytes", "How much of it was new on the storages.", &Last::added);
}

void write_storages(MetricsText& text, const Stores& stores) {
  auto storages = decode_all<api::BackupStorage>(stores.storages);
  auto write = [&](std::string_view name, std::string_view help, auto value_of) {
    write_each(text, storages, "storage", name, help, value_of);
  };
  write("dmaas_storage_ready", "1: the storage can be used.", [](const auto& storage) {
    return condition_value(storage.status.conditions, api::condition::ready);
  });
  write("dmaas_storage_latency_seconds", "How long its last answer took.",
        [](const auto& storage) { return maybe(storage.status.latency); });
  auto space = [](auto figure_of) {
    return [figure_of](const api::BackupStorage& storage) {
      const auto& known = storage.status.space;
      return known ? maybe(std::optional(figure_of(*known))) : std::nullopt;
    };
  };
  write("dmaas_storage_used_bytes", "Bytes of all repositories on it.",
        space([](const auto& known) { return known.used_bytes; }));
  write("dmaas_storage_capacity_bytes", "How much it can hold, where something tells.",
        space([](const auto& known) { return known.capacity_bytes; }));
  write("dmaas_storage_free_bytes", "How much more it can hold, where something tells.",
        space([](const auto& known) { return known.left_bytes; }));
  write("dmaas_storage_space_low", "1: it is filled beyond a share that it is to warn at.",
        [](const auto& storage) {
          return condition_value(storage.status.conditions, api::condition::space_low);
        });
}

void write_repositories(MetricsText& text, const Stores& stores) {
  auto repositories = decode_all<api::Repository>(stores.repositories);
  auto write = [&](std::string_view name, std::string_view help, auto value_of) {
    text.begin(name, "gauge", help);
    for (const auto& repository : repositories) {
      std::optional<double> value = value_of(repository.status);
      const auto& own = repository.metadata;
      auto storage = api::storage_of(repository).text();
      if (value) {
        text.add(
            {{"namespace", own.namespace_name}, {"repository", own.name}, {"storage", storage}},
            *value);
      }
    }
  };
  write("dmaas_repository_stored_bytes", "Bytes on the storage.",
        [](const auto& status) { return maybe(status.stored_bytes); });
  write("dmaas_repository_backups", "Complete backups.",
        [](const auto& status) { return std::optional<double>(status.snapshot_count); });
  write("dmaas_repository_last_backup_timestamp_seconds", "Time of its newest backup.",
        [](const auto& status) { return maybe(status.last_backup_time); });
  write("dmaas_repository_last_check_timestamp_seconds", "When its data were checked last.",
        [](const auto& status) { return maybe(status.last_check_time); });
  write("dmaas_repository_healthy", "1: the last check found no damage.", [](const auto& status) {
    return condition_value(status.conditions, api::condition::healthy);
  });
}

void write_verifications(MetricsText& text, const Stores& stores) {
  struct Row {
    std::string verifier_namespace, verifier;
    api::VerifierResult result;
  };
  std::vector<Row> rows;
  for (const auto& verifier : decode_all<api::BackupVerifier>(stores.verifiers)) {
    for (const auto& result : verifier.status.results) {
      if (result.time)
        rows.push_back({verifier.metadata.namespace_name, verifier.metadata.name, result});
    }
  }
  auto write = [&](std::string_view name, std::string_view help, auto value_of) {
    text.begin(name, "gauge", help);
    for (const auto& row : rows) {
      std::optional<double> value = value_of(row.result);
      if (value) {
        text.add({{"namespace", row.verifier_namespace},
                  {"verifier", row.verifier},
                  {"repository", row.result.repository}},
                 *value);
      }
    }
  };
  write("dmaas_verification_passed", "1: the last verification succeeded.",
        [](const auto& result) { return std::optional<double>(result.phase == "Succeeded"); });
  write("dmaas_verification_timestamp_seconds", "When it ended.",
        [](const auto& result) { return maybe(result.time); });
  write("dmaas_verification_time_to_recover_seconds", "How long the restore took.",
        [](const auto& result) { return maybe(result.time_to_recover); });
}

void write_standbys(MetricsText& text, const Stores& stores) {
  auto standbys = decode_all<api::Standby>(stores.standbys);
  auto write = [&](std::string_view name, std::string_view help, auto value_of) {
    write_each(text, standbys, "standby", name, help, value_of);
  };
  auto time_of = [](const std::optional<api::StandbyBackup>& backup) {
    return backup ? maybe(backup->time) : std::nullopt;
  };
  write("dmaas_standby_ready", "1: the standby can follow its repository.",
        [](const auto& standby) {
          return condition_value(standby.status.conditions, api::condition::ready);
        });
  write("dmaas_standby_activation_ready", "1: the cluster would take every object.",
        [](const auto& standby) {
          return condition_value(standby.status.conditions, api::condition::activation_ready);
        });
  write("dmaas_standby_active", "1: the application runs here.", [](const auto& standby) {
    return std::optional<double>(standby.status.activation_time ? 1 : 0);
  });
  write("dmaas_standby_newest_backup_timestamp_seconds", "Time of the newest backup it knows.",
        [&](const auto& standby) { return time_of(standby.status.newest); });
  write("dmaas_standby_synced_backup_timestamp_seconds", "Time of the backup in its claims.",
        [&](const auto& standby) { return time_of(standby.status.synced); });
  write("dmaas_standby_last_sync_written_bytes", "How much the last synchronisation wrote.",
        [](const auto& standby) {
          const auto& last = standby.status.last_sync;
          return last ? std::optional<double>(static_cast<double>(last->bytes_written))
                      : std::nullopt;
        });
}

void write_refills(MetricsText& text, const Stores& stores) {
  auto refills = decode_all<api::RestoreConfiguration>(stores.refills);
  auto write = [&](std::string_view name, std::string_view help, auto value_of) {
    write_each(text, refills, "refill", name, help, value_of);
  };
  write("dmaas_refill_ready", "1: the refill can restore.", [](const auto& refill) {
    return condition_value(refill.status.conditions, api::condition::ready);
  });
  write("dmaas_refill_last_success_timestamp_seconds",
        "When its last restore that succeeded ended.",
        [](const auto& refill) { return maybe(refill.status.last_success_time); });
  write("dmaas_refill_restored_backup_timestamp_seconds", "Time of the backup it restored last.",
        [](const auto& refill) {
          const auto& last = refill.status.last_restored;
          return last ? maybe(last->time) : std::nullopt;
        });
}

struct SessionKind {
  std::string_view kind;
  kube::Store& store;
  std::string_view phase_field;
};

std::vector<SessionKind> session_kinds(const Stores& stores) {
  return {{"backup", stores.backup_sessions, "phase"},
          {"restore", stores.restore_sessions, "stage"},
          {"verification", stores.verification_sessions, "phase"},
          {"copy", stores.copy_sessions, "phase"}};
}

bool is_final(std::string_view phase) {
  return phase == "Succeeded" || phase == "Failed" || phase == "Cancelled";
}

}  // namespace

/// Sessions that ended before this process began are known, not counted: a counter begins with 0.
void ClusterMetrics::count_ended(const Stores& stores) {
  std::set<std::string> present;
  for (const auto& [kind, store, phase_field] : session_kinds(stores)) {
    for (const auto& object : store.all()) {
      auto phase = text_at(*object, "status", phase_field);
      if (!is_final(phase)) continue;
      auto uid = kube::uid_of(*object);
      bool is_new = has_looked_ && !seen_.contains(uid);
      present.insert(std::move(uid));
      if (!is_new) continue;
      ++ended_[{std::string(kind), kube::namespace_of(*object),
                text_at(*object, "spec", "planRef", "name"), phase}];
    }
  }
  seen_ = std::move(present);
  has_looked_ = true;
}

void ClusterMetrics::write(const Stores& stores, MetricsText& text) {
  write_plans(text, stores);
  write_last_backups(text, stores);
  write_storages(text, stores);
  write_repositories(text, stores);
  write_verifications(text, stores);
  write_standbys(text, stores);
  write_refills(text, stores);
  std::lock_guard lock{mutex_};
  count_ended(stores);
  text.begin("dmaas_sessions_ended_total", "counter", "Sessions that ended, by how.");
  for (const auto& [key, count] : ended_) {
    const auto& [kind, namespace_name, plan, phase] = key;
    text.add({{"kind", kind}, {"namespace", namespace_name}, {"plan", plan}, {"phase", phase}},
             static_cast<double>(count));
  }
  text.begin("dmaas_sessions_running", "gauge", "Sessions that have not ended.");
  for (const auto& [kind, store, phase_field] : session_kinds(stores)) {
    double running = 0;
    for (const auto& object : store.all())
      running += is_final(text_at(*object, "status", phase_field)) ? 0 : 1;
    text.add({{"kind", kind}}, running);
  }
  text.add_family("dmaas_movers", "gauge", "Pods that move data.",
                  static_cast<double>(stores.mover_pods.all().size()));
}

}  // namespace dmaas::controller
