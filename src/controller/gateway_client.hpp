#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "controller/repository_place.hpp"
#include "controller/settings.hpp"
#include "http/client.hpp"
#include "kube/object/object_key.hpp"

namespace dmaas::controller {

struct FilesystemSpace {
  std::int64_t capacity_bytes = 0;
  std::int64_t free_bytes = 0;
};

/// What the controller asks the gateway about a storage as a whole. Thread-safe. Errors: those of
/// http::Client; unavailable with what the storage said. A gateway that starts, or has not learned
/// of the storage, is waited for.
class GatewayClient {
public:
  GatewayClient(http::Client& client, const Settings& settings, Clock& clock)
      : client_(client), settings_(settings), clock_(clock) {}

  /// Writes, reads and removes a small object.
  Result<> probe(const kube::ObjectKey& storage, std::stop_token stop) const;
  /// The paths of all repositories on the storage, sorted. Lists every object of the storage:
  /// minutes where there are millions.
  Result<std::vector<std::string>> list_repositories(const kube::ObjectKey& storage,
                                                     std::stop_token stop) const;

  /// The bytes of all objects of each repository, by path. Lists every object, too.
  Result<std::map<std::string, std::int64_t>> measure_repositories(const kube::ObjectKey& storage,
                                                                   std::stop_token stop) const;
  /// Of the file system of a directory; nothing for what has none.
  Result<std::optional<FilesystemSpace>> measure_filesystem(const kube::ObjectKey& storage,
                                                            std::stop_token stop) const;

  /// Erases a repository with all that is in it; erasing what is not there is success. Takes as
  /// long as there are objects; a call that is broken off is gone on with by the next. Nobody may
  /// work on it. Returns how many objects were removed.
  Result<std::int64_t> erase_repository(const RepositoryPlace& place, std::stop_token stop) const;

private:
  Result<std::string> ask(const std::string& method, const kube::ObjectKey& storage,
                          const std::string& what, std::stop_token stop) const;

  http::Client& client_;
  const Settings& settings_;
  Clock& clock_;
};

}  // namespace dmaas::controller
