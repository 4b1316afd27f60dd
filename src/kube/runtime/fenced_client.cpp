#include "kube/runtime/fenced_client.hpp"

namespace dmaas::kube {

Result<> FencedClient::check_tenure() const {
  if (!tenure_.is_over(clock_.monotonic())) return {};
  return fail(ErrorCode::unavailable, "this process does not lead any more: its lease has run out");
}

Result<Json> FencedClient::get(const Resource& resource, const ObjectKey& key,
                               std::stop_token stop) {
  return client_.get(resource, key, std::move(stop));
}

Result<ListResult> FencedClient::list(const Resource& resource, const ListOptions& options,
                                      const ObjectSink& sink, std::stop_token stop) {
  return client_.list(resource, options, sink, std::move(stop));
}

Result<Json> FencedClient::create(const Resource& resource, const Json& object,
                                  const WriteOptions& options, std::stop_token stop) {
  TRY(check_tenure());
  return client_.create(resource, object, options, std::move(stop));
}

Result<Json> FencedClient::replace(const Resource& resource, const Json& object,
                                   const WriteOptions& options, std::stop_token stop) {
  TRY(check_tenure());
  return client_.replace(resource, object, options, std::move(stop));
}

Result<Json> FencedClient::apply(const Resource& resource, const Json& object,
                                 const WriteOptions& options, std::stop_token stop) {
  TRY(check_tenure());
  return client_.apply(resource, object, options, std::move(stop));
}

Result<Json> FencedClient::patch(const Resource& resource, const ObjectKey& key, const Patch& patch,
                                 const WriteOptions& options, std::stop_token stop) {
  TRY(check_tenure());
  return client_.patch(resource, key, patch, options, std::move(stop));
}

Result<> FencedClient::remove(const Resource& resource, const ObjectKey& key,
                              const RemoveOptions& options, std::stop_token stop) {
  TRY(check_tenure());
  return client_.remove(resource, key, options, std::move(stop));
}

Result<WatchEnd> FencedClient::watch(const Resource& resource, const WatchOptions& options,
                                     const WatchSink& sink, std::stop_token stop) {
  return client_.watch(resource, options, sink, std::move(stop));
}

Result<> FencedClient::logs(const ObjectKey& pod, const LogOptions& options, const BytesSink& sink,
                            std::stop_token stop) {
  return client_.logs(pod, options, sink, std::move(stop));
}

Result<std::unique_ptr<ExecStream>> FencedClient::open_exec(const ExecRequest& request,
                                                            std::stop_token stop) {
  TRY(check_tenure());
  return client_.open_exec(request, std::move(stop));
}

Result<Discovery> FencedClient::discover(std::stop_token stop) {
  return client_.discover(std::move(stop));
}

Result<ServerVersion> FencedClient::server_version(std::stop_token stop) {
  return client_.server_version(std::move(stop));
}

std::unique_ptr<Client> FencedClient::impersonating(const Account& account) {
  return std::unique_ptr<Client>(new FencedClient(client_.impersonating(account), tenure_, clock_));
}

}  // namespace dmaas::kube
