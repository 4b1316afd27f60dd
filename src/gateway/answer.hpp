#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/server.hpp"

namespace dmaas::gateway {

/// An answer that refuses: status, one sentence, and when to come again.
struct Refusal {
  int status = 500;
  std::string sentence{};
  std::optional<std::chrono::seconds> retry_after{};

  bool operator==(const Refusal&) const = default;
};

/// What a failure of the storage means for the client. Pure.
Refusal refusal_of_storage(const Error& error, std::string_view storage);

Result<> send_refusal(http::ServerResponse& response, const Refusal& refusal);

/// Passes an answer on and remembers what it was, for the log and the metrics.
class RecordedResponse final : public http::ServerResponse {
public:
  explicit RecordedResponse(http::ServerResponse& inner) : inner_(inner) {}
  Result<> send(int status, const http::Headers& headers, BytesView body) override;
  Result<> start(int status, const http::Headers& headers,
                 std::optional<std::uint64_t> size) override;
  Result<> write(BytesView piece) override;
  void abandon() override { inner_.abandon(); }

  /// 0 when nothing was sent.
  int status() const { return status_; }
  std::uint64_t sent_bytes() const { return sent_bytes_; }

private:
  http::ServerResponse& inner_;
  int status_ = 0;
  std::uint64_t sent_bytes_ = 0;
};

}  // namespace dmaas::gateway
