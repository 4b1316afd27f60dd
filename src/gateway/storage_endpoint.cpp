#include "gateway/storage_endpoint.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <map>

#include "base/encoding.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "crypto/random.hpp"
#include "crypto/sha256.hpp"
#include "gateway/answer.hpp"
#include "gateway/erasure.hpp"
#include "gateway/repository_request.hpp"
#include "storage/object_name.hpp"

namespace dmaas::gateway {
namespace {

constexpr std::size_t max_repositories = 100'000;
constexpr std::size_t probe_bytes = 4 << 10;
/// Of one request: whoever asks wants to hear something, and to be able to stop.
constexpr std::chrono::seconds erasure_patience{20};
constexpr std::string_view own_directory = ".dmaas/";
constexpr std::string_view local_scheme = "local:";

void refuse(http::ServerResponse& response, int status, std::string sentence) {
  static_cast<void>(send_refusal(response, Refusal{status, std::move(sentence), {}}));
}

void refuse(http::ServerResponse& response, const Error& error, const OpenStorage& storage) {
  static_cast<void>(send_refusal(response, refusal_of_storage(error, storage.definition.name)));
}

/// Empty for what is no local directory.
std::string local_directory_of(const OpenStorage& storage) {
  auto location = storage.store->location();
  return location.starts_with(local_scheme) ? location.substr(local_scheme.size()) : std::string();
}

Result<Json> measure_usage(const OpenStorage& storage) {
  auto directory = local_directory_of(storage);
  if (directory.empty()) return Json(JsonObject{{"source", "unknown"}});
  struct statvfs info;
  if (::statvfs(directory.c_str(), &info) != 0)
    return fail(system_error("measure " + directory, errno));
  const std::uint64_t unit = info.f_frsize;
  return Json(JsonObject{{"source", "statvfs"},
                         {"totalBytes", info.f_blocks * unit},
                         {"freeBytes", info.f_bavail * unit},
                         {"usedBytes", (info.f_blocks - info.f_bfree) * unit}});
}

Result<> write_read_remove(storage::ObjectStore& store, std::stop_token stop) {
  auto name = fmt::format("{}probe-{}", own_directory, hex_encode(crypto::random_bytes(8)));
  auto content = crypto::random_bytes(probe_bytes);
  TRY(store
          .save_bytes(name, content,
                      {.mode = storage::SaveMode::create_only, .sha256 = crypto::sha256(content)},
                      stop)
          .context("writing"));
  auto read = store.load_all(name, stop, probe_bytes).context("reading");
  auto removed = store.remove(name, stop).context("removing");
  if (!read) return fail(std::move(read).error());
  if (*read != content)
    return fail(ErrorCode::corrupt, "the storage returns other bytes than were written");
  return removed;
}

}  // namespace

void StorageEndpoint::handle(const std::vector<std::string>& segments, http::ServerRequest& request,
                             http::ServerResponse& response, std::stop_token stop) {
  auto storage = storages_.find(segments[0] + "/" + segments[1]);
  if (storage.failed_with(ErrorCode::not_found))
    return refuse(response, 404, storage.error().message());
  if (!storage) return refuse(response, 502, storage.error().message());
  const auto& what = segments[2];
  const bool is_get = request.method() == "GET";
  if (what == "objects" && segments.size() > 3) {
    auto name = std::string(request.raw_path());
    name.erase(0, name.find("/objects/") + std::string_view("/objects/").size());
    return access_object(**storage, name, request, response, stop);
  }
  if (what == "repositories" && segments.size() > 3 && request.method() == "DELETE") {
    auto path = fmt::format("{}", fmt::join(segments.begin() + 3, segments.end(), "/"));
    return erase(**storage, path, response, stop);
  }
  if (segments.size() > 3) return refuse(response, 404, "there is no such resource");
  if (what == "repositories" && is_get) return list_repositories(**storage, response, stop);
  if (what == "sizes" && is_get) return measure_repositories(**storage, response, stop);
  if (what == "probe" && request.method() == "POST") return probe(**storage, response, stop);
  if (what != "usage" || !is_get) return refuse(response, 404, "there is no such resource");
  auto usage = measure_usage(**storage);
  if (!usage) return refuse(response, usage.error(), **storage);
  static_cast<void>(response.send_json(200, to_text(*usage)));
}

void StorageEndpoint::list_repositories(OpenStorage& storage, http::ServerResponse& response,
                                        std::stop_token stop) {
  constexpr std::string_view ending = "/config";
  JsonArray paths;
  auto listed = storage.store->list(
      "",
      [&](const storage::ObjectInfo& info) -> Result<> {
        if (!info.name.ends_with(ending) || info.name.starts_with(own_directory)) return {};
        if (paths.size() >= max_repositories)
          return fail(ErrorCode::exhausted, "too many repositories");
        paths.emplace_back(std::string_view(info.name).substr(0, info.name.size() - ending.size()));
        return {};
      },
      stop);
  if (!listed) return refuse(response, listed.error(), storage);
  static_cast<void>(response.send_json(200, to_text(paths)));
}

void StorageEndpoint::measure_repositories(OpenStorage& storage, http::ServerResponse& response,
                                           std::stop_token stop) {
  std::map<std::string, std::uint64_t, std::less<>> sizes;
  auto listed = storage.store->list(
      "",
      [&](const storage::ObjectInfo& info) -> Result<> {
        auto repository = repository_of(info.name);
        if (repository.empty()) return {};
        auto known = sizes.find(repository);
        if (known == sizes.end() && sizes.size() >= max_repositories)
          return fail(ErrorCode::exhausted, "too many repositories");
        if (known == sizes.end()) known = sizes.emplace(repository, 0).first;
        known->second += info.size;
        return {};
      },
      stop);
  if (!listed) return refuse(response, listed.error(), storage);
  JsonObject measured;
  for (const auto& [path, bytes] : sizes) measured[path] = bytes;
  static_cast<void>(response.send_json(200, to_text(Json(std::move(measured)))));
}

void StorageEndpoint::erase(OpenStorage& storage, const std::string& path,
                            http::ServerResponse& response, std::stop_token stop) {
  auto erasure = erase_repository(*storage.store, path, clock_, erasure_patience, stop);
  if (!erasure) return refuse(response, erasure.error(), storage);
  JsonObject told{{"removed", erasure->removed}, {"done", erasure->is_done}};
  static_cast<void>(response.send_json(200, to_text(told)));
}

void StorageEndpoint::probe(OpenStorage& storage, http::ServerResponse& response,
                            std::stop_token stop) {
  const auto& definition = storage.definition;
  if (definition.create_container) {
    auto made = storage::create_container(definition.location, storage_options_of(definition),
                                          clock_, stop);
    if (!made) return refuse(response, std::move(made).error().context("making it"), storage);
  }
  auto begun = clock_.monotonic();
  if (auto probed = write_read_remove(*storage.store, stop); !probed) {
    return refuse(response, probed.error(), storage);
  }
  auto latency = std::chrono::duration<double>(clock_.monotonic() - begun).count();
  static_cast<void>(response.send_json(200, to_text(JsonObject{{"latencySeconds", latency}})));
}

void StorageEndpoint::access_object(OpenStorage& storage, const std::string& name,
                                    http::ServerRequest& request, http::ServerResponse& response,
                                    std::stop_token stop) {
  if (!name.starts_with(own_directory) || !storage::is_object_name(name)) {
    return refuse(response, 403, "only objects below .dmaas/ are reached here");
  }
  auto& store = *storage.store;
  if (request.method() == "GET") {
    auto content = store.load_all(name, stop, max_object_bytes);
    if (!content) return refuse(response, content.error(), storage);
    static_cast<void>(response.send(200, {{"Content-Type", "application/octet-stream"}}, *content));
  } else if (request.method() == "PUT") {
    auto content = request.read_all(max_object_bytes);
    if (!content)
      return refuse(response, content.failed_with(ErrorCode::exhausted) ? 413 : 400,
                    content.error().message());
    auto saved = store.save_bytes(
        name, bytes_of(*content),
        {.mode = storage::SaveMode::replace, .sha256 = crypto::sha256(bytes_of(*content))}, stop);
    if (!saved) return refuse(response, saved.error(), storage);
    static_cast<void>(response.send_text(200, ""));
  } else if (request.method() == "DELETE") {
    auto removed = store.remove(name, stop);
    if (!removed) return refuse(response, removed.error(), storage);
    static_cast<void>(response.send_text(200, ""));
  } else {
    refuse(response, 405, "objects know GET, PUT and DELETE here");
  }
}

}  // namespace dmaas::gateway
