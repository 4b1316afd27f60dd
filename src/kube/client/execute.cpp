#include <algorithm>
#include <thread>

#include "kube/client/client.hpp"
#include "kube/client/deadline.hpp"

namespace dmaas::kube {
namespace {

constexpr std::size_t max_input_bytes = 1 << 20;

void append_limited(std::string& text, const std::string& more, std::size_t limit, bool& cut) {
  auto room = limit - std::min(limit, text.size());
  cut = cut || more.size() > room;
  text.append(more, 0, room);
}

Result<ExecResult> collect(ExecStream& stream, const ExecOptions& options, std::stop_token stop) {
  ExecResult result;
  while (auto piece = TRY(stream.receive(stop))) {
    auto& text = piece->channel == ExecChannel::standard_output ? result.standard_output
                                                                : result.standard_error;
    append_limited(text, piece->data, options.max_output_bytes, result.output_was_cut);
  }
  result.exit_code = stream.exit_code();
  return result;
}

Result<ExecResult> run(Client& client, const ExecRequest& request, const ExecOptions& options,
                       std::stop_token stop) {
  auto own = request;
  own.input = options.input.empty() ? ExecRequest::Input::none : ExecRequest::Input::open;
  auto stream = TRY(client.open_exec(own, stop));
  if (options.input.empty()) return collect(*stream, options, stop);

  // A command may end without reading its input: what the sender meets then is of no interest,
  // unless the end of input could not be told, for which the command might wait for ever.
  Result<> sent;
  std::stop_source unsendable;
  std::stop_callback forward(stop, [&] { unsendable.request_stop(); });
  Result<ExecResult> result;
  {
    std::jthread sender([&](std::stop_token ended) {
      sent = stream->send(bytes_of(options.input), ended);
      if (sent) sent = stream->close_input(ended);
      if (sent.failed_with(ErrorCode::unsupported)) unsendable.request_stop();
    });
    result = collect(*stream, options, unsendable.get_token());
  }
  if (sent.failed_with(ErrorCode::unsupported)) return fail(std::move(sent).error());
  return result;
}

}  // namespace

Result<ExecResult> execute(Client& client, const ExecRequest& request, const ExecOptions& options,
                           std::stop_token stop) {
  if (options.input.size() > max_input_bytes) {
    return fail(ErrorCode::invalid_input, "exec: input over 1 MiB");
  }
  Deadline deadline(*options.clock, options.timeout, stop);
  auto result = run(client, request, options, deadline.token());
  if (!result && deadline.has_passed() && !stop.stop_requested()) {
    return fail(ErrorCode::timeout, "exec in pods " + request.pod.text() +
                                        ": the command did not end in time and may still run");
  }
  return result;
}

}  // namespace dmaas::kube
