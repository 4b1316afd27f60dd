#include "kube/client/connection.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "kube/client/status_error.hpp"

namespace dmaas::kube {
namespace {

constexpr unsigned max_repeats = 5;
constexpr std::chrono::seconds max_total_wait{60};
constexpr std::size_t max_answer_bytes = 64 << 20;

http::Headers headers_of(const Identity& identity, const std::optional<Account>& account) {
  http::Headers headers{{"User-Agent", "dmaas"}};
  if (!identity.token.empty()) {
    headers.emplace_back("Authorization", "Bearer " + identity.token);
  } else if (!identity.user_name.empty()) {
    auto pair = identity.user_name + ":" + identity.password;
    headers.emplace_back("Authorization", "Basic " + base64_encode(bytes_of(pair)));
  }
  if (!account) return headers;
  headers.emplace_back("Impersonate-User", account->user);
  for (const auto& group : account->groups) headers.emplace_back("Impersonate-Group", group);
  return headers;
}

}  // namespace

Result<http::Response> Connection::send(http::Request request,
                                        const std::optional<Account>& account,
                                        std::stop_token stop) {
  request.url = access_.server + request.url;
  const auto own_headers = request.headers;
  bool identity_renewed = false;
  std::chrono::seconds waited{0};
  for (unsigned repeats = 0;;) {
    auto prepared = TRY(prepare(account, stop));
    request.headers = own_headers;
    std::ranges::move(prepared.headers, std::back_inserter(request.headers));
    auto response = TRY(prepared.client->send(request, stop));

    if (response.status == 401 && !identity_renewed) {
      identity_renewed = true;
      access_.identity->forget();
      continue;
    }
    auto delay = retry_delay(response);
    if (!delay || repeats == max_repeats || waited + *delay > max_total_wait) return response;
    if (!clock_.sleep(*delay, stop)) {
      return fail(ErrorCode::cancelled, "stopped while the API server asked to wait");
    }
    waited += *delay;
    ++repeats;
  }
}

Result<http::Response> Connection::stream(http::Request request,
                                          const std::optional<Account>& account,
                                          const std::function<Result<>(BytesView)>& sink,
                                          std::stop_token stop) {
  request.url = access_.server + request.url;
  auto prepared = TRY(prepare(account, stop));
  std::ranges::move(prepared.headers, std::back_inserter(request.headers));
  auto on_headers = [](const http::Response&) -> Result<> { return {}; };
  auto response = TRY(prepared.client->stream(request, on_headers, sink, stop));
  if (response.status == 401) access_.identity->forget();
  return response;
}

Result<Connection::Upgrade> Connection::upgrade(const std::optional<Account>& account,
                                                std::stop_token stop) {
  auto identity = TRY(access_.identity->current(stop));
  return Upgrade{access_.server, headers_of(identity, account), client_options(identity)};
}

Result<Connection::Prepared> Connection::prepare(const std::optional<Account>& account,
                                                 std::stop_token stop) {
  auto identity = TRY(access_.identity->current(stop));
  return Prepared{TRY(client_for(identity)), headers_of(identity, account)};
}

Result<std::shared_ptr<http::Client>> Connection::client_for(const Identity& identity) {
  std::lock_guard lock{mutex_};
  if (client_ == nullptr || identity.client_certificate != client_certificate_ ||
      identity.client_key != client_key_) {
    client_ = TRY(http::Client::create(client_options(identity)));
    client_certificate_ = identity.client_certificate;
    client_key_ = identity.client_key;
  }
  return client_;
}

http::ClientOptions Connection::client_options(const Identity& identity) const {
  http::ClientOptions options;
  options.ca_certificates = access_.ca_certificates;
  options.client_certificate = identity.client_certificate;
  options.client_key = identity.client_key;
  options.server_name = access_.tls_server_name;
  options.max_body_bytes = max_answer_bytes;
  if (access_.verify == ClusterAccess::Verify::nothing) {
    options.verify = http::ClientOptions::Verify::nothing;
  }
  return options;
}

}  // namespace dmaas::kube
