#include <fmt/format.h>

#include "api/backup_document.hpp"
#include "api/repository_path.hpp"
#include "applications/commits.hpp"
#include "controller/backup/backup_work.hpp"
#include "controller/backup/components.hpp"
#include "controller/references.hpp"

namespace dmaas::controller {
namespace {

constexpr std::string_view program_version = "dmaas " DMAAS_VERSION;

api::DocumentComponent describe(const BackupWork& work, const api::ComponentStatus& component) {
  api::DocumentComponent entry;
  entry.name = component.name;
  entry.snapshot_id = component.snapshot_id;
  entry.parent_id = component.parent_id;
  entry.bytes = component.bytes_total;
  entry.bytes_added = component.bytes_added;
  entry.bytes_new = component.bytes_new;
  entry.files = component.files_done;
  entry.files_unreadable = component.files_unreadable;
  if (component.name == "resources") {
    entry.kind = api::ComponentKind::resources;
  } else if (auto claim = claim_of_component(component.name, work.plan.metadata.namespace_name)) {
    entry.kind = api::ComponentKind::volume;
    entry.claim = claim->name;
    entry.namespace_name = claim->namespace_name;
    entry.method = "mount";
    entry.volume_mode = component.volume_mode;
  } else {
    entry.kind = api::ComponentKind::dump;
    if (auto found = dump_of_component(component.name, work.plan.spec)) {
      entry.target = found->target->name;
      entry.namespace_name =
          api::namespaces_of(*found->target, work.plan.metadata.namespace_name).front();
      entry.dump = *found->dump;
      entry.dump_file = "/" + found->dump->name;
    }
  }
  return entry;
}

api::OrderSnapshot snapshot_of_component(const World& world, const BackupWork& work,
                                         const api::ComponentStatus& component) {
  auto application = api::application_of(work.plan.metadata.key(), work.plan.spec);
  bool is_full = work.session.status.type == api::RunType::full;
  return {
      .time = *work.session.status.start_time,
      .hostname = fmt::format("{}/{}/{}", world.settings.cluster_name, application.namespace_name,
                              application.name),
      .username = "dmaas",
      .paths = {"/" + component.name},
      .tags = {applications::session_tag(work.session.metadata.uid),
               applications::component_tag(component.name),
               "dmaas.io/plan=" + work.plan.metadata.key().text(), "dmaas.io/run=" + work.run->name,
               fmt::format("dmaas.io/type={}", is_full ? "full" : "incremental")},
      .parent_id = component.parent_id,
      .reread_all = is_full};
}

}  // namespace

api::BackupDocument describe_backup(const World& world, const BackupWork& work,
                                    const std::string& storage) {
  api::BackupDocument document;
  document.program_version = program_version;
  document.session = work.session.metadata.name;
  document.session_uid = work.session.metadata.uid;
  document.plan_namespace = work.plan.metadata.namespace_name;
  document.plan = work.plan.metadata.name;
  document.plan_spec = to_json(work.plan.spec).as_object();
  document.run = work.run->name;
  document.type = work.session.status.type;
  document.chain_position = work.session.status.chain_position;
  document.time = *work.session.status.start_time;
  document.cluster = {world.settings.cluster_name, world.cluster_uid, world.cluster_version};
  document.application = api::application_of(work.plan.metadata.key(), work.plan.spec);
  document.repository_path = place_of(world, work, storage).path;
  document.object_count = work.session.status.object_count;
  document.point_in_time =
      api::is_true(work.session.status.conditions, api::condition::point_in_time);
  document.warnings = work.session.status.warnings;
  for (const auto& component : work.session.status.components) {
    if (component.storage != storage) continue;
    auto entry = describe(work, component);
    if (entry.kind == api::ComponentKind::resources)
      entry.snapshot_id.clear();  // it cannot name itself
    document.components.push_back(std::move(entry));
  }
  return document;
}

Result<api::BackupDocument> document_of(World& world, const BackupWork& work,
                                        const std::string& storage, std::stop_token stop) {
  auto document = describe_backup(world, work, storage);
  auto found = TRY(find_storage_by_text(world, storage));
  auto opened =
      TRY(world.vault.open(found, document.repository_path, Vault::WhenAbsent::fail, stop));
  for (auto& entry : document.components) {
    if (entry.snapshot_id.empty()) continue;
    auto id = TRY(engine::SnapshotId::parse(entry.snapshot_id));
    entry.tree_id = TRY(opened->repository->load_snapshot(id, stop).context(entry.name)).tree.hex();
  }
  return document;
}

Result<api::WorkOrder> backup_order(World& world, const BackupWork& work,
                                    const api::ComponentStatus& component, std::stop_token stop) {
  auto place = place_of(world, work, component.storage);
  auto storage = TRY(find_storage_by_text(world, component.storage));
  auto opened = TRY(world.vault.open(storage, place.path, Vault::WhenAbsent::fail, stop));
  TRY(world.vault.hold(place, work.session.metadata.uid, stop));
  api::WorkOrder order;
  order.session = identity_of(work.session);
  order.component = component.name;
  order.repository = world.vault.order_for(place, opened->repository->master_key());
  order.repository.format_version = static_cast<std::int32_t>(opened->repository->config().version);
  order.snapshot = snapshot_of_component(world, work, component);
  order.memory_bytes = memory_limit_of(work.run->mover);
  order.attempt = component.attempts;
  auto entry = describe(work, component);
  switch (entry.kind) {
    case api::ComponentKind::resources: {
      order.task = api::MoverTask::backup_resources;
      order.capture =
          api::OrderCapture{.namespace_name = work.plan.metadata.namespace_name,
                            .targets = work.targets(),
                            .exclude_secrets = work.plan.spec.exclude_secrets,
                            .document = TRY(document_of(world, work, component.storage, stop))};
      break;
    }
    case api::ComponentKind::volume:
      order.task = api::MoverTask::backup_volume;
      order.volume = volume_of(component.volume_mode);
      break;
    case api::ComponentKind::dump:
      if (!entry.dump)
        return fail(ErrorCode::not_found, "the plan has no " + component.name + " any more");
      order.task = api::MoverTask::backup_dump;
      order.dump = api::OrderDump{.command = entry.dump->command, .file_name = entry.dump->name};
      break;
  }
  return order;
}

}  // namespace dmaas::controller
