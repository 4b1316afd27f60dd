#include <fmt/format.h>

#include <functional>

#include "cli/completion/tree.hpp"

namespace dmaas::cli {
namespace {

constexpr std::string_view head =
    R"bash(# Completion of dmaas for bash. Use: source <(dmaas completion bash)
_dmaas_reply() {
    local IFS=$' \t\n'
    COMPREPLY=($(compgen -W "$*" -- "$_dmaas_current"))
}

# What "dmaas get" or another command lists; the cluster flags that stand on the line decide where.
_dmaas_objects() {
    local flags=() i
    for ((i = 1; i + 1 < COMP_CWORD; i++)); do
        case "${COMP_WORDS[i]}" in
        -n | --namespace | --kubeconfig | --context) flags+=("${COMP_WORDS[i]}" "${COMP_WORDS[i + 1]}") ;;
        esac
    done
    _dmaas_reply $("${COMP_WORDS[0]}" "$@" -o name "${flags[@]}" 2>/dev/null | sed 's|.*/||')
}

_dmaas_files() {
    COMPREPLY=($(compgen -f -- "$_dmaas_current"))
}

)bash";

// `path` grows with each word that is a command below it; `count` is how many arguments stand
// behind the command, `first` is the first of them.
constexpr std::string_view walk = R"bash(
_dmaas() {
    local _dmaas_current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD - 1]}"
    local path=dmaas count=0 first='' word i
    for ((i = 1; i < COMP_CWORD; i++)); do
        word="${COMP_WORDS[i]}"
        if _dmaas_is_command "$path $word"; then
            path="$path $word"
        elif _dmaas_takes_value "$path" "$word"; then
            ((i++))
        elif [[ "$word" != -* ]]; then
            ((count++ == 0)) && first="$word"
        fi
    done
    COMPREPLY=()
    _dmaas_value "$path" "$previous" && return
    if [[ "$_dmaas_current" == -* ]]; then
        _dmaas_reply "$(_dmaas_options "$path")"
    else
        _dmaas_argument "$path" "$count" "$first"
    fi
}
complete -o default -F _dmaas dmaas
)bash";

std::string path_text(const std::vector<std::string>& path) {
  return fmt::format("{}", fmt::join(path, " "));
}

std::string names_of(const CompletedOption& option, std::string_view separator) {
  return fmt::format("{}", fmt::join(option.names, separator));
}

/// The command that completes a value; "" when nothing is known of it.
std::string action_of(const CompletedValue& value) {
  if (!value.words.empty()) return fmt::format("_dmaas_reply {}", fmt::join(value.words, " "));
  auto objects = completed_objects(value.type);
  if (!objects.empty()) return fmt::format("_dmaas_objects {}", objects);
  if (value.type == "FILE" || value.type == "DIRECTORY") return "_dmaas_files";
  return "";
}

using Cases = std::function<void(const std::string& path, const CompletedCommand&, std::string&)>;

/// A function that answers for each path by the lines that `cases` writes.
std::string function_of(const CompletedCommand& root, std::string_view name,
                        std::string_view subject, std::string_view otherwise, const Cases& cases) {
  auto text = fmt::format("{}() {{\n    case \"{}\" in\n", name, subject);
  for_each_command(root,
                   [&](const std::vector<std::string>& path, const CompletedCommand& command) {
                     cases(path_text(path), command, text);
                   });
  return text + fmt::format("    {}\n    esac\n}}\n", otherwise);
}

void write_argument(const std::string& path, const CompletedCommand& command, std::string& text) {
  if (!command.commands.empty()) {
    std::vector<std::string> names;
    for (const auto& below : command.commands) names.push_back(below.name);
    text += fmt::format("    \"{} 0\") _dmaas_reply {} ;;\n", path, fmt::join(names, " "));
    return;
  }
  for (std::size_t i = 0; i < command.arguments.size(); ++i) {
    const auto& value = command.arguments[i];
    bool follows_kind = value.type == "NAME" && i > 0 && command.arguments[i - 1].type == "KIND";
    auto action = follows_kind ? std::string("_dmaas_objects get \"$3\"") : action_of(value);
    if (!action.empty()) text += fmt::format("    \"{} {}\") {} ;;\n", path, i, action);
  }
}

}  // namespace

std::string bash_completion(const CompletedCommand& root) {
  std::string text(head);
  text += function_of(root, "_dmaas_is_command", "$1", "*) return 1 ;;",
                      [&](const std::string& path, const CompletedCommand&, std::string& lines) {
                        if (path != root.name) lines += fmt::format("    \"{}\") ;;\n", path);
                      });
  text +=
      function_of(root, "_dmaas_takes_value", "$1 $2", "*) return 1 ;;",
                  [](const std::string& path, const CompletedCommand& command, std::string& lines) {
                    for (const auto& option : command.options) {
                      if (!option.takes_value) continue;
                      lines += fmt::format("    \"{0} {1}\") ;;\n", path,
                                           names_of(option, fmt::format("\" | \"{} ", path)));
                    }
                  });
  text +=
      function_of(root, "_dmaas_options", "$1", "*) ;;",
                  [](const std::string& path, const CompletedCommand& command, std::string& lines) {
                    lines += fmt::format("    \"{}\") echo", path);
                    for (const auto& option : command.options) lines += " " + names_of(option, " ");
                    lines += " ;;\n";
                  });
  text += "# Whether the word before takes a value; completes it then.\n";
  text +=
      function_of(root, "_dmaas_value", "$1 $2", "*) return 1 ;;",
                  [](const std::string& path, const CompletedCommand& command, std::string& lines) {
                    for (const auto& option : command.options) {
                      if (!option.takes_value) continue;
                      auto action = action_of(option.value);
                      lines += fmt::format("    \"{} {}\") {} ;;\n", path,
                                           names_of(option, fmt::format("\" | \"{} ", path)),
                                           action.empty() ? ":" : action);
                    }
                  });
  text += function_of(root, "_dmaas_argument", "$1 $2", "*) ;;", write_argument);
  return text + std::string(walk);
}

std::string zsh_completion(const CompletedCommand& root) {
  return "#compdef dmaas\n# Completion of dmaas for zsh. Use: source <(dmaas completion zsh)\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         bash_completion(root);
}

}  // namespace dmaas::cli
