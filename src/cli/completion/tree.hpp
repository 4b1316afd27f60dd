#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"

namespace dmaas::cli {

/// What may be typed at one place of the command line.
struct CompletedValue {
  std::string type{};                // "PLAN", "FILE", ...: what completion looks up
  std::vector<std::string> words{};  // the only values that are allowed, if there are such
};

struct CompletedOption {
  std::vector<std::string> names{};  // "--output", "-o"
  std::string text{};
  bool takes_value = false;
  CompletedValue value{};
};

struct CompletedCommand {
  std::string name{};
  std::string text{};
  std::vector<CompletedCommand> commands{};
  std::vector<CompletedOption> options{};
  std::vector<CompletedValue> arguments{};  // in their order
};

/// The commands that people type, as the parser knows them.
CompletedCommand completion_tree(const CLI::App& app);

/// Visits the tree with the words that lead to each command: {"dmaas", "storage", "add"}.
void for_each_command(const CompletedCommand& root,
                      const std::function<void(const std::vector<std::string>& path,
                                               const CompletedCommand&)>& visit);

/// The command below `dmaas` that lists what a value of this type may name; "" for other types.
/// What is found without its namespace is looked for in all of them.
std::string_view completed_objects(std::string_view type);

/// Scripts that complete `dmaas` in a shell. Names of objects come from `dmaas get -o name`, and
/// those of credentials from `dmaas credential list -o name`, with the cluster flags that the line
/// has already.
std::string bash_completion(const CompletedCommand& root);
std::string zsh_completion(const CompletedCommand& root);
std::string fish_completion(const CompletedCommand& root);

void add_completion_command(CLI::App& app, CommandLine& line);

}  // namespace dmaas::cli
