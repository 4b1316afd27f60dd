#include "applications/testing/shop.hpp"

#include "applications/capture.hpp"
#include "applications/discover.hpp"

namespace dmaas::applications {

MemoryFiles back_up_shop(const std::vector<Json>& more) {
  MemoryCluster cluster(test_discovery());
  cluster.put_all(read_test_objects("shop.yaml"));
  cluster.put_all(more);
  Target target;
  target.namespaces = {"shop"};
  target.everything.emplace();
  const auto application = discover(cluster, {target}, {});
  ENSURE(application.has_value());
  MemoryFiles backup;
  auto keep = [&](const std::string& path, std::string_view content) -> Result<> {
    backup.files.emplace(path, content);
    return {};
  };
  ENSURE(capture(cluster, *application, Secrets::keep, keep, {}).has_value());
  return backup;
}

}  // namespace dmaas::applications
