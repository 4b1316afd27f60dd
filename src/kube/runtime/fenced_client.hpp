#pragma once

#include <memory>

#include "kube/client/client.hpp"
#include "kube/runtime/leader_lease.hpp"

namespace dmaas::kube {

/// The client of a leader. Reads as any other; once its Lease has run out it changes nothing and
/// runs no command: such calls fail with `unavailable`. So a process that was stopped for longer
/// than that, and whose threads go on before one of them has noticed, does not act on what it knew.
/// Client and tenure must outlive it.
class FencedClient final : public Client {
public:
  FencedClient(Client& client, const Tenure& tenure, Clock& clock)
      : client_(client), tenure_(tenure), clock_(clock) {}

  Result<Json> get(const Resource& resource, const ObjectKey& key, std::stop_token stop) override;
  Result<ListResult> list(const Resource& resource, const ListOptions& options,
                          const ObjectSink& sink, std::stop_token stop) override;
  Result<Json> create(const Resource& resource, const Json& object, const WriteOptions& options,
                      std::stop_token stop) override;
  Result<Json> replace(const Resource& resource, const Json& object, const WriteOptions& options,
                       std::stop_token stop) override;
  Result<Json> apply(const Resource& resource, const Json& object, const WriteOptions& options,
                     std::stop_token stop) override;
  Result<Json> patch(const Resource& resource, const ObjectKey& key, const Patch& patch,
                     const WriteOptions& options, std::stop_token stop) override;
  Result<> remove(const Resource& resource, const ObjectKey& key, const RemoveOptions& options,
                  std::stop_token stop) override;
  Result<WatchEnd> watch(const Resource& resource, const WatchOptions& options,
                         const WatchSink& sink, std::stop_token stop) override;
  Result<> logs(const ObjectKey& pod, const LogOptions& options, const BytesSink& sink,
                std::stop_token stop) override;
  Result<std::unique_ptr<ExecStream>> open_exec(const ExecRequest& request,
                                                std::stop_token stop) override;
  Result<Discovery> discover(std::stop_token stop) override;
  Result<ServerVersion> server_version(std::stop_token stop) override;
  std::unique_ptr<Client> impersonating(const Account& account) override;

private:
  FencedClient(std::unique_ptr<Client> own, const Tenure& tenure, Clock& clock)
      : own_(std::move(own)), client_(*own_), tenure_(tenure), clock_(clock) {}
  Result<> check_tenure() const;

  std::unique_ptr<Client> own_{};  // of an impersonation
  Client& client_;
  const Tenure& tenure_;
  Clock& clock_;
};

}  // namespace dmaas::kube
