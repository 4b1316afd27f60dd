#include "controller/restore/quiesce_workloads.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "controller/testing/memory_world.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

using kube::resources::pods;
using kube::resources::stateful_sets;

class QuiesceWorkloadsTest : public testing::Test {
protected:
  QuiesceWorkloadsTest() {
    seed(stateful_sets(), R"({"metadata": {"namespace": "shop", "name": "db", "uid": "set"},
                              "spec": {"replicas": 3}})");
    seed(kube::resources::persistent_volume_claims(),
         R"({"metadata": {"namespace": "shop", "name": "data-db-0"}})");
    seed(pods(), pod("db-0", "apps/v1", "StatefulSet", "db"));
    auto& session = work_.session;
    session.metadata.namespace_name = "shop";
    session.metadata.uid = "session";
    session.spec.in_place.emplace();
    session.spec.in_place->quiesce = api::QuiesceMethod::scale_to_zero;
    session.status.volumes = {{.claim = "data-db-0", .namespace_name = "shop", .in_place = true}};
  }

  void seed(const kube::Resource& resource, const std::string& text) {
    auto object = *parse_json(text);
    object.as_object()["apiVersion"] = resource.api_version();
    object.as_object()["kind"] = resource.kind;
    server_.seed(resource, std::move(object));
  }

  static std::string pod(const std::string& name, const std::string& api_version,
                         const std::string& kind, const std::string& owner) {
    return R"({"metadata": {"namespace": "shop", "name": ")" + name +
           R"(", "ownerReferences": [{"controller": true, "uid": "u", "apiVersion": ")" +
           api_version + R"(", "kind": ")" + kind + R"(", "name": ")" + owner + R"("}]},
              "spec": {"volumes": [{"name": "data",
                                    "persistentVolumeClaim": {"claimName": "data-db-0"}}]},
              "status": {"phase": "Running"}})";
  }

  std::string workload_of(const std::string& pod) {
    auto found = find_scaled_workload(memory_.world, {"shop", pod}, {});
    return found ? found->kind + " " + found->name : found.error().message();
  }

  bool quiesce() { return value_of(quiesce_workloads(memory_.world, work_, {})); }
  bool release() { return value_of(release_workloads(memory_.world, work_, {})); }
  static bool value_of(const Result<bool>& result) {
    EXPECT_TRUE(result) << result.error().message();
    return result.value_or(false);
  }

  /// All that there is to do until the pod has ended.
  void quiesce_to_the_end() {
    EXPECT_FALSE(quiesce());
    EXPECT_FALSE(quiesce());
    ASSERT_TRUE(server_.remove(pods(), {"shop", "db-0"}, {}, {}));
    EXPECT_TRUE(quiesce());
  }

  std::int64_t replicas() const {
    return number_at(*server_.peek(stateful_sets(), {"shop", "db"}), "spec", "replicas")
        .value_or(-1);
  }
  std::vector<kube::RecordedCall> patches() const {
    auto calls = server_.calls();
    std::erase_if(calls, [](const auto& call) { return call.verb != kube::Verb::patch; });
    return calls;
  }
  const api::StoppedWorkload& row() const { return work_.session.status.workloads.at(0); }

  kube::FakeApiServer server_;
  MemoryWorld memory_{server_};
  RestoreWork work_;
};

TEST_F(QuiesceWorkloadsTest, ADeploymentIsFoundBehindItsReplicaSet) {
  seed(kube::resources::replica_sets(),
       R"({"metadata": {"namespace": "shop", "name": "web-1", "ownerReferences": [
           {"controller": true, "uid": "d", "apiVersion": "apps/v1", "kind": "Deployment",
            "name": "web"}]}})");
  seed(kube::resources::deployments(), R"({"metadata": {"namespace": "shop", "name": "web"}})");
  seed(pods(), pod("web-1-x", "apps/v1", "ReplicaSet", "web-1"));
  EXPECT_EQ(workload_of("web-1-x"), "Deployment web");
  EXPECT_EQ(workload_of("db-0"), "StatefulSet db");
}

TEST_F(QuiesceWorkloadsTest, WhatCannotBeScaledIsRefusedByName) {
  seed(pods(), pod("job-x", "batch/v1", "Job", "report"));
  EXPECT_EQ(workload_of("job-x"),
            "pod shop/job-x uses the claim and is run by Job report, which cannot be scaled to "
            "zero: stop it there first");
  seed(pods(), R"({"metadata": {"namespace": "shop", "name": "bare"}})");
  EXPECT_EQ(workload_of("bare"),
            "pod shop/bare uses the claim and belongs to no workload that can be scaled to zero: "
            "delete it first");
}

TEST_F(QuiesceWorkloadsTest, AWorkloadOfAnOperatorIsLeftToIt) {
  seed(stateful_sets(),
       R"({"metadata": {"namespace": "shop", "name": "main", "ownerReferences": [
           {"controller": true, "uid": "m", "apiVersion": "db.example.com/v1", "kind": "Database",
            "name": "main"}]}})");
  seed(pods(), pod("main-0", "apps/v1", "StatefulSet", "main"));
  EXPECT_EQ(workload_of("main-0"),
            "pod shop/main-0 uses the claim and is run by Database main, which cannot be scaled to "
            "zero: stop it there first");
}

TEST_F(QuiesceWorkloadsTest, ReplicasAreWrittenDownBeforeTheyAreTaken) {
  EXPECT_FALSE(quiesce());
  EXPECT_EQ(row().replicas, 3);
  EXPECT_TRUE(patches().empty());
  EXPECT_FALSE(quiesce());
  ASSERT_EQ(patches().size(), 1u);
  EXPECT_EQ(patches()[0].subresource, "scale");
  EXPECT_EQ(patches()[0].user, "system:serviceaccount:dmaas-system:dmaas-restore-shop");
  EXPECT_EQ(replicas(), 0);
  EXPECT_EQ(work_.session.status.message,
            "waiting until pod db-0 has ended, which uses claim shop/data-db-0");
}

TEST_F(QuiesceWorkloadsTest, APodThatEndsWhileItsWorkloadIsLookedForStopsNothing) {
  server_.set_fault([](const kube::RecordedCall& call) -> std::optional<Error> {
    if (call.verb != kube::Verb::get || call.resource != pods()) return std::nullopt;
    return Error(ErrorCode::not_found, "gone");
  });
  EXPECT_FALSE(quiesce());
  EXPECT_TRUE(work_.session.status.workloads.empty());
}

TEST_F(QuiesceWorkloadsTest, WhoComesBackAfterTheyHaveEndedIsNotWaitedFor) {
  quiesce_to_the_end();
  seed(pods(), pod("db-0", "apps/v1", "StatefulSet", "db"));
  EXPECT_TRUE(quiesce());
}

TEST_F(QuiesceWorkloadsTest, ReplicasComeBackOnceNoMoverIsLeft) {
  quiesce_to_the_end();
  seed(pods(), R"({"metadata": {"namespace": "dmaas-system", "name": "mover",
                                "labels": {"dmaas.io/session-uid": "session"}},
                   "spec": {"volumes": [{"persistentVolumeClaim": {"claimName": "twin"}}]}})");
  EXPECT_FALSE(release());
  EXPECT_EQ(replicas(), 0);
  ASSERT_TRUE(server_.remove(pods(), {"dmaas-system", "mover"}, {}, {}));
  EXPECT_TRUE(release());
  EXPECT_EQ(replicas(), 3);
  EXPECT_EQ(row().state, api::WorkloadState::restored);
}

TEST_F(QuiesceWorkloadsTest, ReplicasComeBackWhenTheyWereTakenButThatWasNotWrittenDown) {
  EXPECT_FALSE(quiesce());
  auto before = work_.session.status;
  EXPECT_FALSE(quiesce());
  work_.session.status = before;
  EXPECT_TRUE(release());
  EXPECT_EQ(replicas(), 3);
}

TEST_F(QuiesceWorkloadsTest, AWorkloadThatSomebodyScaledMeanwhileIsLeft) {
  quiesce_to_the_end();
  auto set = *server_.peek(stateful_sets(), {"shop", "db"});
  set.at("spec").as_object()["replicas"] = 1;
  ASSERT_TRUE(server_.replace(stateful_sets(), set, {}, {}));
  EXPECT_TRUE(release());
  EXPECT_EQ(replicas(), 1);
}

TEST_F(QuiesceWorkloadsTest, AnApiServerThatDoesNotAnswerIsAskedAgain) {
  quiesce_to_the_end();
  server_.set_fault([](const kube::RecordedCall& call) -> std::optional<Error> {
    if (call.verb != kube::Verb::patch) return std::nullopt;
    return Error(ErrorCode::unavailable, "no answer");
  });
  EXPECT_FALSE(release_workloads(memory_.world, work_, {}));
  server_.set_fault({});
  EXPECT_TRUE(release());
  EXPECT_EQ(replicas(), 3);
}

TEST_F(QuiesceWorkloadsTest, AWorkloadThatMayNotBeScaledIsAbandonedWithTheRemedy) {
  quiesce_to_the_end();
  server_.set_fault([](const kube::RecordedCall& call) -> std::optional<Error> {
    if (call.verb != kube::Verb::patch) return std::nullopt;
    return Error(ErrorCode::permission_denied, "forbidden");
  });
  EXPECT_TRUE(release());
  EXPECT_EQ(row().state, api::WorkloadState::abandoned);
  ASSERT_EQ(work_.session.status.warnings.size(), 1u);
  EXPECT_NE(work_.session.status.warnings[0].find(
                "'kubectl -n shop scale StatefulSet/db --replicas=3' does it"),
            std::string::npos);
}

}  // namespace
}  // namespace dmaas::controller
