#include "controller/quiescing_command.hpp"

#include <fmt/format.h>

namespace dmaas::controller {
namespace {

// POSIX sh can neither read with a limit of time nor wait for whichever of two children ends first.
// So `reader` waits for the end of standard input and then signals this shell, again and again
// since a signal just before `wait` does not end it, and `watch` ends the waiting of `reader` when
// the time is over. Background commands must not keep the output open: the caller takes its end for
// the end of this process.
constexpr std::string_view script = R"(
undo() {{ {undo}; }}
released=
trap 'released=yes' USR1
exec 3<&0
{{ cat <&3 & cat=$!; trap 'kill $cat' TERM; wait $cat; trap - TERM; while kill -USR1 $$; do sleep 1; done; }} >/dev/null 2>&1 &
reader=$!
{{ exec 3<&-; sleep {limit} & sleep=$!; trap 'kill $sleep; exit' TERM; wait $sleep; kill $reader; }} </dev/null >/dev/null 2>&1 &
watch=$!
{{ trap - USR1; exec 3<&-; exec {command}; }} </dev/null &
job=$!
code=0
[ -n "$released" ] || {{ wait $job; code=$?; }}
if [ -n "$released" ]; then kill $job 2>/dev/null; code={let_go_early}
elif [ $code -eq 0 ]; then echo {mark}; [ -n "$released" ] || wait $reader
fi
undo </dev/null 3<&-
undone=$?
[ $code -ne 0 ] || code=$undone
kill $reader $watch 2>/dev/null
wait
exit $code
)";

std::string quoted(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) {
    text += text.empty() ? "'" : " '";
    for (char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    text += "'";
  }
  return text;
}

}  // namespace

std::vector<std::string> quiescing_command(const std::vector<std::string>& command,
                                           const std::vector<std::string>& undo,
                                           std::chrono::seconds limit) {
  auto text = fmt::format(fmt::runtime(script), fmt::arg("undo", quoted(undo)),
                          fmt::arg("command", quoted(command)), fmt::arg("limit", limit.count()),
                          fmt::arg("let_go_early", let_go_early), fmt::arg("mark", quiesced_mark));
  return {"sh", "-c", std::move(text)};
}

}  // namespace dmaas::controller
