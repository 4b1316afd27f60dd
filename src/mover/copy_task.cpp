#include <fmt/format.h>

#include <algorithm>

#include "api/backup_document.hpp"
#include "applications/commits.hpp"
#include "base/log.hpp"
#include "engine/copy/copy_snapshots.hpp"
#include "engine/inspect/walk_tree.hpp"
#include "mover/task.hpp"

namespace dmaas::mover {
namespace {

constexpr std::uint64_t max_document_bytes = 16 << 20;

Result<api::BackupDocument> read_document(engine::Repository& repository,
                                          const engine::TreeId& tree, std::stop_token stop) {
  auto node = TRY(engine::find_node(repository, tree, api::BackupDocument::path, stop));
  if (!node.content || node.size > max_document_bytes)
    return fail(ErrorCode::corrupt, "backup.json is not a small file");
  std::string text;
  for (const auto& blob : *node.content) {
    auto piece = TRY(repository.load_blob(engine::data_blob(blob), stop));
    text += text_of(piece);
  }
  return api::decode_backup_document(text);
}

/// The snapshots of a backup as the source has them, the resources component last: a copy without
/// it is none. Errors: not_found, corrupt.
Result<std::vector<engine::StoredSnapshot>> components_of(
    engine::Repository& source, const std::vector<engine::StoredSnapshot>& snapshots,
    const std::string& id, std::stop_token stop) {
  auto commit = std::ranges::find(snapshots, id, [](const auto& s) { return s.id.hex(); });
  if (commit == snapshots.end())
    return fail(ErrorCode::not_found, "snapshots/" + id + " is not in the source any more");
  auto document = TRY(read_document(source, commit->snapshot.tree, std::move(stop)));
  std::vector<engine::StoredSnapshot> components;
  for (const auto& component : document.components) {
    if (component.kind == api::ComponentKind::resources) continue;
    const auto* found = applications::find_component(snapshots, document.session_uid, component);
    if (found == nullptr)
      return fail(ErrorCode::not_found, "the source has no " + component.name + " of this backup");
    components.push_back(*found);
  }
  components.push_back(*commit);
  return components;
}

/// Whether only this backup is the matter: nothing is wrong with the storages.
bool is_of_the_backup(ErrorCode code) {
  return code == ErrorCode::corrupt || code == ErrorCode::not_found ||
         code == ErrorCode::unsupported || code == ErrorCode::invalid_input;
}

/// The id of its resources component at the destination.
Result<std::string> copy_one(const CopyContext& context, engine::SnapshotCopier& copier,
                             const std::vector<engine::StoredSnapshot>& components,
                             std::stop_token stop) {
  std::string id;
  for (const auto& component : components) {
    auto copy = TRY(copier.copy(component, stop));
    context.copied.add_bytes(copy.bytes_added);
    id = copy.id.hex();
  }
  return id;
}

}  // namespace

void CopiedBackups::add(api::CopiedBackup backup) {
  std::lock_guard lock{mutex_};
  backups_.push_back(std::move(backup));
}

void CopiedBackups::add_bytes(std::uint64_t stored) {
  std::lock_guard lock{mutex_};
  bytes_added_ += stored;
}

std::vector<api::CopiedBackup> CopiedBackups::all() const {
  std::lock_guard lock{mutex_};
  return backups_;
}

std::int64_t CopiedBackups::bytes_added() const {
  std::lock_guard lock{mutex_};
  return static_cast<std::int64_t>(bytes_added_);
}

Result<api::MoverResult> copy_backups(const TaskContext& context, std::stop_token stop) {
  auto& [source, copied] = *context.copy;
  auto snapshots = TRY(applications::load_readable(source, stop)).readable;
  auto copier =
      TRY(engine::SnapshotCopier::prepare(source, context.repository, {}, context.progress, stop));
  api::MoverResult result{.outcome = api::MoverOutcome::succeeded};
  for (const auto& id : context.order.copy->backups) {
    auto components = components_of(source, snapshots, id, stop);
    auto copy = components ? copy_one(*context.copy, copier, *components, stop)
                           : Result<std::string>(fail(std::move(components).error()));
    if (!copy && !is_of_the_backup(copy.code())) return fail(std::move(copy).error());
    if (copy) {
      log_info("a backup is copied", {{"from", id}, {"to", *copy}});
      copied.add({.source_id = id, .snapshot_id = *copy});
      continue;
    }
    copied.add({.source_id = id, .message = copy.error().message()});
    result.outcome = api::MoverOutcome::failed;
    result.error_code = std::string(name_of(copy.code()));
    result.message = copy.error().message();
  }
  result.bytes = static_cast<std::int64_t>(context.progress.bytes_done.load());
  result.bytes_added = copied.bytes_added();
  result.copied = copied.all();
  return result;
}

}  // namespace dmaas::mover
