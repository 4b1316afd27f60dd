#include "kube/client/status_error.hpp"

#include <algorithm>
#include <charconv>

namespace dmaas::kube {
namespace {

constexpr std::size_t max_plain_text = 300;
constexpr std::chrono::seconds default_retry_delay{1};

ErrorCode code_of(int status, std::string_view reason, std::string_view message) {
  switch (status) {
    case 401:
      return ErrorCode::permission_denied;
    case 403:
      // A quota that is used up arrives as Forbidden; only the text tells the two apart.
      return message.find("exceeded quota") != std::string_view::npos
                 ? ErrorCode::exhausted
                 : ErrorCode::permission_denied;
    case 404:
      return ErrorCode::not_found;
    case 405:
    case 406:
    case 415:
      return ErrorCode::unsupported;
    case 408:
    case 504:
      return ErrorCode::timeout;
    case 409:
      return reason == "AlreadyExists" ? ErrorCode::already_exists : ErrorCode::conflict;
    case 410:
      return ErrorCode::conflict;
    case 413:
      return ErrorCode::exhausted;
    case 429:
      return ErrorCode::unavailable;
    default:
      break;
  }
  if (status >= 400 && status < 500) return ErrorCode::invalid_input;
  return ErrorCode::unavailable;
}

/// Field and cause, unless `message` says it already.
std::string further_causes(const Json& status, const std::string& message) {
  std::string causes;
  for (const auto& cause : items_at(status, "details", "causes")) {
    auto text = text_at(cause, "message");
    if (text.empty() || message.find(text) != std::string::npos) continue;
    auto field = text_at(cause, "field");
    causes += (causes.empty() ? "" : "; ") + (field.empty() ? text : field + ": " + text);
  }
  return causes.empty() ? "" : " (" + causes + ")";
}

Error error_of_document(int http_status, const Json& status) {
  auto message = text_at(status, "message");
  auto reason = text_at(status, "reason");
  auto text = reason.empty() ? std::to_string(http_status) : reason;
  if (!message.empty()) text += ": " + message;
  return Error(code_of(http_status, reason, message), text + further_causes(status, message));
}

}  // namespace

Error error_of_status(int http_status, std::string_view body) {
  auto document = parse_json(body);
  if (document && text_at(*document, "kind") == "Status") {
    return error_of_document(http_status, *document);
  }
  auto text = std::string(body.substr(0, max_plain_text));
  std::ranges::replace(text, '\n', ' ');
  while (text.ends_with(' ')) text.pop_back();
  return Error(code_of(http_status, "", text),
               "HTTP status " + std::to_string(http_status) + (text.empty() ? "" : ": " + text));
}

Error error_of_status(const Json& status) {
  return error_of_document(static_cast<int>(number_at(status, "code").value_or(500)), status);
}

std::optional<std::chrono::seconds> retry_delay(const http::Response& response) {
  if (response.status != 429 && response.status < 500) return std::nullopt;
  auto header = http::header_of(response.headers, "Retry-After");
  unsigned seconds = 0;
  auto [end, error] = std::from_chars(header.data(), header.data() + header.size(), seconds);
  if (error == std::errc{} && end == header.data() + header.size()) {
    return std::chrono::seconds{seconds};
  }
  if (response.status == 429) return default_retry_delay;
  return std::nullopt;
}

}  // namespace dmaas::kube
