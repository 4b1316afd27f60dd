#include "cli/migration/source_workloads.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "kube/object/object.hpp"
#include "kube/testing/fake_api_server.hpp"

namespace dmaas::cli {
namespace {

using kube::resources::cron_jobs;
using kube::resources::deployments;
using kube::resources::pods;
using kube::resources::stateful_sets;

/// A database with a claim that the plan backs up, a page before it, and a job of every night.
class SourceWorkloadsTest : public testing::Test {
protected:
  SourceWorkloadsTest() {
    seed(stateful_sets(), "db", R"({"replicas": 3, "selector": {"matchLabels": {"app": "db"}}})");
    seed(deployments(), "web", R"({"replicas": 2, "selector": {"matchLabels": {"app": "web"}}})");
    seed(cron_jobs(), "nightly", "{}");
    add_pod("db-0", "StatefulSet", "db", "data-db-0");
    plan_.metadata.namespace_name = "shop";
    plan_.metadata.name = "shop";
    plan_.spec.targets = {{.name = "shop", .all_objects = true}};
    plan_.status.resolved.emplace();
    plan_.status.resolved->volumes = {{.claim = "data-db-0"}};
  }

  void seed(const kube::Resource& resource, const std::string& name, const std::string& spec) {
    auto object = kube::make_object(resource, {"shop", name});
    object.as_object()["spec"] = *parse_json(spec);
    ensure_object(object, "metadata")["labels"] = JsonObject{{"app", name}};
    server_.seed(resource, std::move(object));
  }
  void add_pod(const std::string& name, const std::string& kind, const std::string& owner,
               const std::string& claim) {
    auto pod = kube::make_object(pods(), {"shop", name});
    auto& metadata = ensure_object(pod, "metadata");
    metadata["labels"] = JsonObject{{"app", owner}};
    if (!kind.empty()) {
      metadata["ownerReferences"] = JsonArray{JsonObject{{"controller", true},
                                                         {"uid", "u"},
                                                         {"apiVersion", "apps/v1"},
                                                         {"kind", kind},
                                                         {"name", owner}}};
    }
    pod.as_object()["spec"] = JsonObject{
        {"volumes", JsonArray{JsonObject{{"name", "data"},
                                         {"persistentVolumeClaim", {{"claimName", claim}}}}}}};
    pod.as_object()["status"] = JsonObject{{"phase", "Running"}};
    server_.seed(pods(), std::move(pod));
  }
  std::vector<std::string> found() {
    std::vector<std::string> names;
    auto workloads = find_source_workloads(server_, plan_, {});
    EXPECT_TRUE(workloads) << workloads.error().message();
    for (const auto& workload : workloads.value_or(std::vector<api::StoppedWorkload>{}))
      names.push_back(workload.name + " " + std::to_string(workload.replicas));
    std::ranges::sort(names);
    return names;
  }
  std::int64_t replicas(const kube::Resource& resource, const std::string& name) const {
    return number_at(*server_.peek(resource, {"shop", name}), "spec", "replicas").value_or(-1);
  }
  bool is_suspended() const {
    return flag_at(*server_.peek(cron_jobs(), {"shop", "nightly"}), "spec", "suspend");
  }

  kube::FakeApiServer server_;
  api::BackupConfiguration plan_;
};

TEST_F(SourceWorkloadsTest, EverythingInTheNamespaceIsFoundWithItsReplicas) {
  EXPECT_EQ(found(), (std::vector<std::string>{"db 3", "nightly 1", "web 2"}));
}

TEST_F(SourceWorkloadsTest, WhatIsLeftOutOfThePlanIsLeftRunning) {
  plan_.spec.targets.front().objects.exclude = {{.kinds = {"Deployment"}}};
  EXPECT_EQ(found(), (std::vector<std::string>{"db 3", "nightly 1"}));
}

TEST_F(SourceWorkloadsTest, WhoeverUsesABackedUpClaimBelongsToIt) {
  plan_.spec.targets = {{.name = "web", .workload = api::ObjectReference{}}};
  plan_.spec.targets.front().workload->kind = "Deployment";
  plan_.spec.targets.front().workload->name = "web";
  EXPECT_EQ(found(), (std::vector<std::string>{"db 3", "web 2"}));
}

TEST_F(SourceWorkloadsTest, APodThatCannotBeStoppedIsNamed) {
  add_pod("by-hand", "", "", "data-db-0");
  auto workloads = find_source_workloads(server_, plan_, {});
  ASSERT_TRUE(workloads.failed_with(ErrorCode::unsupported));
  EXPECT_NE(workloads.error().message().find("by-hand"), std::string::npos);
}

TEST_F(SourceWorkloadsTest, WhatIsStoppedGetsBackWhatItHadAndStoppingTwiceDoesNoHarm) {
  auto workloads = *find_source_workloads(server_, plan_, {});
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(stop_workloads(server_, workloads, {}));
  EXPECT_EQ(replicas(stateful_sets(), "db"), 0);
  EXPECT_EQ(replicas(deployments(), "web"), 0);
  EXPECT_TRUE(is_suspended());
  EXPECT_EQ(*running_pods(server_, plan_, workloads, {}), std::vector<std::string>{"shop/db-0"});
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(start_workloads(server_, workloads, {}));
  EXPECT_EQ(replicas(stateful_sets(), "db"), 3);
  EXPECT_EQ(replicas(deployments(), "web"), 2);
  EXPECT_FALSE(is_suspended());
}

TEST_F(SourceWorkloadsTest, WhatAPersonHasStartedMeanwhileKeepsItsReplicas) {
  auto workloads = *find_source_workloads(server_, plan_, {});
  ASSERT_TRUE(stop_workloads(server_, workloads, {}));
  seed(deployments(), "web", R"({"replicas": 5, "selector": {"matchLabels": {"app": "web"}}})");
  ASSERT_TRUE(start_workloads(server_, workloads, {}));
  EXPECT_EQ(replicas(deployments(), "web"), 5);
}

}  // namespace
}  // namespace dmaas::cli
