// dmaas migrate
#include <fmt/format.h>

#include <functional>
#include <memory>

#include "api/labels.hpp"
#include "base/time_text.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/cluster/output.hpp"
#include "cli/describe/story.hpp"
#include "cli/migration/begin_migration.hpp"
#include "cli/migration/migrate.hpp"
#include "cli/migration/source_workloads.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

struct MigrateFlags {
  ClusterFlags cluster;      // of the source
  ClusterFlags destination;  // of which only file and context
  MigrationWish wish;
  OutputFormat format = OutputFormat::table;
  std::string plan;
  std::string until = "migrated";
  bool discard_changes = false;
};

/// Connected to both sides. The destination is what the flags say, else what the plan's record
/// says, else the same cluster.
struct BothSides {
  const Connection& source;
  std::optional<Connection> destination{};
  kube::ObjectKey plan{};

  MigrationSides sides() const {
    return {*source.client, destination ? *destination->client : *source.client, plan};
  }
};

bool names_cluster(const ClusterFlags& flags) {
  return !flags.context.empty() || !flags.kubeconfig.empty();
}

Result<BothSides> connect_both(const Connection& source, const MigrateFlags& flags,
                               std::stop_token stop) {
  BothSides both{.source = source};
  both.plan = {source.namespace_name, flags.plan};
  auto wanted = flags.destination;
  std::string uid;
  if (auto known = load_migration(*source.client, both.plan, stop)) {
    uid = known->record.destination_uid;
    if (!names_cluster(wanted)) {
      wanted.context = known->record.context;
      wanted.kubeconfig = known->record.kubeconfig;
    }
  }
  if (names_cluster(wanted)) {
    if (wanted.kubeconfig.empty()) wanted.kubeconfig = flags.cluster.kubeconfig;
    both.destination = TRY(connect(wanted));
    auto found = TRY(kube::cluster_uid(*both.destination->client, stop));
    if (!uid.empty() && found != uid) {
      return fail(ErrorCode::invalid_input,
                  "that is not the cluster that the migration goes to: name it by --to-context or "
                  "--to-kubeconfig");
    }
  }
  return both;
}

Result<ExitCode> drive(const BothSides& both, std::stop_token stop) {
  auto migrated = TRY(drive_migration(both.sides(), std::move(stop)));
  const auto& name = both.plan.name;
  const auto& own = both.plan.namespace_name;
  switch (migrated.record.goal) {
    case MigrationGoal::synced:
      print_line(
          fmt::format("the destination holds the newest backup and follows: 'dmaas migrate "
                      "resume {} -n {}' moves the application",
                      name, own));
      break;
    case MigrationGoal::migrated:
      print_line(
          fmt::format("the application runs at the destination, and is stopped here: 'dmaas "
                      "migrate finish {0} -n {1}' forgets the way back, 'dmaas migrate "
                      "rollback {0} -n {1}' takes it",
                      name, own));
      break;
    case MigrationGoal::stopped:
    case MigrationGoal::rolled_back:
      print_line(
          fmt::format("the application runs here: 'dmaas migrate resume {0} -n {1}' goes "
                      "on, 'dmaas migrate delete {0} -n {1}' gives it up",
                      name, own));
  }
  return ExitCode::success;
}

MigrationGoal goal_of(const MigrateFlags& flags) {
  return flags.until == "synced" ? MigrationGoal::synced : MigrationGoal::migrated;
}

Result<ExitCode> start(const BothSides& both, const MigrateFlags& flags, std::stop_token stop) {
  MigrationRecord record{.standby_namespace = std::string(api::default_system_namespace),
                         .standby = flags.plan + "-migration",
                         .context = flags.destination.context,
                         .kubeconfig = flags.destination.kubeconfig,
                         .goal = goal_of(flags)};
  auto sides = both.sides();
  record.destination_uid = TRY(kube::cluster_uid(sides.destination, stop));
  auto wish = flags.wish;
  wish.is_other_cluster = record.destination_uid != TRY(kube::cluster_uid(sides.source, stop));
  TRY(begin_migration(sides, wish, std::move(record), stop));
  return drive(both, std::move(stop));
}

/// Writes down what is wanted from now on, and goes there.
Result<ExitCode> drive_to(const BothSides& both, MigratedPlan migrated, MigrationGoal goal,
                          std::stop_token stop) {
  auto sides = both.sides();
  migrated.record.goal = goal;
  TRY(save_migration(sides.source, migrated, stop));
  return drive(both, std::move(stop));
}

Result<> check_not_active(const BothSides& both, const MigratedPlan& migrated,
                          std::stop_token stop) {
  auto scene = TRY(look_at_migration(both.sides(), migrated, std::move(stop)));
  bool is_active = scene.standby && scene.standby->status.activation_time &&
                   scene.record.goal == MigrationGoal::migrated;
  if (!is_active) return {};
  return fail(ErrorCode::invalid_input,
              "the application runs at the destination: 'dmaas migrate finish' keeps it there, "
              "'dmaas migrate rollback' brings it back");
}

Result<ExitCode> stop_migration(const BothSides& both, const MigrateFlags&, std::stop_token stop) {
  auto migrated = TRY(load_migration(both.sides().source, both.plan, stop));
  TRY(check_not_active(both, migrated, stop));
  return drive_to(both, std::move(migrated), MigrationGoal::stopped, std::move(stop));
}

bool has_failed(const std::optional<api::BackupSession>& session) {
  return session && is_final(session->status.phase) &&
         session->status.phase != api::BackupPhase::succeeded;
}

Result<ExitCode> resume(const BothSides& both, const MigrateFlags& flags, std::stop_token stop) {
  auto sides = both.sides();
  auto migrated = TRY(load_migration(sides.source, both.plan, stop));
  auto scene = TRY(look_at_migration(sides, migrated, stop));
  if (has_failed(scene.session)) migrated.record.session.clear();
  if (has_failed(scene.last_session)) migrated.record.last_session.clear();
  if (scene.standby && scene.standby->spec.discard_changes != flags.discard_changes) {
    Json patch = JsonObject{{"spec", JsonObject{{"discardChanges", flags.discard_changes}}}};
    TRY(sides.destination.patch(api::kind_info<api::Standby>().resource(),
                                scene.standby->metadata.key(),
                                {kube::PatchKind::merge, std::move(patch)}, {}, stop));
  }
  return drive_to(both, std::move(migrated), goal_of(flags), std::move(stop));
}

Result<ExitCode> roll_back(const BothSides& both, const MigrateFlags&, std::stop_token stop) {
  auto migrated = TRY(load_migration(both.sides().source, both.plan, stop));
  return drive_to(both, std::move(migrated), MigrationGoal::rolled_back, std::move(stop));
}

Result<> forget(const BothSides& both, const MigratedPlan& migrated, std::stop_token stop) {
  auto sides = both.sides();
  const auto& record = migrated.record;
  TRY(kube::ensure_removed(sides.destination, api::kind_info<api::Standby>().resource(),
                           {record.standby_namespace, record.standby}, {}, stop));
  TRY(sides.source.patch(api::kind_info<api::BackupConfiguration>().resource(), both.plan,
                         {kube::PatchKind::merge, forget_migration_patch()}, {}, std::move(stop)));
  return {};
}

Result<ExitCode> finish(const BothSides& both, const MigrateFlags&, std::stop_token stop) {
  auto sides = both.sides();
  auto migrated = TRY(load_migration(sides.source, both.plan, stop));
  auto scene = TRY(look_at_migration(sides, migrated, stop));
  bool is_there = scene.standby && scene.standby->status.activation_time &&
                  scene.standby->spec.activate && migrated.record.goal == MigrationGoal::migrated;
  if (!is_there) {
    return fail(ErrorCode::invalid_input,
                "the application does not run at the destination yet: 'dmaas migrate resume'");
  }
  TRY(forget(both, migrated, std::move(stop)));
  print_line(
      fmt::format("the migration is finished: the application runs at the destination. Here "
                  "it has no pods, its claims stay, and plan {} is paused",
                  both.plan.text()));
  return ExitCode::success;
}

/// Without its standby there is nothing to wait for at the destination.
Result<ExitCode> give_up(const BothSides& both, const MigrateFlags& flags, std::stop_token stop) {
  auto sides = both.sides();
  auto migrated = TRY(load_migration(sides.source, both.plan, stop));
  TRY(check_not_active(both, migrated, stop));
  auto scene = TRY(look_at_migration(sides, migrated, stop));
  if (scene.standby) {
    TRY(stop_migration(both, flags, stop));
  } else {
    TRY(start_workloads(sides.source, migrated.record.workloads, stop));
    migrated.record.is_stopping = false;
    TRY(save_migration(sides.source, migrated, stop));
  }
  TRY(forget(both, migrated, std::move(stop)));
  print_line("the migration is deleted; what was brought to the destination stays there");
  return ExitCode::success;
}

std::string stage_of(const MigrationScene& scene) {
  const auto& record = scene.record;
  if (scene.standby && scene.standby->status.activation_time)
    return "the application runs at the destination";
  if (scene.standby && scene.standby->spec.activate) return "it is started at the destination";
  if (!record.last_session.empty()) return "its last backup is taken";
  if (record.is_stopping) return "it is stopped at the source";
  if (record.goal == MigrationGoal::stopped || record.goal == MigrationGoal::rolled_back)
    return "the application runs at the source, and nothing goes on";
  return "the application runs at the source, and its backups are brought to the destination";
}

Result<ExitCode> show(const BothSides& both, const MigrateFlags& flags, std::stop_token stop) {
  auto sides = both.sides();
  auto migrated = TRY(load_migration(sides.source, both.plan, stop));
  auto scene = TRY(look_at_migration(sides, migrated, stop));
  if (is_document(flags.format)) {
    JsonObject document{{"record", to_json(migrated.record)}, {"stage", stage_of(scene)}};
    if (scene.standby) document["standby"] = scene.standby->source;
    print(format_document(document, flags.format));
    return ExitCode::success;
  }
  const auto& record = migrated.record;
  Story story(system_clock().now());
  story.fact("Migration of", "plan " + both.plan.text());
  story.fact("Wanted", std::string(name_of(record.goal)));
  story.fact("Stage", stage_of(scene));
  story.fact("Backups while it ran", std::to_string(record.rounds));
  story.fact("Standby", record.standby_namespace + "/" + record.standby);
  story.fact("Cluster of the standby", both.destination ? both.destination->cluster : "this one");
  if (scene.standby) {
    const auto& status = scene.standby->status;
    story.fact("It says", fmt::format("{}: {}", name_of(status.phase), status.message));
    if (status.synced) story.fact("Data there of", status.synced->time);
  }
  if (auto decision = decide_migration(scene); !decision)
    story.fact("Needs", decision.error().message());
  std::vector<std::string> stopped;
  for (const auto& workload : record.workloads)
    stopped.push_back(fmt::format("{} {}/{}, had {} replicas", workload.kind,
                                  workload.namespace_name, workload.name, workload.replicas));
  story.list("Stopped at the source", stopped);
  print(story.text());
  return ExitCode::success;
}

using RunMigration =
    std::function<Result<ExitCode>(const BothSides&, const MigrateFlags&, std::stop_token)>;

std::shared_ptr<MigrateFlags> add_one(CLI::App& migrate, CommandLine& line, const char* name,
                                      const char* text, RunMigration run, CLI::App** added) {
  auto flags = std::make_shared<MigrateFlags>();
  auto* command = migrate.add_subcommand(name, text);
  *added = command;
  add_cluster_flags(*command, flags->cluster);
  command->add_option("plan", flags->plan, "The plan of the application")
      ->required()
      ->type_name("PLAN");
  command->add_option("--to-context", flags->destination.context, "Context of another cluster")
      ->type_name("CONTEXT");
  command
      ->add_option("--to-kubeconfig", flags->destination.kubeconfig,
                   "Kubeconfig file of another cluster")
      ->type_name("FILE");
  command->callback([&line, flags, run = std::move(run)] {
    line.chosen = [flags, run](std::stop_token stop) -> Result<ExitCode> {
      return on_cluster(flags->cluster, stop, [&](const Connection& source) -> Result<ExitCode> {
        auto both = TRY(connect_both(source, *flags, stop));
        return run(both, *flags, stop);
      });
    };
  });
  return flags;
}

void add_until(CLI::App& command, MigrateFlags& flags) {
  command.add_option("--until", flags.until, "How far: synced, or migrated")
      ->check(CLI::IsMember({"synced", "migrated"}))
      ->type_name("GOAL")
      ->capture_default_str();
}

void add_start(CLI::App& migrate, CommandLine& line) {
  CLI::App* command = nullptr;
  auto flags = add_one(migrate, line, "start",
                       "Bring the data over while the application runs, then stop it, bring the "
                       "rest, and start it there; Ctrl-C leaves it as it is",
                       start, &command);
  command
      ->add_option("--to-namespace", flags->wish.to_namespace,
                   "Its namespace there (default: the same, in another cluster)")
      ->type_name("NAMESPACE");
  add_placement_flags(*command, flags->wish.destination);
  add_until(*command, *flags);
}

}  // namespace

void add_migrate_commands(CLI::App& app, CommandLine& line) {
  auto* migrate =
      app.add_subcommand("migrate", "Move an application to another cluster or namespace");
  migrate->require_subcommand(1);
  add_start(*migrate, line);
  CLI::App* command = nullptr;
  auto shown = add_one(*migrate, line, "status", "Tell how far it is", show, &command);
  add_object_output_flag(*command, shown->format);
  add_one(*migrate, line, "stop", "Go no further; the application runs at the source",
          stop_migration, &command);
  auto resumed = add_one(*migrate, line, "resume", "Go on", resume, &command);
  add_until(*command, *resumed);
  command->add_flag("--discard-changes", resumed->discard_changes,
                    "Overwrite what the application wrote at the destination before");
  add_one(*migrate, line, "rollback", "Stop the application there, and start it here again",
          roll_back, &command);
  add_one(*migrate, line, "finish", "Keep the application there and forget the way back", finish,
          &command);
  add_one(*migrate, line, "delete", "Give it up; the application runs at the source", give_up,
          &command);
}

}  // namespace dmaas::cli
