#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "cli/command.hpp"
#include "engine/format/node.hpp"
#include "engine/repository/repository.hpp"
#include "storage/open.hpp"

namespace dmaas::cli {

/// Flags that every `dmaas repo` command has.
struct RepositoryFlags {
  std::string location;       // -r, RESTIC_REPOSITORY
  std::string location_file;  // --repository-file, RESTIC_REPOSITORY_FILE
  std::string
      password_file;    // -p, RESTIC_PASSWORD_FILE; else RESTIC_PASSWORD, else asked on a terminal
  std::string ca_file;  // --cacert, RESTIC_CACERT
  unsigned connections = 0;
  std::uint32_t pack_size_mib = 16;
  int compression_level = 3;
  std::string retry_lock = "0s";
  bool json = false;
  bool quiet = false;
  bool no_lock = false;
};

/// Adds the flags above to `command`.
void add_repository_flags(CLI::App& command, RepositoryFlags& flags);

/// The flags of a second repository, which is only read: --from-repo and the like.
struct SourceFlags {
  std::string location;       // --from-repo, RESTIC_FROM_REPOSITORY
  std::string location_file;  // --from-repository-file, RESTIC_FROM_REPOSITORY_FILE
  std::string password_file;  // --from-password-file, RESTIC_FROM_PASSWORD_FILE; else
                              // RESTIC_FROM_PASSWORD, else asked
};
void add_source_flags(CLI::App& command, SourceFlags& flags);

/// An opened repository with its store.
struct Session {
  std::unique_ptr<storage::ObjectStore> store;
  std::unique_ptr<engine::Repository> repository;
  std::unique_ptr<engine::RepositoryLock> lock;  // null with --no-lock
};

Result<std::string> repository_location(const RepositoryFlags& flags);
Result<storage::StorageOptions> storage_options(const RepositoryFlags& flags);
Result<engine::RepositoryOptions> repository_options(const RepositoryFlags& flags);
/// The password from file, environment or terminal. `twice`: asked again on a terminal, for new
/// ones.
enum class AskPassword { once, twice };
Result<std::string> read_password(const RepositoryFlags& flags, AskPassword ask);
/// The same for a further password, from `file` or the terminal.
Result<std::string> read_new_password(const std::string& file);

/// Opens and locks. Errors name the remedy.
Result<Session> open_session(const RepositoryFlags& flags, std::optional<engine::LockKind> lock,
                             std::stop_token stop);

/// The same for the repository of the source flags; `flags` says all else.
Result<Session> open_source_session(const SourceFlags& source, const RepositoryFlags& flags,
                                    std::optional<engine::LockKind> lock, std::stop_token stop);

/// Which snapshots a command is about.
struct SnapshotFilter {
  std::vector<std::string> hosts;
  std::vector<std::string> tags;  // each "a,b": all of these
  std::vector<std::string> paths;
  std::vector<std::string> ids;  // prefixes, or "latest"

  bool matches(const engine::Snapshot& snapshot) const;
};
void add_filter_flags(CLI::App& command, SnapshotFilter& filter);
/// In order of time. Errors: not_found for an id that matches nothing.
Result<std::vector<engine::StoredSnapshot>> select_snapshots(engine::Repository& repository,
                                                             const SnapshotFilter& filter,
                                                             std::stop_token stop);
/// The one snapshot that `id` ("latest" or a prefix, with ":subfolder" left to the caller) names
/// among those that match.
Result<engine::StoredSnapshot> select_snapshot(engine::Repository& repository,
                                               const std::string& id, const SnapshotFilter& filter,
                                               std::stop_token stop);

/// As restic prints it with --json.
Json snapshot_json(const engine::StoredSnapshot& stored);
Json node_json(const std::string& path, const engine::Node& node);

std::vector<std::string> split_commas(const std::vector<std::string>& values);

// Groups of commands, one translation unit each.
void add_writing_commands(CLI::App& repo, CommandLine& line);  // init, backup
void add_copy_command(CLI::App& repo, CommandLine& line);
void add_reading_commands(CLI::App& repo,
                          CommandLine& line);  // restore, snapshots, ls, find, dump, diff, stats
void add_maintaining_commands(CLI::App& repo,
                              CommandLine& line);  // check, forget, prune, key, unlock

}  // namespace dmaas::cli
