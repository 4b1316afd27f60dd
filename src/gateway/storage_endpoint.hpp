#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "gateway/storage_set.hpp"
#include "http/server.hpp"

namespace dmaas::gateway {

/// What the controller asks about a storage as a whole, below `/v1/storages/<namespace>/<name>/`:
///
///   GET  repositories   JSON array of the paths that have a config
///   GET  sizes          JSON object of the same paths, each with the bytes of all its objects
///   GET  usage          {"source":"statvfs","totalBytes":…,"freeBytes":…,"usedBytes":…} of a local
///                       storage, else {"source":"unknown"}
///   POST probe          writes, reads and removes a small object: {"latencySeconds":…};
///                       first makes the bucket or directory where the storage says so
///   DELETE repositories/<path>
///                       erases that repository for up to 20 s: {"removed":…,"done":…}; not done,
///                       the next request goes on
///   GET|PUT|DELETE objects/.dmaas/<name>
///                       an object of at most 16 MiB; PUT replaces
///
/// Errors are answered as for objects of repositories, with one sentence. Thread-safe.
class StorageEndpoint {
public:
  static constexpr std::string_view prefix = "/v1/storages/";
  static constexpr std::size_t max_object_bytes = 16 << 20;

  StorageEndpoint(StorageSet& storages, Clock& clock) : storages_(storages), clock_(clock) {}

  /// `segments`: the path behind `prefix`, at least 3.
  void handle(const std::vector<std::string>& segments, http::ServerRequest& request,
              http::ServerResponse& response, std::stop_token stop);

private:
  void list_repositories(OpenStorage& storage, http::ServerResponse& response,
                         std::stop_token stop);
  void measure_repositories(OpenStorage& storage, http::ServerResponse& response,
                            std::stop_token stop);
  void probe(OpenStorage& storage, http::ServerResponse& response, std::stop_token stop);
  void erase(OpenStorage& storage, const std::string& path, http::ServerResponse& response,
             std::stop_token stop);
  void access_object(OpenStorage& storage, const std::string& name, http::ServerRequest& request,
                     http::ServerResponse& response, std::stop_token stop);

  StorageSet& storages_;
  Clock& clock_;
};

}  // namespace dmaas::gateway
