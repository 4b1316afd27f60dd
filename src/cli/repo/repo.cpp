#include "cli/repo/repo.hpp"

#include "cli/repo/session.hpp"

namespace dmaas::cli {

void add_repo_commands(CLI::App& app, CommandLine& line) {
  auto* repo = app.add_subcommand("repo", "Work on a restic repository, without a cluster");
  repo->require_subcommand(1);
  add_writing_commands(*repo, line);
  add_copy_command(*repo, line);
  add_reading_commands(*repo, line);
  add_maintaining_commands(*repo, line);
}

}  // namespace dmaas::cli
