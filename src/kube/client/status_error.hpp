#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "http/client.hpp"

namespace dmaas::kube {

/// The error that an answer of the API server stands for. `body` is a Status document, or any text.
/// The message carries reason, text and those field causes that the text does not name: "Invalid:
/// ... (spec.x: Required value)".
Error error_of_status(int http_status, std::string_view body);
/// The same for a Status inside a stream.
Error error_of_status(const Json& status);

/// How long to wait before the same request, if it was refused unprocessed: 429, or 5xx with
/// Retry-After.
std::optional<std::chrono::seconds> retry_delay(const http::Response& response);

}  // namespace dmaas::kube
