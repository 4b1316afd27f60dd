#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "http/client.hpp"

namespace dmaas::http {

/// The client's end of a WebSocket (RFC 6455) over ws: or wss:, as Kubernetes' exec, attach and
/// port-forward speak it.
///
/// One thread may receive while another one sends; neither call may run twice at once. Pings are
/// answered by `receive`. The destructor closes the connection without waiting for the other side.
class WebSocket {
public:
  /// Connects and upgrades. `url` begins with ws:, wss:, http: or https: and is percent-encoded;
  /// `headers` carry the authorization; `subprotocols` are offered in this order (none: no header
  /// is sent). The connect timeout of `options` covers everything up to the answer. A received
  /// message is at most `options.max_body_bytes` long. Errors: by the status of a refused upgrade
  /// (401 and 403 permission_denied, 404 not_found, 409 conflict, 408 and 504 timeout, 429 and 5xx
  /// unavailable, other 4xx invalid_input; the first 4 KiB of the body are in the message);
  /// unavailable, timeout, cancelled, permission_denied (TLS verification), invalid_input (URL,
  /// certificates), unsupported (the server chose a subprotocol that was not offered).
  static Result<std::unique_ptr<WebSocket>> connect(std::string_view url, const Headers& headers,
                                                    const std::vector<std::string>& subprotocols,
                                                    const ClientOptions& options,
                                                    std::stop_token stop);
  virtual ~WebSocket() = default;

  /// The subprotocol that the server chose, or "".
  virtual std::string protocol() const = 0;
  /// The next message, text or binary, whole; nothing when the other side closed in good order.
  /// Blocks without limit of time until `stop`. Errors: unavailable (reset, cut short), cancelled,
  /// exhausted (message too long). After any error the connection is of no more use.
  virtual Result<std::optional<std::string>> receive(std::stop_token stop) = 0;
  /// Sends one binary message; blocks while the other side does not read. Errors: unavailable,
  /// cancelled.
  virtual Result<> send(BytesView message, std::stop_token stop) = 0;
};

}  // namespace dmaas::http
