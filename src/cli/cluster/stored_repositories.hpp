#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "api/backup_storage.hpp"
#include "api/repository.hpp"
#include "cli/cluster/connection.hpp"

namespace dmaas::cli {

/// The storage that a person names as "[namespace/]name": in the namespace of the command, else in
/// the system namespace. Errors: not_found.
Result<kube::ObjectKey> find_storage(const Connection& connection, const std::string& text,
                                     std::stop_token stop);

/// Has the controller list the repositories on a storage and waits for it: seconds, or minutes on
/// a large one. Errors: unavailable (the storage does not answer), timeout.
Result<api::FoundRepositories> list_stored(kube::Client& client, const kube::ObjectKey& storage,
                                           std::stop_token stop);

/// One repository on a storage with what is known of it here.
struct StoredRepositoryRow {
  std::string path{};
  std::string application{};  // "namespace/name"
  std::string owner{};        // cluster
  std::string object{};       // "namespace/name" of the Repository that shows it; "": none
  std::optional<std::int32_t> backups{};
  std::optional<Timestamp> last_backup{};
};
/// What the Repository objects of a storage tell of each path; what the layout of paths tells of
/// the rest. Pure.
std::vector<StoredRepositoryRow> stored_rows(const std::vector<std::string>& paths,
                                             const std::vector<api::Repository>& repositories);

/// The only path; else an error that lists what there is. Pure.
Result<std::string> choose_path(const api::FoundRepositories& found, const std::string& storage);

}  // namespace dmaas::cli
