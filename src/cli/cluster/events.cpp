#include "cli/cluster/events.hpp"

#include "kube/object/object.hpp"

namespace dmaas::cli {

std::vector<Json> events_of(kube::Client& client, const Json& object, std::stop_token stop) {
  kube::ListOptions options{.namespace_name = kube::namespace_of(object),
                            .field_selector = "regarding.uid=" + kube::uid_of(object)};
  auto events = kube::list_all(client, kube::resources::events(), options, std::move(stop));
  return events ? std::move(*events) : std::vector<Json>{};
}

}  // namespace dmaas::cli
