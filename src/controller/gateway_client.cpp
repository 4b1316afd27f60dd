#include "controller/gateway_client.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/json.hpp"

namespace dmaas::controller {
namespace {

/// Until the gateway begins to answer, which it does when it has listed the storage.
constexpr std::chrono::minutes answer_patience{30};
/// How long the gateway may take to learn of a new storage.
constexpr std::chrono::seconds news_patience{10};
constexpr std::chrono::seconds settle_period{2};
constexpr std::size_t max_message_bytes = 1000;

}  // namespace

Result<std::string> GatewayClient::ask(const std::string& method, const kube::ObjectKey& storage,
                                       const std::string& what, std::stop_token stop) const {
  auto token = TRY(read_small_file(settings_.gateway_token_file));
  auto base = settings_.gateway_url.empty()
                  ? fmt::format("https://dmaas-gateway.{}.svc:8443", settings_.namespace_name)
                  : settings_.gateway_url;
  http::Request request{.method = method,
                        .url = fmt::format("{}/v1/storages/{}/{}/{}", base, storage.namespace_name,
                                           storage.name, what),
                        .idle_timeout = answer_patience};
  request.headers.emplace_back("Authorization", "Bearer " + token);
  auto begun = clock_.monotonic();
  auto may_come = [](const Result<http::Response>& answer) {
    // It starts, or the cluster's proxies have not learned where it is.
    if (!answer) return answer.failed_with(ErrorCode::unavailable);
    return answer->status == 404;
  };
  auto answered = client_.send(request, stop);
  while (may_come(answered) && clock_.monotonic() - begun < news_patience &&
         clock_.sleep(settle_period, stop)) {
    answered = client_.send(request, stop);
  }
  auto response = TRY(std::move(answered).context("asking the gateway"));
  if (response.status / 100 == 2) return std::move(response.body);
  auto said = response.body.substr(0, max_message_bytes);
  while (said.ends_with('\n')) said.pop_back();
  return fail(ErrorCode::unavailable,
              said.empty() ? fmt::format("the gateway answered {}", response.status) : said);
}

Result<> GatewayClient::probe(const kube::ObjectKey& storage, std::stop_token stop) const {
  TRY(ask("POST", storage, "probe", std::move(stop)));
  return {};
}

Result<std::vector<std::string>> GatewayClient::list_repositories(const kube::ObjectKey& storage,
                                                                  std::stop_token stop) const {
  auto text = TRY(ask("GET", storage, "repositories", std::move(stop)));
  auto listed = TRY(parse_json(text).context("the gateway's list of repositories"));
  std::vector<std::string> paths;
  for (const auto& path : items_of(&listed)) {
    if (path.is_string()) paths.emplace_back(path.get_string());
  }
  std::ranges::sort(paths);
  return paths;
}

Result<std::int64_t> GatewayClient::erase_repository(const RepositoryPlace& place,
                                                     std::stop_token stop) const {
  std::int64_t removed = 0;
  while (true) {
    auto text = TRY(ask("DELETE", place.storage, "repositories/" + place.path, stop));
    auto erasure = TRY(parse_json(text).context("the gateway's erasing of a repository"));
    removed += number_at(erasure, "removed").value_or(0);
    if (flag_at(erasure, "done")) return removed;
  }
}

Result<std::map<std::string, std::int64_t>> GatewayClient::measure_repositories(
    const kube::ObjectKey& storage, std::stop_token stop) const {
  auto text = TRY(ask("GET", storage, "sizes", std::move(stop)));
  auto measured = TRY(parse_json(text).context("the gateway's sizes of repositories"));
  std::map<std::string, std::int64_t> sizes;
  if (!measured.is_object()) return sizes;
  for (const auto& [path, bytes] : measured.get_object())
    sizes[std::string(path)] = number_of(&bytes).value_or(0);
  return sizes;
}

Result<std::optional<FilesystemSpace>> GatewayClient::measure_filesystem(
    const kube::ObjectKey& storage, std::stop_token stop) const {
  auto text = TRY(ask("GET", storage, "usage", std::move(stop)));
  auto usage = TRY(parse_json(text).context("the gateway's measurement of the file system"));
  auto used = number_at(usage, "usedBytes");
  auto free = number_at(usage, "freeBytes");
  if (!used || !free) return std::optional<FilesystemSpace>();
  // What a file system keeps for its administrator nobody else can fill: df reckons likewise.
  return std::optional(FilesystemSpace{*used + *free, *free});
}

}  // namespace dmaas::controller
