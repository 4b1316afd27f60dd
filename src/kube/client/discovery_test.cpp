#include "kube/client/discovery.hpp"

#include <gtest/gtest.h>

#include "kube/client/discovery_documents.hpp"

namespace dmaas::kube {
namespace {

Json parse(std::string_view text) {
  return parse_json(text).value();
}

constexpr auto core = R"({"kind":"APIGroupDiscoveryList","items":[{"metadata":{},"versions":[
  {"version":"v1","resources":[
    {"resource":"pods","responseKind":{"group":"","version":"","kind":"Pod"},"scope":"Namespaced",
     "singularResource":"pod","verbs":["get","list"],"shortNames":["po"],"categories":["all"],
     "subresources":[{"subresource":"log"}]},
    {"resource":"nodes","responseKind":{"kind":"Node"},"scope":"Cluster","verbs":["get"]},
    {"resource":"events","responseKind":{"kind":"Event"},"scope":"Namespaced","verbs":["get"]}]}]}]})";

constexpr auto groups = R"({"kind":"APIGroupDiscoveryList","items":[
  {"metadata":{"name":"autoscaling"},"versions":[
    {"version":"v2","resources":[{"resource":"horizontalpodautoscalers",
      "responseKind":{"kind":"HorizontalPodAutoscaler"},"scope":"Namespaced","shortNames":["hpa"]}]},
    {"version":"v1","resources":[{"resource":"horizontalpodautoscalers",
      "responseKind":{"kind":"HorizontalPodAutoscaler"},"scope":"Namespaced","shortNames":["hpa"]}]}]},
  {"metadata":{"name":"events.k8s.io"},"versions":[{"version":"v1","resources":[
    {"resource":"events","responseKind":{"kind":"Event"},"scope":"Namespaced"}]}]},
  {"metadata":{"name":"metrics.k8s.io"},"versions":[{"version":"v1beta1","freshness":"Stale"}]}]})";

Discovery aggregated() {
  DiscoveredGroups found;
  add_aggregated(parse(core), found);
  add_aggregated(parse(groups), found);
  return finish_discovery(std::move(found));
}

TEST(DiscoveryTest, ReadsTheAggregatedForm) {
  auto discovery = aggregated();
  const auto* pods = discovery.find("v1", "Pod");
  ASSERT_NE(pods, nullptr);
  EXPECT_EQ(pods->resource, resources::pods());
  EXPECT_TRUE(pods->allows("list"));
  EXPECT_FALSE(pods->allows("watch"));
  EXPECT_EQ(pods->subresources, std::vector<std::string>{"log"});
  EXPECT_FALSE(discovery.find("v1", "Node")->resource.namespaced);
  EXPECT_EQ(discovery.incomplete_groups(), std::vector<std::string>{"metrics.k8s.io/v1beta1"});
}

TEST(DiscoveryTest, PrefersTheFirstVersionOfTheServer) {
  auto discovery = aggregated();
  EXPECT_EQ(discovery.find_kind("autoscaling", "HorizontalPodAutoscaler")->resource.version, "v2");
  EXPECT_EQ(discovery.find_plural("autoscaling", "horizontalpodautoscalers")->resource.version,
            "v2");
  EXPECT_FALSE(discovery.find("autoscaling/v1", "HorizontalPodAutoscaler")->preferred);
  EXPECT_EQ(discovery.preferred().size(), 5u);
}

TEST(DiscoveryTest, FindsWhatPeopleType) {
  auto discovery = aggregated();
  for (auto text : {"pods", "pod", "po", "Pod", "PODS", "pods.v1"}) {
    ASSERT_NE(discovery.find_name(text), nullptr) << text;
    EXPECT_EQ(discovery.find_name(text)->resource.kind, "Pod");
  }
  EXPECT_EQ(discovery.find_name("events")->resource.group, "");
  EXPECT_EQ(discovery.find_name("events.events.k8s.io")->resource.group, "events.k8s.io");
  EXPECT_EQ(discovery.find_name("hpa.v1.autoscaling")->resource.version, "v1");
  EXPECT_EQ(discovery.find_name("hpa.apps"), nullptr);
  EXPECT_EQ(discovery.find_name(""), nullptr);
}

TEST(DiscoveryTest, ReadsTheFormOfOlderServers) {
  auto list = parse(R"({"kind":"APIGroupList","groups":[{"name":"apps",
    "versions":[{"groupVersion":"apps/v1beta1"},{"groupVersion":"apps/v1"}],
    "preferredVersion":{"groupVersion":"apps/v1"}}]})");
  EXPECT_EQ(group_versions_of(list), (std::vector<std::string>{"apps/v1", "apps/v1beta1"}));
  EXPECT_EQ(group_versions_of(parse(R"({"versions":["v1"]})")), std::vector<std::string>{"v1"});

  DiscoveredGroups found;
  add_resource_list(parse(R"({"groupVersion":"apps/v1","resources":[
    {"name":"deployments/scale","kind":"Scale","namespaced":true},
    {"name":"deployments","singularName":"deployment","kind":"Deployment","namespaced":true,
     "verbs":["get"],"shortNames":["deploy"]}]})"),
                    found);
  auto discovery = finish_discovery(std::move(found));
  const auto* deployments = discovery.find_name("deploy");
  ASSERT_NE(deployments, nullptr);
  EXPECT_EQ(deployments->resource, resources::deployments());
  EXPECT_EQ(deployments->subresources, std::vector<std::string>{"scale"});
}

}  // namespace
}  // namespace dmaas::kube
