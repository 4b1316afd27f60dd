#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace dmaas::controller {

/// What the process prints on a line of its own once the application is still.
inline constexpr std::string_view quiesced_mark = "dmaas-quiesced";
/// Its exit code when it was let go before `command` had ended.
inline constexpr int let_go_early = 75;

/// The program that holds an application still, for a container that has sh, cat and sleep. It runs
/// `command`, prints the mark, and runs `undo` as soon as its standard input ends or `limit` is
/// over; so nobody outside is needed to let the application go. `undo` also runs when `command`
/// fails. Exits with the code of the command that failed, of undo, or `let_go_early`.
std::vector<std::string> quiescing_command(const std::vector<std::string>& command,
                                           const std::vector<std::string>& undo,
                                           std::chrono::seconds limit);

}  // namespace dmaas::controller
