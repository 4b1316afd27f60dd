#include "cli/completion/tree.hpp"

#include <array>
#include <utility>

#include "cli/cluster/kind_names.hpp"

namespace dmaas::cli {
namespace {

/// Between the first braces of a validator's description: "TYPE:{full,incremental}".
std::vector<std::string> words_between_braces(const std::string& text) {
  std::vector<std::string> words;
  auto begin = text.find('{');
  auto end = text.find('}', begin);
  if (begin == std::string::npos || end == std::string::npos) return words;
  for (auto place = begin + 1; place < end;) {
    auto comma = std::min(text.find(',', place), end);
    words.push_back(text.substr(place, comma - place));
    place = comma + 1;
  }
  return words;
}

CompletedValue value_of(const CLI::Option& option) {
  auto type = option.get_type_name();
  CompletedValue value{type.substr(0, type.find(':')), words_between_braces(type)};
  if (value.type == "KIND") value.words = kind_words();
  return value;
}

CompletedOption option_of(const CLI::Option& option) {
  CompletedOption completed;
  for (const auto& name : option.get_lnames()) completed.names.push_back("--" + name);
  for (const auto& name : option.get_snames()) completed.names.push_back("-" + name);
  completed.text = option.get_description();
  completed.takes_value = option.get_items_expected_max() > 0;
  if (completed.takes_value) completed.value = value_of(option);
  return completed;
}

void visit_below(
    const CompletedCommand& command, std::vector<std::string>& path,
    const std::function<void(const std::vector<std::string>&, const CompletedCommand&)>& visit) {
  path.push_back(command.name);
  visit(path, command);
  for (const auto& below : command.commands) visit_below(below, path, visit);
  path.pop_back();
}

}  // namespace

CompletedCommand completion_tree(const CLI::App& app) {
  CompletedCommand command;
  command.name = app.get_name();
  command.text = app.get_description();
  for (const auto* option : app.get_options()) {
    if (option->get_group().empty()) continue;  // hidden
    if (option->get_positional()) {
      command.arguments.push_back(value_of(*option));
    } else {
      command.options.push_back(option_of(*option));
    }
  }
  for (const auto* below : app.get_subcommands(
           [](const CLI::App* candidate) { return candidate->get_group() != role_group; })) {
    command.commands.push_back(completion_tree(*below));
  }
  return command;
}

void for_each_command(
    const CompletedCommand& root,
    const std::function<void(const std::vector<std::string>&, const CompletedCommand&)>& visit) {
  std::vector<std::string> path;
  visit_below(root, path, visit);
}

std::string_view completed_objects(std::string_view type) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 12> lists{{
      {"PLAN", "get plans"},
      {"STORAGE", "get storages -A"},
      {"REPOSITORY", "get repositories -A"},
      {"SESSION", "get sessions"},
      {"BACKUP", "get backups -A"},
      {"STANDBY", "get standbys"},
      {"REFILL", "get refills"},
      {"VERIFIER", "get verifiers"},
      {"RETENTION", "get retentionpolicies"},
      {"POLICY", "get policies"},
      {"HOOK", "get hooks -A"},
      {"CREDENTIAL", "credential list"},
  }};
  for (const auto& [known, list] : lists) {
    if (known == type) return list;
  }
  return "";
}

}  // namespace dmaas::cli
