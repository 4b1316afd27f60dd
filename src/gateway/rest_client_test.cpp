#include "gateway/gateway_service.hpp"
#include "storage/memory_store.hpp"
#include "storage/object_store_suite.hpp"
#include "storage/open.hpp"

/// The storage client of movers against the gateway: what every store does.
namespace dmaas::storage {
namespace {

const std::string controller_user = "system:serviceaccount:dmaas-system:dmaas-controller";

class AnyoneReviewer final : public gateway::TokenReviewer {
public:
  Result<std::optional<gateway::Caller>> review(const std::string& token,
                                                std::stop_token) override {
    return std::optional(gateway::Caller{token, {}});
  }
};

class StoreBehindGateway final : public StoreUnderTest {
public:
  StoreBehindGateway() {
    configuration_.take_storages(
        api::encode_gateway_storages({{.name = "s/main", .location = "memory"}}));
    configuration_.take_grants("[]");
    StorageOptions options;
    options.rest_user = "any";
    options.rest_password = controller_user;
    auto opened = open_storage(
        "rest:http://127.0.0.1:" + std::to_string(server_->port()) + "/s/main/east/ns/shop/db/",
        options, system_clock());
    ENSURE(opened.has_value());
    store_ = std::move(*opened);
  }
  ObjectStore& store() override { return *store_; }

private:
  std::unique_ptr<http::Server> start() {
    auto server = http::Server::start({}, [this](auto& request, auto& response, auto stop) {
      service_.handle(request, response, stop);
    });
    ENSURE(server.has_value());
    return std::move(*server);
  }

  gateway::StorageSet storages_{
      [](const api::GatewayStorage&) -> Result<std::unique_ptr<ObjectStore>> {
        return std::make_unique<MemoryStore>();
      }};
  gateway::Configuration configuration_{storages_};
  AnyoneReviewer reviewer_;
  gateway::GatewayService service_{
      {configuration_, reviewer_, nullptr, system_clock(), controller_user, {}}};
  std::unique_ptr<http::Server> server_ = start();
  std::unique_ptr<ObjectStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Stores, ObjectStoreSuite,
                         testing::Values(StoreKind{
                             "gateway", [] { return std::make_unique<StoreBehindGateway>(); }}),
                         store_kind_name);

}  // namespace
}  // namespace dmaas::storage
