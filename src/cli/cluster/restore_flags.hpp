#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/restore_session.hpp"
#include "cli/cluster/connection.hpp"

namespace dmaas::cli {

/// Which backup is restored, where to and how: the same for `restore` and `preflight`.
struct RestoreFlags {
  ClusterFlags cluster;
  std::string backup;      // name of a Snapshot
  std::string repository;  // [namespace/]name
  std::string storage;     // [namespace/]name
  std::string path;
  std::string snapshot;
  std::string before;
  std::string latest_of;
  std::string oldest_of;
  std::string time_zone;
  std::string run;
  std::string data = "all";
  std::string existing = "skip";
  std::string name_prefix;
  std::vector<std::string> namespaces;
  std::vector<std::string> classes;
  std::string in_place;
  std::string hook;  // [namespace/]name of a HookTemplate
  std::vector<std::string> claims;
  bool keep_extra_files = false;
  std::vector<std::string> volumes;
  std::vector<std::string> files;
  std::vector<std::string> claim_sizes;
  std::vector<std::string> replicas;

  /// Whether any of the flags that name a backup is given.
  bool names_source() const {
    return !backup.empty() || !repository.empty() || !storage.empty() || !path.empty();
  }
};
void add_restore_flags(CLI::App& command, RestoreFlags& flags);
/// Where to, and how objects differ there: of these the flags that a standby has too.
void add_destination_flags(CLI::App& command, RestoreFlags& flags);
/// Of these those of one application whose namespace is named otherwise.
void add_placement_flags(CLI::App& command, RestoreFlags& flags);

/// "FROM=TO", each once. Errors: invalid_input, naming `flag`.
Result<std::map<std::string, std::string>> parse_pairs(const std::vector<std::string>& texts,
                                                       std::string_view flag);
/// Nothing when no flag changes an object. Errors: invalid_input.
Result<std::optional<api::RestoreChanges>> changes_of(const RestoreFlags& flags);

/// The session that the flags ask for, in the namespace of -n, else in the system namespace: there
/// a restore may reach every namespace. Errors: invalid_input, not_found.
Result<api::RestoreSession> restore_session(const Connection& connection, const RestoreFlags& flags,
                                            std::stop_token stop);

}  // namespace dmaas::cli
