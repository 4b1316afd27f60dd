#pragma once

#include <stop_token>
#include <string>

#include "base/json.hpp"
#include "base/result.hpp"
#include "kube/client/client.hpp"

namespace dmaas::applications {

/// A cluster as a reader sees it. Thread-safe.
class ClusterView {
public:
  virtual ~ClusterView() = default;

  /// Hands every object to `sink`, one at a time; `namespace_name` "" means all namespaces. An
  /// object comes twice when the list had to begin again. Errors: those of kube::Client; that of
  /// the sink.
  virtual Result<> list(const kube::Resource& resource, const std::string& namespace_name,
                        const kube::ObjectSink& sink, std::stop_token stop) const = 0;
  /// Errors: not_found and all of kube::Client.
  virtual Result<Json> get(const kube::Resource& resource, const kube::ObjectKey& key,
                           std::stop_token stop) const = 0;
  /// As of the moment the view was made.
  virtual const kube::Discovery& discovery() const = 0;
};

/// A cluster through its API server.
class ClientView final : public ClusterView {
public:
  /// Asks the server what it serves. `client` must outlive the view. Errors: those of kube::Client.
  static Result<ClientView> open(kube::Client& client, std::stop_token stop);

  Result<> list(const kube::Resource& resource, const std::string& namespace_name,
                const kube::ObjectSink& sink, std::stop_token stop) const override;
  Result<Json> get(const kube::Resource& resource, const kube::ObjectKey& key,
                   std::stop_token stop) const override;
  const kube::Discovery& discovery() const override { return discovery_; }

private:
  ClientView(kube::Client& client, kube::Discovery discovery)
      : client_(&client), discovery_(std::move(discovery)) {}

  kube::Client* client_;
  kube::Discovery discovery_;
};

}  // namespace dmaas::applications
