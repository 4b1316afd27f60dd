#include "kube/client/exec_protocol.hpp"

#include <charconv>

#include "http/websocket.hpp"

namespace dmaas::kube {
namespace {

constexpr char input_channel = 0;
constexpr char output_channel = 1;
constexpr char error_channel = 2;
constexpr char status_channel = 3;
constexpr char close_channel = static_cast<char>(0xFF);
constexpr std::size_t max_message_bytes = 4 << 20;
constexpr std::size_t max_input_piece = 32 << 10;

const std::vector<std::string> protocols{"v5.channel.k8s.io", "v4.channel.k8s.io"};

bool names_missing_program(const std::string& message) {
  for (auto text :
       {"executable file not found", "no such file or directory", "permission denied"}) {
    if (message.find(text) != std::string::npos) return true;
  }
  return false;
}

class SocketExecStream final : public ExecStream {
public:
  SocketExecStream(std::unique_ptr<http::WebSocket> socket, ExecRequest::Input input)
      : socket_(std::move(socket)), input_(input) {}

  Result<std::optional<ExecPiece>> receive(std::stop_token stop) override {
    while (!exit_code_) {
      auto message = TRY(socket_->receive(stop).context("exec"));
      if (!message) {
        return fail(ErrorCode::unavailable,
                    "exec: the connection ended without the command's exit status; whether the "
                    "command finished is unknown");
      }
      auto decoded = decode_exec_message(std::move(*message));
      if (decoded.piece) return std::move(decoded.piece);
      if (decoded.status) exit_code_ = TRY(exit_code_of_status(*decoded.status));
    }
    return std::optional<ExecPiece>{};
  }

  Result<> send(BytesView input, std::stop_token stop) override {
    if (input_ == ExecRequest::Input::none) {
      return fail(ErrorCode::invalid_input, "exec: the command was started without input");
    }
    while (!input.empty()) {
      auto piece = input.first(std::min(input.size(), max_input_piece));
      Bytes message{static_cast<std::uint8_t>(input_channel)};
      message.insert(message.end(), piece.begin(), piece.end());
      TRY(socket_->send(message, stop).context("exec"));
      input = input.subspan(piece.size());
    }
    return {};
  }

  Result<> close_input(std::stop_token stop) override {
    if (socket_->protocol() != protocols.front()) {
      return fail(ErrorCode::unsupported,
                  "exec: this API server cannot tell a command that its input ends; "
                  "it needs Kubernetes 1.30");
    }
    const Bytes message{static_cast<std::uint8_t>(close_channel),
                        static_cast<std::uint8_t>(input_channel)};
    return socket_->send(message, stop).context("exec");
  }

  int exit_code() const override { return exit_code_.value_or(-1); }

private:
  std::unique_ptr<http::WebSocket> socket_;
  const ExecRequest::Input input_;
  std::optional<int> exit_code_;
};

}  // namespace

ExecMessage decode_exec_message(std::string message) {
  if (message.size() < 2) return {};
  char channel = message.front();
  message.erase(0, 1);
  ExecMessage decoded;
  if (channel == output_channel) {
    decoded.piece = ExecPiece{ExecChannel::standard_output, std::move(message)};
  } else if (channel == error_channel) {
    decoded.piece = ExecPiece{ExecChannel::standard_error, std::move(message)};
  } else if (channel == status_channel) {
    decoded.status = std::move(message);
  }
  return decoded;
}

Result<int> exit_code_of_status(std::string_view status) {
  auto document = parse_json(status);
  if (!document) return fail(ErrorCode::unavailable, "exec: unreadable exit status");
  if (text_at(*document, "status") == "Success") return 0;
  for (const auto& cause : items_at(*document, "details", "causes")) {
    if (text_at(cause, "reason") != "ExitCode") continue;
    auto text = text_at(cause, "message");
    int code = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
    if (error == std::errc{} && end == text.data() + text.size()) return code;
  }
  auto message = text_at(*document, "message");
  return fail(names_missing_program(message) ? ErrorCode::not_found : ErrorCode::unavailable,
              "exec: " + message);
}

Result<std::unique_ptr<ExecStream>> open_exec_stream(const std::string& url,
                                                     const Connection::Upgrade& upgrade,
                                                     ExecRequest::Input input,
                                                     std::stop_token stop) {
  auto options = upgrade.options;
  options.max_body_bytes = max_message_bytes;
  auto socket = TRY(http::WebSocket::connect(url, upgrade.headers, protocols, options, stop));
  if (socket->protocol().empty()) {
    return fail(ErrorCode::unsupported, "exec: the server speaks none of the known protocols");
  }
  return std::make_unique<SocketExecStream>(std::move(socket), input);
}

}  // namespace dmaas::kube
