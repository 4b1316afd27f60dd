#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/result.hpp"

namespace dmaas::gateway {

inline constexpr std::string_view token_audience = "dmaas-gateway";

/// Whose token a request carries, as the API server says.
struct Caller {
  std::string user{};     // "system:serviceaccount:NAMESPACE:NAME"
  std::string pod_uid{};  // of tokens bound to a pod; else ""

  bool operator==(const Caller&) const = default;
};

/// Asks who a token belongs to. Thread-safe.
class TokenReviewer {
public:
  virtual ~TokenReviewer() = default;
  /// Nothing when the token is not valid for `token_audience`. Errors: unavailable, timeout,
  /// cancelled, permission_denied (the gateway itself may not ask).
  virtual Result<std::optional<Caller>> review(const std::string& token, std::stop_token stop) = 0;
};

/// The token in an Authorization header: "Bearer TOKEN", or the password of "Basic …".
/// Errors: permission_denied (absent, another scheme, malformed, longer than 16 KiB).
Result<std::string> token_of(std::string_view authorization);

/// Remembers positive answers for 10 s by the token's hash, and for 60 s while the API server does
/// not answer. Tokens themselves are not kept. Thread-safe.
class Authenticator {
public:
  static constexpr std::chrono::seconds fresh{10};
  static constexpr std::chrono::seconds stale{60};
  static constexpr std::size_t max_remembered = 10'000;

  Authenticator(TokenReviewer& reviewer, Clock& clock) : reviewer_(reviewer), clock_(clock) {}

  /// Errors: permission_denied (401), unavailable and timeout (nobody could say), cancelled.
  Result<Caller> authenticate(std::string_view authorization, std::stop_token stop);

private:
  struct Remembered {
    Caller caller;
    std::chrono::nanoseconds reviewed_at;
  };

  std::optional<Caller> find(const Digest& token, std::chrono::seconds max_age);
  void remember(const Digest& token, const Caller& caller);
  void forget(const Digest& token);

  TokenReviewer& reviewer_;
  Clock& clock_;
  std::mutex mutex_;
  std::map<Digest, Remembered> remembered_;
};

}  // namespace dmaas::gateway
