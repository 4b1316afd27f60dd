#include "cluster_fixture.hpp"

#include <unistd.h>

#include <atomic>

#include "kube/client/kubeconfig.hpp"

namespace dmaas::kube {
namespace {

std::atomic<int> namespaces_made = 0;

}  // namespace

bool eventually(const std::function<bool()>& holds) {
  auto deadline = system_clock().monotonic() + std::chrono::minutes{1};
  while (system_clock().monotonic() < deadline) {
    if (holds()) return true;
    system_clock().sleep(std::chrono::milliseconds{50}, {});
  }
  return false;
}

void ClusterTest::SetUp() {
  auto access = load_kubeconfig({.environment = process_environment()}, system_clock());
  ASSERT_TRUE(access) << access.error().message();
  auto client = open_client(*access, system_clock());
  ASSERT_TRUE(client) << client.error().message();
  client_ = *std::move(client);
  namespace_ = "kube-test-" + std::to_string(::getpid()) + "-" + std::to_string(++namespaces_made);
  auto made = client_->create(resources::namespaces(),
                              make_object(resources::namespaces(), {"", namespace_}), {}, {});
  ASSERT_TRUE(made) << made.error().message();
  ObjectKey account{namespace_, "default"};
  ASSERT_TRUE(eventually(
      [&] { return client_->get(resources::service_accounts(), account, {}).has_value(); }));
}

void ClusterTest::TearDown() {
  if (client_ == nullptr || namespace_.empty()) return;
  auto removed = ensure_removed(*client_, resources::namespaces(), {"", namespace_}, {}, {});
  EXPECT_TRUE(removed) << removed.error().message();
}

Json ClusterTest::config_map(const std::string& name, const std::string& value) const {
  auto object = make_object(resources::config_maps(), {namespace_, name});
  object.get_object()["data"] = JsonObject{{"value", value}};
  return object;
}

ObjectKey ClusterTest::run_pod(const std::string& name, const std::string& script) {
  auto pod = make_object(resources::pods(), {namespace_, name});
  pod.get_object()["spec"] = JsonObject{
      {"terminationGracePeriodSeconds", 0},
      {"containers", JsonArray{JsonObject{{"name", "main"},
                                          {"image", "dmaas.io/testbed/debian-base:12"},
                                          {"imagePullPolicy", "Never"},
                                          {"command", JsonArray{"sh", "-c", Json(script)}}}}}};
  auto made = client_->create(resources::pods(), pod, {}, {});
  EXPECT_TRUE(made) << made.error().message();
  ObjectKey key{namespace_, name};
  EXPECT_TRUE(eventually([&] {
    auto found = client_->get(resources::pods(), key, {});
    return found && is_condition_true(*found, "Ready");
  }));
  return key;
}

}  // namespace dmaas::kube
