#include "gateway/gateway.hpp"

#include <chrono>
#include <memory>
#include <thread>

#include "base/log.hpp"
#include "gateway/configuration.hpp"
#include "gateway/gateway_service.hpp"
#include "gateway/kubernetes_source.hpp"
#include "http/certificate_files.hpp"
#include "http/server.hpp"

namespace dmaas::gateway {
namespace {

// The server itself cuts connections after 10 s; what waits for a storage then is ended a little
// before.
constexpr std::chrono::seconds shutdown_grace{9};
constexpr std::uint64_t max_object_bytes = 1ull << 30;

Result<> check(const GatewayOptions& options, const GatewayEnvironment& environment) {
  if (options.tls.certificate.empty() != options.tls.private_key.empty()) {
    return fail(ErrorCode::invalid_input, "give certificate and key together");
  }
  if (environment.client != nullptr) return {};
  if (options.configuration_directory.empty() || environment.reviewer == nullptr) {
    return fail(ErrorCode::invalid_input,
                "the gateway needs a cluster: give a kubeconfig or run it in a pod");
  }
  return {};
}

void wait_for(std::stop_token stop, Clock& clock) {
  while (clock.sleep(std::chrono::hours(1), stop)) {
  }
}

}  // namespace

Result<> run_gateway(const GatewayOptions& options, const GatewayEnvironment& environment,
                     std::stop_token stop) {
  TRY(check(options, environment));
  auto& clock = environment.clock;
  crypto::CertifiedKey known;
  if (!options.tls.certificate.empty()) known = TRY(http::load_certificate(options.tls));
  std::unique_ptr<DiskCache> cache;
  if (!options.cache_directory.empty())
    cache = TRY(DiskCache::open(options.cache_directory, options.cache_bytes));

  StorageSet storages(
      [&](const api::GatewayStorage& definition) { return open_store(definition, clock); });
  Configuration configuration(storages);
  auto source = options.configuration_directory.empty()
                    ? kubernetes_source(*environment.client, options.namespace_name, clock)
                    : directory_source(options.configuration_directory, clock);
  auto own_reviewer =
      environment.reviewer == nullptr ? kubernetes_reviewer(*environment.client) : nullptr;
  auto& reviewer = environment.reviewer == nullptr ? *own_reviewer : *environment.reviewer;

  std::stop_source abandon;
  GatewayService service({configuration, reviewer, cache.get(), clock,
                          "system:serviceaccount:" + options.namespace_name + ":dmaas-controller",
                          abandon.get_token()});
  http::ServerOptions server_options;
  server_options.address = options.address;
  server_options.port = options.port;
  server_options.certificate = known.certificate;
  server_options.private_key = known.private_key;
  server_options.handler_threads = options.handler_threads;
  server_options.max_body_bytes = max_object_bytes;
  auto server = TRY(http::Server::start(
      std::move(server_options), [&](auto& request, auto& response, std::stop_token server_stop) {
        service.handle(request, response, server_stop);
      }));
  std::jthread configuration_thread([&](std::stop_token own) { source->run(configuration, own); });
  std::jthread certificate_thread;
  if (!known.certificate.empty()) {
    certificate_thread = std::jthread([&](std::stop_token own) {
      http::follow_certificate(options.tls, known, *server, clock, own);
    });
  }
  log_info("the gateway listens", {{"port", std::to_string(server->port())}});
  if (environment.on_listening) environment.on_listening(server->port());
  wait_for(stop, clock);

  log_info("the gateway ends");
  service.begin_shutdown();
  certificate_thread = {};
  std::jthread last_call([&](std::stop_token done) {
    if (system_clock().sleep(shutdown_grace, done)) abandon.request_stop();
  });
  server.reset();
  return {};
}

}  // namespace dmaas::gateway
