// dmaas completion
#include <memory>

#include "cli/completion/tree.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {

void add_completion_command(CLI::App& app, CommandLine& line) {
  auto shell = std::make_shared<std::string>();
  auto* command = app.add_subcommand(
      "completion", "Print a script that completes commands: source <(dmaas completion bash)");
  command->add_option("shell", *shell, "For which shell")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->type_name("SHELL");
  command->callback([&line, &app, shell] {
    line.chosen = [&app, shell](std::stop_token) -> Result<ExitCode> {
      auto tree = completion_tree(app);
      print(*shell == "bash"  ? bash_completion(tree)
            : *shell == "zsh" ? zsh_completion(tree)
                              : fish_completion(tree));
      return ExitCode::success;
    };
  });
}

}  // namespace dmaas::cli
