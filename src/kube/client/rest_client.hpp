#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "http/client.hpp"
#include "kube/client/client.hpp"
#include "kube/client/connection.hpp"

namespace dmaas::kube {

struct DiscoveredGroups;

/// The Client of a real API server.
class RestClient final : public Client {
public:
  RestClient(std::shared_ptr<Connection> connection, std::optional<Account> account)
      : connection_(std::move(connection)), account_(std::move(account)) {}

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
  struct Page {
    Json document;
    bool is_expired = false;
  };
  Result<Page> fetch_page(const std::string& url, Content content, std::stop_token stop);
  /// Sends; an answer other than 2xx is an error that begins with `what`.
  Result<Json> call(http::Request request, const std::string& what, std::stop_token stop);
  Result<Json> write(http::Request request, const Json& body, const std::string& what,
                     std::stop_token stop);
  Result<Json> get_document(std::string_view path, std::string_view accept, std::stop_token stop);
  Result<> discover_root(std::string_view path, DiscoveredGroups& groups, std::stop_token stop);

  std::shared_ptr<Connection> connection_;
  std::optional<Account> account_;
};

}  // namespace dmaas::kube
