#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "api/gateway_configuration.hpp"
#include "base/result.hpp"
#include "gateway/storage_set.hpp"

namespace dmaas::gateway {

/// Grants by the pod that holds them. Immutable.
class GrantTable {
public:
  /// Paths are compared by whole segments; one that is no path is left out.
  explicit GrantTable(const std::vector<api::GatewayGrant>& grants);
  GrantTable() = default;

  /// The widest grant of this pod for this very repository; null: none.
  const api::GatewayGrant* find(std::string_view pod_uid, std::string_view storage,
                                std::string_view repository) const;
  std::size_t size() const { return grants_.size(); }

private:
  std::multimap<std::string, api::GatewayGrant, std::less<>> grants_;
};

/// What the controller told last. A text that cannot be read is logged and changes nothing.
/// Thread-safe.
class Configuration {
public:
  explicit Configuration(StorageSet& storages) : storages_(storages) {}

  void take_storages(std::string_view text);
  void take_grants(std::string_view text);

  std::shared_ptr<const GrantTable> grants() const;
  StorageSet& storages() const { return storages_; }
  /// Both texts were read at least once.
  bool is_complete() const;

private:
  StorageSet& storages_;
  mutable std::mutex mutex_;
  std::shared_ptr<const GrantTable> grants_ = std::make_shared<GrantTable>();
  bool has_storages_ = false;
  bool has_grants_ = false;
};

/// Where the two texts come from.
class ConfigurationSource {
public:
  virtual ~ConfigurationSource() = default;
  /// Hands each state to `configuration`, first as soon as it is known, until `stop`. Blocks;
  /// failures are logged and repeated.
  virtual void run(Configuration& configuration, std::stop_token stop) = 0;
};

/// `storages.json` and `grants.json` of a directory, looked at every second; an absent file counts
/// as an empty list.
std::unique_ptr<ConfigurationSource> directory_source(std::string directory, Clock& clock);

}  // namespace dmaas::gateway
