#pragma once

#include <stop_token>
#include <string>

#include "cli/cluster/restore.hpp"

namespace dmaas::cli {

/// When `dmaas restore` is repeated.
struct RefillFlags {
  std::string name;
  std::string schedule;
  std::string interval;
  bool even_if_unchanged = false;

  bool is_repeated() const { return !schedule.empty() || !interval.empty(); }
};
void add_refill_flags(CLI::App& command, RefillFlags& flags);

/// Makes a RestoreConfiguration that repeats what the command says. Errors: invalid_input, and
/// those of the cluster.
Result<ExitCode> run_refill(const Connection& connection, const RestoreCommand& command,
                            const RefillFlags& flags, std::stop_token stop);

/// `dmaas delete refill`, below `group`.
void add_delete_refill_command(CLI::App& group, CommandLine& line);

}  // namespace dmaas::cli
