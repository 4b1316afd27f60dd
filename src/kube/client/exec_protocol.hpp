#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "kube/client/client.hpp"
#include "kube/client/connection.hpp"

// The channel protocol of exec over WebSocket, v5.channel.k8s.io (API servers since 1.30) and
// v4.channel.k8s.io: the first byte of a message is its channel, 0 standard input, 1 output, 2
// error, 3 the final Status. v5 adds 255: the byte after it names a channel that ends.
namespace dmaas::kube {

struct ExecMessage {
  std::optional<ExecPiece> piece{};     // output
  std::optional<std::string> status{};  // the final Status document
};
/// Neither for messages that carry nothing.
ExecMessage decode_exec_message(std::string message);

/// The exit code of a final Status. Errors: not_found (the program cannot be started), unavailable
/// (anything else failed).
Result<int> exit_code_of_status(std::string_view status);

/// Connects and upgrades. Errors: as http::WebSocket::connect.
Result<std::unique_ptr<ExecStream>> open_exec_stream(const std::string& url,
                                                     const Connection::Upgrade& upgrade,
                                                     ExecRequest::Input input,
                                                     std::stop_token stop);

}  // namespace dmaas::kube
