#include <algorithm>
#include <mutex>

#include "base/file.hpp"
#include "kube/client/cluster_access.hpp"

namespace dmaas::kube {
namespace {

constexpr std::chrono::minutes token_file_life{1};
constexpr std::size_t max_token_bytes = 64 << 10;

class FixedIdentity final : public IdentitySource {
public:
  explicit FixedIdentity(Identity identity) : identity_(std::move(identity)) {}
  Result<Identity> current(std::stop_token) override { return identity_; }
  void forget() override {}

private:
  const Identity identity_;
};

class TokenFileIdentity final : public IdentitySource {
public:
  TokenFileIdentity(std::string path, Clock& clock) : path_(std::move(path)), clock_(clock) {}

  Result<Identity> current(std::stop_token) override {
    std::lock_guard lock{mutex_};
    auto now = clock_.monotonic();
    if (!token_.empty() && now - read_at_ < token_file_life) return Identity{.token = token_};
    auto text = read_small_file(path_, max_token_bytes).context("service account token");
    // A rotation replaces the file; between two of its steps the old token is still good.
    if (!text && token_.empty()) return fail(std::move(text).error());
    if (text) token_ = trimmed(*text);
    if (token_.empty()) return fail(ErrorCode::permission_denied, path_ + " holds no token");
    read_at_ = now;
    return Identity{.token = token_};
  }

  void forget() override {
    std::lock_guard lock{mutex_};
    read_at_ = clock_.monotonic() - token_file_life;
  }

private:
  static std::string trimmed(const std::string& text) {
    auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string::npos) return "";
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
  }

  const std::string path_;
  Clock& clock_;
  std::mutex mutex_;
  std::string token_;
  std::chrono::nanoseconds read_at_{0};
};

}  // namespace

std::shared_ptr<IdentitySource> fixed_identity(Identity identity) {
  return std::make_shared<FixedIdentity>(std::move(identity));
}

std::shared_ptr<IdentitySource> token_file_identity(std::string path, Clock& clock) {
  return std::make_shared<TokenFileIdentity>(std::move(path), clock);
}

}  // namespace dmaas::kube
