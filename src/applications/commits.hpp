#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "api/backup_document.hpp"
#include "engine/repository/repository.hpp"

/// How the components of a backup are told from each other in a repository: by tags that stock
/// restic shows and keeps.
namespace dmaas::applications {

std::string session_tag(std::string_view session_uid);
std::string component_tag(std::string_view component);

/// UID of the session that wrote the snapshot; "" for one of another program.
std::string session_of(const engine::Snapshot& snapshot);
/// Whether it is a resources component, which is written last: only with it there is a backup.
bool is_commit(const engine::Snapshot& snapshot);

/// What can be read of a repository's snapshots.
struct StoredSnapshots {
  std::vector<engine::StoredSnapshot> readable{};  // in order of time
  std::vector<engine::SnapshotId> damaged{};
};
/// Damaged snapshots are passed over. Errors: those of the store.
Result<StoredSnapshots> load_readable(engine::Repository& repository, std::stop_token stop);

/// The snapshot of a component that a document names: by its id, else the copy that has it as
/// `original`, else by session, component and tree. Null: it is not among `snapshots`. Pure.
const engine::StoredSnapshot* find_component(const std::vector<engine::StoredSnapshot>& snapshots,
                                             const std::string& session_uid,
                                             const api::DocumentComponent& component);
/// Gives the components of documents the ids under which `repository` has them, which differ where
/// a backup is a copy. A component that is not there keeps its id. Errors: those of the store.
Result<> resolve_components(engine::Repository& repository,
                            const std::vector<api::BackupDocument*>& documents,
                            std::stop_token stop);

/// The commit of a session. A mover that was lost may have written it without having told anybody.
/// Reads every snapshot.
Result<std::optional<engine::StoredSnapshot>> find_commit(engine::Repository& repository,
                                                          const std::string& session_uid,
                                                          std::stop_token stop);

}  // namespace dmaas::applications
