#include <fmt/format.h>

#include "cli/completion/tree.hpp"

namespace dmaas::cli {
namespace {

constexpr std::string_view head =
    R"fish(# Completion of dmaas for fish. Use: dmaas completion fish | source
# Whether the words of the line begin with these commands.
function __dmaas_in
    set -l words (commandline -opc)[2..]
    for command in $argv
        test "$words[1]" = "$command"; or return 1
        set -e words[1]
    end
end

# Whether none of these words stands on the line yet.
function __dmaas_without
    for word in (commandline -opc)[2..]
        contains -- $word $argv; and return 1
    end
    return 0
end

# What a command lists; the cluster flags that stand on the line decide where.
function __dmaas_objects
    set -l words (commandline -opc)
    set -l flags
    for i in (seq 2 (count $words))
        if contains -- $words[$i] -n --namespace --kubeconfig --context
            set -a flags $words[$i] $words[(math $i + 1)]
        end
    end
    $words[1] $argv -o name $flags 2>/dev/null | string replace -r '.*/' ''
end

complete -c dmaas -f
)fish";

/// As an argument in single quotes.
std::string single_quoted(std::string_view text) {
  std::string result = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

std::string values_of(const CompletedValue& value) {
  auto objects = completed_objects(value.type);
  if (!value.words.empty())
    return " -a " + single_quoted(fmt::format("{}", fmt::join(value.words, " ")));
  if (!objects.empty()) return fmt::format(" -a '(__dmaas_objects {})'", objects);
  return value.type == "FILE" || value.type == "DIRECTORY" ? " -F" : "";
}

void write_command(const std::vector<std::string>& path, const CompletedCommand& command,
                   std::string& text) {
  std::vector<std::string> below(path.begin() + 1, path.end());
  auto at = fmt::format("__dmaas_in {}", fmt::join(below, " "));
  std::vector<std::string> names;
  for (const auto& sub : command.commands) names.push_back(sub.name);
  for (const auto& sub : command.commands) {
    text += fmt::format("complete -c dmaas -n '{}; and __dmaas_without {}' -a {} -d {}\n", at,
                        fmt::join(names, " "), sub.name, single_quoted(sub.text));
  }
  for (const auto& option : command.options) {
    auto line = fmt::format("complete -c dmaas -n '{}'", at);
    for (const auto& name : option.names)
      line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (option.takes_value) line += " -r" + values_of(option.value);
    text += line + " -d " + single_quoted(option.text) + "\n";
  }
  if (command.arguments.empty()) return;
  auto values = values_of(command.arguments.front());
  if (!values.empty()) text += fmt::format("complete -c dmaas -n '{}'{}\n", at, values);
}

}  // namespace

std::string fish_completion(const CompletedCommand& root) {
  std::string text(head);
  for_each_command(root,
                   [&](const std::vector<std::string>& path, const CompletedCommand& command) {
                     write_command(path, command, text);
                   });
  return text;
}

}  // namespace dmaas::cli
