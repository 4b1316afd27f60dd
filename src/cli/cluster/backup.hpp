#pragma once

#include <stop_token>
#include <string>

#include "api/backup_session.hpp"
#include "cli/cluster/connection.hpp"
#include "cli/cluster/output.hpp"

namespace dmaas::cli {

/// What `dmaas backup` is asked for.
struct BackupFlags {
  ClusterFlags cluster{};
  OutputFormat format = OutputFormat::table;
  std::string plan{};
  std::string run{};
  std::string type{};
  bool no_wait = false;
  bool dry_run = false;
};

/// Makes a BackupSession and follows it to its end, good or bad. Errors: those of the cluster.
Result<api::BackupSession> take_backup(const Connection& connection, const BackupFlags& flags,
                                       std::stop_token stop);

}  // namespace dmaas::cli
