#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "gateway/answer.hpp"
#include "gateway/disk_cache.hpp"
#include "gateway/metrics.hpp"
#include "gateway/object_relay.hpp"
#include "gateway/repository_request.hpp"
#include "gateway/storage_set.hpp"
#include "http/server.hpp"

namespace dmaas::gateway {

/// One permitted request to one repository.
struct RepositoryCall {
  const RepositoryRequest& request;
  std::shared_ptr<OpenStorage> storage;
  http::ServerRequest& body;
  http::ServerResponse& response;
  /// Whether the caller is still granted what it asked for, asked before an upload becomes visible.
  std::function<Result<>()> permission;
  std::stop_token stop;
};

/// What came of a save or removal.
enum class Outcome { done, nothing };

/// The restic REST protocol, versions 1 and 2, over the stores. Index, snapshots and short parts of
/// packs (trees) are kept in the cache, but not those of a local directory. Thread-safe.
class RepositoryEndpoint {
public:
  /// `cache` null: none. Both outlive this.
  RepositoryEndpoint(DiskCache* cache, Metrics& metrics) : cache_(cache), metrics_(metrics) {}

  void stat(const RepositoryCall& call);
  void load(const RepositoryCall& call);
  void list(const RepositoryCall& call);
  /// `done`: a new object was stored.
  Outcome save(const RepositoryCall& call);
  /// `done`: the object is not there any more.
  Outcome remove(const RepositoryCall& call);
  void create_repository(const RepositoryCall& call);

private:
  /// Null: what is asked for is not worth a copy.
  DiskCache* cache_for(const RepositoryCall& call) const;
  void load_whole(const RepositoryCall& call);
  void load_range(const RepositoryCall& call, std::string_view header);
  void relay(const RepositoryCall& call, storage::Range range,
             const std::optional<ObjectPart>& part, DiskCache* cache);
  bool send_cached(const RepositoryCall& call, DiskCache& cache, const CacheName& name,
                   const std::optional<ObjectPart>& part);

  DiskCache* const cache_;
  Metrics& metrics_;
};

}  // namespace dmaas::gateway
