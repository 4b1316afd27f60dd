#include "cli/migration/migrate.hpp"

#include <fmt/format.h>

#include "api/labels.hpp"
#include "cli/cluster/follow.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/migration/source_workloads.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

const kube::Resource& plans() {
  static const auto resource = api::kind_info<api::BackupConfiguration>().resource();
  return resource;
}

kube::ObjectKey standby_key(const MigrationRecord& record) {
  return {record.standby_namespace, record.standby};
}

template <class Kind>
Result<std::optional<Kind>> load_if_there(kube::Client& client, const kube::ObjectKey& key,
                                          std::stop_token stop) {
  if (key.name.empty()) return std::optional<Kind>();
  auto object = client.get(api::kind_info<Kind>().resource(), key, std::move(stop));
  if (object.failed_with(ErrorCode::not_found)) return std::optional<Kind>();
  if (!object) return fail(std::move(object).error());
  return std::optional(TRY(api::decode<Kind>(*object)));
}

Result<> start_backup(const MigrationSides& sides, const std::string& name, bool is_last,
                      std::stop_token stop) {
  api::BackupSession session;
  session.metadata.namespace_name = sides.plan.namespace_name;
  session.metadata.name = name;
  session.spec.plan.name = sides.plan.name;
  session.spec.application_stopped = is_last;
  auto made = create(sides.source, session, kube::DryRun::no, std::move(stop));
  if (!made && made.code() != ErrorCode::already_exists) return fail(std::move(made).error());
  print_note(fmt::format("backup {} is taken{}", name, is_last ? ", the last one" : ""));
  return {};
}

Result<> change_standby(const MigrationSides& sides, const MigrationRecord& record, JsonObject spec,
                        std::stop_token stop) {
  Json patch = JsonObject{{"spec", std::move(spec)}};
  TRY(sides.destination.patch(api::kind_info<api::Standby>().resource(), standby_key(record),
                              {kube::PatchKind::merge, std::move(patch)}, {}, std::move(stop)));
  return {};
}

Result<> activate(const MigrationSides& sides, const MigrationScene& scene, std::stop_token stop) {
  auto wanted = scene.standby->spec.changes.value_or(api::RestoreChanges{});
  auto changes = as_it_was(std::move(wanted), scene.record, sides.plan.name);
  print_note("the application is started at the destination");
  return change_standby(sides, scene.record, {{"activate", true}, {"changes", to_json(changes)}},
                        std::move(stop));
}

Result<> name_workloads(const MigrationSides& sides, MigratedPlan& migrated, std::stop_token stop) {
  auto& record = migrated.record;
  record.workloads = TRY(find_source_workloads(sides.source, migrated.plan, stop));
  record.is_stopping = true;
  record.was_paused = migrated.plan.spec.paused;
  for (const auto& workload : record.workloads)
    print_note(
        fmt::format("{} {}/{} is stopped", workload.kind, workload.namespace_name, workload.name));
  return save_migration(sides.source, migrated, std::move(stop));
}

Result<> start_source(const MigrationSides& sides, MigratedPlan& migrated, std::stop_token stop) {
  auto& record = migrated.record;
  TRY(start_workloads(sides.source, record.workloads, stop));
  record.workloads.clear();
  record.is_stopping = false;
  record.rounds = 0;
  record.session.clear();
  record.last_session.clear();
  print_note("the application has its replicas back at the source");
  return save_migration(sides.source, migrated, std::move(stop));
}

Result<> name_backup(const MigrationSides& sides, MigratedPlan& migrated, std::string& name,
                     std::stop_token stop) {
  name = new_session_name(sides.plan.name.substr(0, 40) + "-migration");
  return save_migration(sides.source, migrated, std::move(stop));
}

Result<> act(const MigrationSides& sides, MigratedPlan& migrated, const MigrationScene& scene,
             MigrationStep step, std::stop_token stop) {
  auto& record = migrated.record;
  switch (step) {
    case MigrationStep::name_round:
      ++record.rounds;
      return name_backup(sides, migrated, record.session, std::move(stop));
    case MigrationStep::start_round:
      return start_backup(sides, record.session, false, std::move(stop));
    case MigrationStep::name_workloads:
      return name_workloads(sides, migrated, std::move(stop));
    case MigrationStep::stop_source:
      return stop_workloads(sides.source, record.workloads, std::move(stop));
    case MigrationStep::name_last_backup:
      return name_backup(sides, migrated, record.last_session, std::move(stop));
    case MigrationStep::start_last_backup:
      return start_backup(sides, record.last_session, true, std::move(stop));
    case MigrationStep::activate:
      return activate(sides, scene, std::move(stop));
    case MigrationStep::deactivate:
      print_note("the application is stopped at the destination");
      return change_standby(sides, record, {{"activate", false}}, std::move(stop));
    case MigrationStep::start_source:
      return start_source(sides, migrated, std::move(stop));
    case MigrationStep::follow:
      return change_standby(sides, record, {{"keepDataInSync", true}}, std::move(stop));
    case MigrationStep::pause:
      return change_standby(sides, record, {{"keepDataInSync", false}}, std::move(stop));
    case MigrationStep::done:
    case MigrationStep::wait:
      return {};
  }
  return {};
}

}  // namespace

Result<MigratedPlan> load_migration(kube::Client& source, const kube::ObjectKey& plan,
                                    std::stop_token stop) {
  MigratedPlan migrated;
  migrated.plan = TRY(load_or_list<api::BackupConfiguration>(source, plan, std::move(stop)));
  auto record = TRY(migration_of(migrated.plan.source));
  if (!record) {
    return fail(ErrorCode::not_found,
                fmt::format("plan {} does not migrate: 'dmaas migrate start'", plan.text()));
  }
  migrated.record = std::move(*record);
  return migrated;
}

Result<> save_migration(kube::Client& source, MigratedPlan& migrated, std::stop_token stop) {
  auto patch = TRY(migration_patch(migrated.plan.source, migrated.record));
  auto written = TRY(source.patch(plans(), migrated.plan.metadata.key(),
                                  {kube::PatchKind::merge, std::move(patch)}, {}, std::move(stop)));
  migrated.plan = TRY(api::decode<api::BackupConfiguration>(written));
  return {};
}

Result<MigrationScene> look_at_migration(const MigrationSides& sides, const MigratedPlan& migrated,
                                         std::stop_token stop) {
  const auto& record = migrated.record;
  const auto& own = sides.plan.namespace_name;
  MigrationScene scene{.record = record};
  scene.session = TRY(load_if_there<api::BackupSession>(sides.source, {own, record.session}, stop));
  scene.last_session =
      TRY(load_if_there<api::BackupSession>(sides.source, {own, record.last_session}, stop));
  scene.standby = TRY(load_if_there<api::Standby>(sides.destination, standby_key(record), stop));
  if (record.is_stopping)
    scene.running = TRY(running_pods(sides.source, migrated.plan, record.workloads, stop));
  return scene;
}

Result<MigratedPlan> drive_migration(const MigrationSides& sides, std::stop_token stop) {
  std::string told;
  auto answered = system_clock().monotonic();
  do {
    auto one_step = [&]() -> Result<std::optional<MigratedPlan>> {
      auto migrated = TRY(load_migration(sides.source, sides.plan, stop));
      auto scene = TRY(look_at_migration(sides, migrated, stop));
      auto decision = TRY(decide_migration(scene));
      if (decision.step == MigrationStep::done) return std::optional(std::move(migrated));
      bool is_news =
          !decision.what.empty() && decision.what != told && !decision.what.ends_with('%');
      if (is_news) print_note(decision.what);
      if (is_news) told = decision.what;
      TRY(act(sides, migrated, scene, decision.step, stop));
      return std::optional<MigratedPlan>();
    };
    auto done = one_step();
    // Another command, or the controller, has written meanwhile; or an API server restarts.
    bool may_pass = done.failed_with(ErrorCode::conflict) || (!done && is_retryable(done.code()));
    bool is_patient = system_clock().monotonic() - answered < follow_patience;
    if (!done && !(may_pass && is_patient)) return fail(std::move(done).error());
    if (done && *done) return std::move(**done);
    if (done) answered = system_clock().monotonic();
  } while (system_clock().sleep(poll_period, stop));
  return fail(ErrorCode::cancelled,
              "the migration stays as it is: 'dmaas migrate resume' goes on, 'dmaas migrate stop' "
              "gives it up for now");
}

}  // namespace dmaas::cli
