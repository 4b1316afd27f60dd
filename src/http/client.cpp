#include "http/client.hpp"

#include <curl/curl.h>
#include <strings.h>

#include <mutex>

#include "http/client_transfer.hpp"

namespace dmaas::http {
namespace {

constexpr std::size_t max_idle_handles = 32;
constexpr std::size_t max_error_body_bytes = 1 << 20;

/// Hands each caller a connection of its own. Thread-safe.
class HandlePool {
public:
  std::unique_ptr<CurlHandles> take() {
    {
      std::lock_guard lock{mutex_};
      if (!idle_.empty()) {
        auto handles = std::move(idle_.back());
        idle_.pop_back();
        return handles;
      }
    }
    return std::make_unique<CurlHandles>();
  }

  // Last in, first out: the connections used last are the most likely to be alive.
  void give_back(std::unique_ptr<CurlHandles> handles) {
    std::lock_guard lock{mutex_};
    if (idle_.size() < max_idle_handles) idle_.push_back(std::move(handles));
  }

private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<CurlHandles>> idle_;
};

class CurlClient final : public Client {
public:
  explicit CurlClient(ClientOptions options) : options_(std::move(options)) {}

  Result<Response> send(const Request& request, std::stop_token stop) override {
    return run(request, {nullptr, nullptr, options_.max_body_bytes}, stop);
  }

  Result<Response> stream(const Request& request,
                          const std::function<Result<>(const Response&)>& on_headers,
                          const std::function<Result<>(BytesView)>& sink,
                          std::stop_token stop) override {
    return run(request, {&on_headers, &sink, max_error_body_bytes}, stop);
  }

private:
  Result<Response> run(const Request& request, const BodyTarget& target, std::stop_token stop) {
    auto handles = pool_.take();
    if (handles->multi == nullptr || handles->easy == nullptr) {
      return fail(ErrorCode::exhausted, "no memory or file descriptor for another connection");
    }
    auto response = ClientTransfer{options_, request, target}.run(*handles, stop);
    pool_.give_back(std::move(handles));
    return response;
  }

  const ClientOptions options_;
  HandlePool pool_;
};

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::string_view header_of(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (same_name(key, name)) return value;
  }
  return {};
}

Result<std::unique_ptr<Client>> Client::create(ClientOptions options) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) return fail(ErrorCode::internal, "libcurl could not be initialised");
  if (options.client_certificate.empty() != options.client_key.empty()) {
    return fail(ErrorCode::invalid_input,
                "a client certificate and its key must be given together");
  }
  return std::make_unique<CurlClient>(std::move(options));
}

}  // namespace dmaas::http
