#include "gateway/authentication.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "crypto/sha256.hpp"

namespace dmaas::gateway {
namespace {

constexpr std::size_t max_token_bytes = 16 << 10;

std::unexpected<Error> no_token() {
  return fail(ErrorCode::permission_denied,
              "send the pod's token of audience dmaas-gateway as password or bearer token");
}

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= max_token_bytes &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 127; });
}

bool has_scheme(std::string_view authorization, std::string_view scheme) {
  return authorization.size() > scheme.size() && authorization[scheme.size()] == ' ' &&
         std::ranges::equal(authorization.substr(0, scheme.size()), scheme,
                            [](char a, char b) { return (a | 0x20) == (b | 0x20); });
}

}  // namespace

Result<std::string> token_of(std::string_view authorization) {
  std::string token;
  if (has_scheme(authorization, "Bearer")) {
    token = authorization.substr(7);
  } else if (has_scheme(authorization, "Basic")) {
    auto decoded = base64_decode(authorization.substr(6));
    if (!decoded) return no_token();
    auto pair = text_of(*decoded);
    auto colon = pair.find(':');
    if (colon == pair.npos) return no_token();
    token = pair.substr(colon + 1);
  }
  if (!is_token(token)) return no_token();
  return token;
}

Result<Caller> Authenticator::authenticate(std::string_view authorization, std::stop_token stop) {
  auto token = TRY(token_of(authorization));
  auto key = crypto::sha256(bytes_of(token));
  if (auto known = find(key, fresh)) return *known;
  auto reviewed = reviewer_.review(token, stop);
  if (!reviewed) {
    // An API server that restarts must not stop every running backup.
    auto known = is_retryable(reviewed.code()) ? find(key, stale) : std::nullopt;
    if (known) return *known;
    if (!reviewed.failed_with(ErrorCode::permission_denied))
      return fail(std::move(reviewed).error());
    return fail(ErrorCode::unavailable,
                "the gateway may not review tokens: " + reviewed.error().message());
  }
  if (!reviewed->has_value()) {
    forget(key);
    return fail(ErrorCode::permission_denied,
                "the API server does not accept this token for audience dmaas-gateway");
  }
  remember(key, **reviewed);
  return **reviewed;
}

std::optional<Caller> Authenticator::find(const Digest& token, std::chrono::seconds max_age) {
  std::lock_guard lock{mutex_};
  auto found = remembered_.find(token);
  if (found == remembered_.end()) return std::nullopt;
  if (clock_.monotonic() - found->second.reviewed_at > max_age) return std::nullopt;
  return found->second.caller;
}

void Authenticator::remember(const Digest& token, const Caller& caller) {
  std::lock_guard lock{mutex_};
  auto now = clock_.monotonic();
  if (remembered_.size() >= max_remembered) {
    std::erase_if(remembered_,
                  [&](const auto& entry) { return now - entry.second.reviewed_at > fresh; });
  }
  if (remembered_.size() < max_remembered) remembered_[token] = {caller, now};
}

void Authenticator::forget(const Digest& token) {
  std::lock_guard lock{mutex_};
  remembered_.erase(token);
}

}  // namespace dmaas::gateway
