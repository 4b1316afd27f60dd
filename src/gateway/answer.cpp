#include "gateway/answer.hpp"

#include <fmt/format.h>

namespace dmaas::gateway {
namespace {

constexpr std::chrono::seconds retry_pause{5};

}  // namespace

Refusal refusal_of_storage(const Error& error, std::string_view storage) {
  auto because = [&](std::string_view what) {
    return fmt::format("storage {}: {}: {}", storage, what, error.message());
  };
  switch (error.code()) {
    case ErrorCode::not_found:
      return {404, because("no such object")};
    case ErrorCode::already_exists:
      return {409, because("this object exists and stays as it is")};
    case ErrorCode::corrupt:
      return {502, because("an object is damaged")};
    case ErrorCode::exhausted:
      return {507, because("is full: free space or raise its quota")};
    case ErrorCode::permission_denied:
      return {502, because("refuses the gateway")};
    case ErrorCode::invalid_input:
    case ErrorCode::unsupported:
      return {502, because("cannot be used: correct the BackupStorage")};
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
    case ErrorCode::conflict:
    case ErrorCode::cancelled:
    case ErrorCode::locked:
      return {503, because("does not answer now"), retry_pause};
    case ErrorCode::wrong_key:
    case ErrorCode::internal:
      break;
  }
  return {500, because("unexpected failure")};
}

Result<> send_refusal(http::ServerResponse& response, const Refusal& refusal) {
  http::Headers headers{{"Content-Type", "text/plain; charset=utf-8"}};
  if (refusal.retry_after) {
    headers.emplace_back("Retry-After", std::to_string(refusal.retry_after->count()));
  }
  if (refusal.status == 401)
    headers.emplace_back("WWW-Authenticate", "Basic realm=\"dmaas-gateway\"");
  return response.send(refusal.status, headers, bytes_of(refusal.sentence + "\n"));
}

Result<> RecordedResponse::send(int status, const http::Headers& headers, BytesView body) {
  status_ = status;
  sent_bytes_ += body.size();
  return inner_.send(status, headers, body);
}

Result<> RecordedResponse::start(int status, const http::Headers& headers,
                                 std::optional<std::uint64_t> size) {
  status_ = status;
  return inner_.start(status, headers, size);
}

Result<> RecordedResponse::write(BytesView piece) {
  sent_bytes_ += piece.size();
  return inner_.write(piece);
}

}  // namespace dmaas::gateway
