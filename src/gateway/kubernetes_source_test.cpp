#include "gateway/kubernetes_source.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "base/encoding.hpp"
#include "kube/testing/fake_api_server.hpp"
#include "storage/memory_store.hpp"

namespace dmaas::gateway {
namespace {

using namespace std::chrono_literals;

Json object_of(std::string_view kind, std::string_view name, std::string_view key,
               const std::string& value) {
  return JsonObject{{"apiVersion", "v1"},
                    {"kind", kind},
                    {"metadata", JsonObject{{"namespace", "dmaas-system"}, {"name", name}}},
                    {"data", JsonObject{{key, value}}}};
}

Json storages_object(const std::string& location) {
  auto text = api::encode_gateway_storages({{.name = "s/main", .location = location}});
  return object_of("Secret", api::gateway_storages_name, api::gateway_storages_key,
                   base64_encode(bytes_of(text)));
}

Json grants_object() {
  auto text =
      api::encode_gateway_grants({{.pod_uid = "pod", .storage = "s/main", .repository = "r"}});
  return object_of("ConfigMap", api::gateway_grants_name, api::gateway_grants_key, text);
}

class KubernetesSourceTest : public testing::Test {
protected:
  void start() {
    thread = std::jthread([this](std::stop_token stop) { source->run(configuration, stop); });
  }
  template <class Condition>
  static bool eventually(Condition condition) {
    for (int i = 0; i < 500 && !condition(); ++i) std::this_thread::sleep_for(10ms);
    return condition();
  }
  std::string location() {
    auto found = storages.find("s/main");
    return found ? (*found)->definition.location : "none";
  }

  kube::FakeApiServer server;
  StorageSet storages{
      [](const api::GatewayStorage&) -> Result<std::unique_ptr<storage::ObjectStore>> {
        return std::make_unique<storage::MemoryStore>();
      }};
  Configuration configuration{storages};
  std::unique_ptr<ConfigurationSource> source =
      kubernetes_source(server, "dmaas-system", system_clock());
  std::jthread thread;
};

TEST_F(KubernetesSourceTest, TakesAbsentObjectsAsEmptyListsAndThenFollowsThem) {
  start();
  EXPECT_TRUE(eventually([&] { return configuration.is_complete(); }));
  ASSERT_TRUE(server.create(kube::resources::secrets(), storages_object("one"), {}, {}));
  ASSERT_TRUE(server.create(kube::resources::config_maps(), grants_object(), {}, {}));
  EXPECT_TRUE(eventually([&] { return location() == "one"; }));
  EXPECT_TRUE(eventually([&] { return configuration.grants()->size() == 1; }));
  ASSERT_TRUE(server.replace(kube::resources::secrets(), storages_object("two"), {}, {}));
  EXPECT_TRUE(eventually([&] { return location() == "two"; }));
  ASSERT_TRUE(server.remove(kube::resources::config_maps(),
                            {"dmaas-system", std::string(api::gateway_grants_name)}, {}, {}));
  EXPECT_TRUE(eventually([&] { return configuration.grants()->size() == 0; }));
}

TEST_F(KubernetesSourceTest, LooksAtItsTwoObjectsOnly) {
  auto other = storages_object("other");
  other.as_object()["metadata"].as_object()["name"] = "somebody-elses";
  server.seed(kube::resources::secrets(), other);
  server.seed(kube::resources::secrets(), storages_object("mine"));
  start();
  EXPECT_TRUE(eventually([&] { return configuration.is_complete(); }));
  EXPECT_EQ(location(), "mine");
}

Json reviewed(Json review, bool authenticated, const std::string& audience) {
  review.as_object()["status"] =
      JsonObject{{"authenticated", authenticated},
                 {"audiences", audience.empty() ? JsonArray{} : JsonArray{Json(audience)}},
                 {"user", JsonObject{{"username", "system:serviceaccount:m:mover"},
                                     {"extra", JsonObject{{"authentication.kubernetes.io/pod-uid",
                                                           JsonArray{Json("uid-7")}}}}}}};
  return review;
}

TEST(KubernetesReviewerTest, AcceptsOnlyTokensOfTheGatewaysAudience) {
  kube::FakeApiServer server;
  auto reviewer = kubernetes_reviewer(server);
  auto answer = [&](bool authenticated, const std::string& audience) {
    server.set_review(
        [=](Json review) { return reviewed(std::move(review), authenticated, audience); });
    return reviewer->review("token", {});
  };
  EXPECT_EQ(answer(true, "dmaas-gateway")->value(),
            (Caller{"system:serviceaccount:m:mover", "uid-7"}));
  EXPECT_FALSE(answer(false, "dmaas-gateway")->has_value());
  EXPECT_FALSE(answer(true, "other")->has_value());
  EXPECT_FALSE(answer(true, "")->has_value());
  server.set_fault([](const kube::RecordedCall&) {
    return std::optional(Error(ErrorCode::unavailable, "down"));
  });
  EXPECT_EQ(reviewer->review("token", {}).code(), ErrorCode::unavailable);
}

}  // namespace
}  // namespace dmaas::gateway
