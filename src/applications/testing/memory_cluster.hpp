#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "applications/cluster_view.hpp"
#include "applications/object_id.hpp"

namespace dmaas::applications {

/// A cluster in memory for unit tests: objects as they were put, in the one version that they
/// state.
class MemoryCluster final : public ClusterView {
public:
  explicit MemoryCluster(kube::Discovery discovery);

  void put(Json object);
  void put_all(const std::vector<Json>& objects);
  void remove(const ObjectId& id) { objects_.erase(id); }
  /// From now on reading this plural fails with this code.
  void refuse(std::string plural, ErrorCode code) { refused_[std::move(plural)] = code; }
  std::size_t lists() const { return lists_; }

  Result<> list(const kube::Resource& resource, const std::string& namespace_name,
                const kube::ObjectSink& sink, std::stop_token stop) const override;
  Result<Json> get(const kube::Resource& resource, const kube::ObjectKey& key,
                   std::stop_token stop) const override;
  const kube::Discovery& discovery() const override { return discovery_; }

private:
  Result<> check(const kube::Resource& resource) const;

  kube::Discovery discovery_;
  std::map<ObjectId, Json> objects_;
  std::map<std::string, ErrorCode> refused_;
  mutable std::size_t lists_ = 0;
};

/// What Kubernetes 1.34 serves of the groups that tests use, and the custom resources caches and
/// cacheclasses of example.com in two versions each.
kube::Discovery test_discovery();

/// All objects of a YAML file in src/applications/testdata.
std::vector<Json> read_test_objects(std::string_view file_name);

}  // namespace dmaas::applications
