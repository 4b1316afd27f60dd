#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "api/gateway_configuration.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "storage/object_store.hpp"
#include "storage/open.hpp"

namespace dmaas::gateway {

/// One storage as it was configured, opened.
struct OpenStorage {
  api::GatewayStorage definition;
  std::unique_ptr<storage::ObjectStore> store;
};

/// What storage/open.hpp wants to know. The secrets stay in memory.
storage::StorageOptions storage_options_of(const api::GatewayStorage& definition);

/// Opens one storage. What is read from it and written to it is as slow as its definition says;
/// what the gateway keeps in its own cache is not touched by that. Errors: as open_storage.
Result<std::unique_ptr<storage::ObjectStore>> open_store(const api::GatewayStorage& definition,
                                                         Clock& clock);

/// The storages by name. Who holds one keeps it though its definition changes meanwhile, so that
/// new credentials do not break what is running. Thread-safe.
class StorageSet {
public:
  using Opener =
      std::function<Result<std::unique_ptr<storage::ObjectStore>>(const api::GatewayStorage&)>;
  explicit StorageSet(Opener opener) : opener_(std::move(opener)) {}

  /// Opens what is new or changed, keeps what is equal, forgets the rest.
  void update(const std::vector<api::GatewayStorage>& definitions);
  /// Errors: not_found; what opening it said.
  Result<std::shared_ptr<OpenStorage>> find(std::string_view name) const;
  std::size_t size() const;

private:
  using Entry = Result<std::shared_ptr<OpenStorage>>;
  Entry open(const api::GatewayStorage& definition) const;

  const Opener opener_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> storages_;
};

}  // namespace dmaas::gateway
