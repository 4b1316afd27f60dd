#pragma once

#include <stop_token>

#include "cli/cluster/output.hpp"
#include "cli/cluster/restore_flags.hpp"

namespace dmaas::cli {

/// What `dmaas restore` is asked for.
struct RestoreCommand {
  RestoreFlags flags{};
  OutputFormat format = OutputFormat::table;
  bool preflight_only = false;
  bool no_wait = false;
  bool dry_run = false;
};

/// Makes a RestoreSession, follows it and prints what it did. Errors: those of the cluster;
/// internal (the restore failed).
Result<ExitCode> run_restore(const Connection& connection, const RestoreCommand& command,
                             std::stop_token stop);

}  // namespace dmaas::cli
