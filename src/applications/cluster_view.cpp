#include "applications/cluster_view.hpp"

namespace dmaas::applications {

Result<ClientView> ClientView::open(kube::Client& client, std::stop_token stop) {
  return ClientView(client, TRY(client.discover(stop)));
}

Result<> ClientView::list(const kube::Resource& resource, const std::string& namespace_name,
                          const kube::ObjectSink& sink, std::stop_token stop) const {
  kube::ListOptions options;
  options.namespace_name = namespace_name;
  options.on_restart = [] {};
  TRY(client_->list(resource, options, sink, stop));
  return {};
}

Result<Json> ClientView::get(const kube::Resource& resource, const kube::ObjectKey& key,
                             std::stop_token stop) const {
  return client_->get(resource, key, stop);
}

}  // namespace dmaas::applications
