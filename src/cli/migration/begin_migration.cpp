#include "cli/migration/begin_migration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/labels.hpp"
#include "api/repository.hpp"
#include "api/snapshot.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/terminal.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

Result<std::string> source_namespace_of(const api::BackupConfiguration& plan) {
  std::set<std::string> namespaces;
  for (const auto& target : plan.spec.targets) {
    for (const auto& name : api::namespaces_of(target, plan.metadata.namespace_name))
      namespaces.insert(name);
    if (target.dumps.empty()) continue;
    return fail(ErrorCode::invalid_input,
                fmt::format("target {} of the plan has dumps, which need a running database: make "
                            "a plan that takes its volumes, and migrate with that",
                            target.name));
  }
  if (namespaces.size() == 1) return *namespaces.begin();
  return fail(ErrorCode::invalid_input,
              "the plan is of several namespaces: make a plan for each, and migrate them one after "
              "the other");
}

/// The repository of the plan's newest backup.
Result<std::optional<api::Repository>> source_repository(const MigrationSides& sides,
                                                         std::stop_token stop) {
  const auto& own = sides.plan.namespace_name;
  auto backups = TRY(list_decoded<api::Snapshot>(sides.source, own, stop));
  std::erase_if(backups, [&](const auto& backup) {
    return backup.status.plan != sides.plan.text() || !backup.status.complete;
  });
  if (backups.empty()) return std::optional<api::Repository>();
  auto newest =
      std::ranges::max_element(backups, {}, [](const auto& backup) { return backup.spec.time; });
  auto key = newest->spec.repository.key(own);
  return std::optional(TRY(load_or_list<api::Repository>(sides.source, key, std::move(stop))));
}

/// The same one as the destination calls it.
Result<kube::ObjectKey> destination_repository(const MigrationSides& sides,
                                               const MigrationWish& wish,
                                               const api::Repository& source,
                                               std::stop_token stop) {
  if (!wish.is_other_cluster) return source.metadata.key();
  for (const auto& known : TRY(list_decoded<api::Repository>(sides.destination, "", stop))) {
    bool is_same = known.spec.path == source.spec.path &&
                   known.status.repository_id == source.status.repository_id;
    if (is_same) return known.metadata.key();
  }
  return fail(
      ErrorCode::not_found,
      fmt::format("the destination does not know repository {0}: there, 'dmaas storage add' the "
                  "storage that has it, with its recovery password, then 'dmaas storage import "
                  "STORAGE {0}'",
                  source.spec.path));
}

Result<api::Standby> standby_for(const MigrationSides& sides, const MigrationWish& wish,
                                 const MigrationRecord& record, std::stop_token stop) {
  auto plan = TRY(load_or_list<api::BackupConfiguration>(sides.source, sides.plan, stop));
  auto from = TRY(source_namespace_of(plan));
  auto to = wish.to_namespace.empty() ? from : wish.to_namespace;
  if (!wish.is_other_cluster && to == from)
    return fail(ErrorCode::invalid_input,
                "say where to: --to-namespace, or --to-context or --to-kubeconfig of another "
                "cluster");
  auto source = TRY(source_repository(sides, stop));
  if (!source)
    return fail(ErrorCode::not_found,
                fmt::format("plan {} has no backup yet: 'dmaas backup {} -n {}'", sides.plan.text(),
                            sides.plan.name, sides.plan.namespace_name));
  auto repository = TRY(destination_repository(sides, wish, *source, stop));
  api::Standby standby;
  standby.metadata.namespace_name = record.standby_namespace;
  standby.metadata.name = record.standby;
  standby.metadata.labels = {{std::string(api::label::plan), sides.plan.name}};
  auto& spec = standby.spec;
  spec.repository = reference_to(repository, record.standby_namespace);
  if (to != from) spec.namespace_map = {{from, to}};
  spec.storage_class_map = TRY(parse_pairs(wish.destination.classes, "--map-storage-class"));
  spec.changes = TRY(changes_of(wish.destination));
  spec.refresh_interval = std::chrono::seconds{30};
  return standby;
}

}  // namespace

Result<> begin_migration(const MigrationSides& sides, const MigrationWish& wish,
                         MigrationRecord record, std::stop_token stop) {
  MigratedPlan migrated;
  migrated.plan = TRY(load_or_list<api::BackupConfiguration>(sides.source, sides.plan, stop));
  if (TRY(migration_of(migrated.plan.source))) {
    return fail(ErrorCode::invalid_input,
                fmt::format("plan {} migrates already: 'dmaas migrate status {} -n {}'",
                            sides.plan.text(), sides.plan.name, sides.plan.namespace_name));
  }
  auto standby = TRY(standby_for(sides, wish, record, stop));
  auto made = create(sides.destination, standby, kube::DryRun::no, stop);
  if (made.failed_with(ErrorCode::already_exists)) {
    auto there = TRY(load_or_list<api::Standby>(sides.destination, standby.metadata.key(), stop));
    bool is_ours = there.spec.repository.key(there.metadata.namespace_name) ==
                       standby.spec.repository.key(standby.metadata.namespace_name) &&
                   there.spec.namespace_map == standby.spec.namespace_map && !there.spec.activate;
    if (!is_ours) return fail(std::move(made).error());
  } else {
    TRY(std::move(made));
  }
  print_note(fmt::format("standby {} follows at the destination", standby.metadata.key().text()));
  migrated.record = std::move(record);
  return save_migration(sides.source, migrated, std::move(stop));
}

}  // namespace dmaas::cli
