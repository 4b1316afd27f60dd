#include "applications/preflight.hpp"

#include <gmock/gmock.h>

#include "api/restore_session.hpp"
#include "applications/testing/shop.hpp"
#include "kube/object/object.hpp"
#include "kube/testing/fake_api_server.hpp"

namespace dmaas::applications {
namespace {

using api::ExistingPolicy;
using testing::HasSubstr;
using enum api::PreflightVerdict;

class PreflightTest : public testing::Test {
protected:
  PreflightTest() {
    server_.set_discovery(test_discovery());
    server_.set_fault(
        [this](const kube::RecordedCall& call) { return fault_ ? fault_(call) : std::nullopt; });
    server_.set_review([this](Json review) {
      review.as_object()["status"] = JsonObject{{"allowed", may_create_}};
      return review;
    });
    put(kube::resources::namespaces(),
        R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"west"},"status":{"phase":"Active"}})");
    put(kube::resources::storage_classes(),
        R"({"apiVersion":"storage.k8s.io/v1","kind":"StorageClass","metadata":{"name":"fast"}})");
  }

  void put(const kube::Resource& resource, const char* text) {
    server_.seed(resource, *parse_json(text));
  }

  PreflightResult checked(ExistingPolicy existing = ExistingPolicy::skip) {
    const auto plan = plan_restore(backup_, test_discovery(), options_, {});
    const auto view = ClientView::open(server_, {});
    auto result =
        preflight(*plan, backup_, {*view, server_, kube::service_account("shop", "dmaas-restore")},
                  existing, {});
    EXPECT_TRUE(result.has_value()) << result.error().message();
    return *std::move(result);
  }
  static Finding finding(const PreflightResult& result, const std::string& object) {
    for (const auto& found : result.findings) {
      if (found.object.text() == object) return found;
    }
    return {{}, accepted, ""};
  }

  static RestoreOptions into_west() {
    RestoreOptions options;
    options.naming.namespaces = {{"shop", "west"}};
    options.naming.storage_classes = {{"local-path", "fast"}};
    options.restored_by = "session-1";
    return options;
  }

  MemoryFiles backup_ = back_up_shop();
  RestoreOptions options_ = into_west();
  kube::FakeApiServer server_;
  bool may_create_ = true;
  std::function<std::optional<Error>(const kube::RecordedCall&)> fault_;
};

TEST_F(PreflightTest, AcceptsWhatTheServerTakesAndChangesNothing) {
  const auto result = checked();
  EXPECT_EQ(result.count(rejected), 0u);
  EXPECT_GT(result.accepted, 20u);
  for (const auto& call : server_.calls()) {
    const bool writes = call.verb == kube::Verb::create || call.verb == kube::Verb::apply ||
                        call.verb == kube::Verb::patch;
    if (!writes) continue;
    EXPECT_EQ(call.dry_run, kube::DryRun::yes);
    EXPECT_EQ(call.user, "system:serviceaccount:shop:dmaas-restore");
  }
  EXPECT_FALSE(server_.peek(kube::resources::config_maps(), {"west", "db-conf"}));
}

TEST_F(PreflightTest, ReportsTheServersReasonForARefusal) {
  fault_ = [](const kube::RecordedCall& call) -> std::optional<Error> {
    if (call.verb == kube::Verb::create && call.resource.kind == "Ingress")
      return Error(ErrorCode::invalid_input, "host is taken");
    return std::nullopt;
  };
  const auto result = checked();
  EXPECT_EQ(finding(result, "Ingress west/web").verdict, rejected);
  EXPECT_EQ(finding(result, "Ingress west/web").reason, "host is taken");
  EXPECT_EQ(result.findings.front().object.text(), "Ingress west/web");
}

TEST_F(PreflightTest, WhatCannotBeTriedIsNotCalledGood) {
  fault_ = [](const kube::RecordedCall& call) -> std::optional<Error> {
    if (call.dry_run == kube::DryRun::no) return std::nullopt;
    if (call.resource.kind == "Ingress")
      return Error(ErrorCode::invalid_input, "admission webhook \"w\" does not support dry run");
    if (call.resource.kind == "Service")
      return Error(ErrorCode::unavailable, "webhook does not answer");
    return std::nullopt;
  };
  const auto result = checked();
  EXPECT_EQ(finding(result, "Ingress west/web").verdict, unproven);
  EXPECT_EQ(finding(result, "Service west/web").verdict, unproven);
}

TEST_F(PreflightTest, TriesThePodsOfWorkloadsToo) {
  fault_ = [](const kube::RecordedCall& call) -> std::optional<Error> {
    if (call.verb == kube::Verb::create && call.resource.kind == "Pod")
      return Error(ErrorCode::permission_denied, "violates PodSecurity");
    return std::nullopt;
  };
  const auto result = checked();
  EXPECT_EQ(finding(result, "StatefulSet west/db").reason, "its pods: violates PodSecurity");
  EXPECT_EQ(finding(result, "Deployment west/web").verdict, rejected);
}

TEST_F(PreflightTest, TrialPodsDoWithoutWhatTheRestoreItselfBrings) {
  checked();
  bool seen = false;
  for (const auto& call : server_.calls()) {
    if (call.verb != kube::Verb::create || call.resource.kind != "Pod") continue;
    seen = true;
    EXPECT_EQ(find(call.body, "spec", "serviceAccountName"), nullptr);
    EXPECT_EQ(find(call.body, "spec", "priorityClassName"), nullptr);
    EXPECT_EQ(kube::namespace_of(call.body), "west");
  }
  EXPECT_TRUE(seen);
}

TEST_F(PreflightTest, InANewNamespaceOnlyTheRightToCreateCanBeJudged) {
  options_.naming.namespaces = {{"shop", "new"}};
  auto result = checked();
  EXPECT_EQ(finding(result, "ConfigMap new/db-conf").verdict, unproven);
  EXPECT_EQ(result.count(rejected), 0u);
  may_create_ = false;
  result = checked();
  EXPECT_EQ(finding(result, "ConfigMap new/db-conf").verdict, rejected);
  EXPECT_THAT(finding(result, "ConfigMap new/db-conf").reason,
              HasSubstr("may not create configmaps in new"));
}

TEST_F(PreflightTest, ANamespaceThatIsMissingOrGoingIsNamed) {
  options_.selection.exclude = {{.kinds = {"Namespace"}}};
  options_.naming.namespaces = {{"shop", "absent"}};
  EXPECT_THAT(finding(checked(), "Secret absent/db-root").reason,
              HasSubstr("namespace absent does not exist"));
  options_.naming.namespaces = {{"shop", "going"}};
  put(kube::resources::namespaces(),
      R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"going"},"status":{"phase":"Terminating"}})");
  EXPECT_THAT(finding(checked(), "Secret going/db-root").reason, HasSubstr("being deleted"));
}

TEST_F(PreflightTest, StorageClassesMustExistAfterTheMap) {
  options_.naming.storage_classes = {{"local-path", "gone"}};
  auto result = checked();
  EXPECT_THAT(finding(result, "PersistentVolumeClaim west/data-db-0").reason,
              HasSubstr("storage class gone does not exist"));
  EXPECT_THAT(finding(result, "StatefulSet west/db").reason,
              HasSubstr("storage class gone does not exist"));
  options_.naming.storage_classes = {{"local-path", ""}};
  EXPECT_THAT(finding(checked(), "PersistentVolumeClaim west/data-db-0").reason,
              HasSubstr("no default storage class"));
}

TEST_F(PreflightTest, ExistingObjectsFollowThePolicy) {
  put(kube::resources::config_maps(),
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"db-conf","namespace":"west"}})");
  EXPECT_EQ(finding(checked(ExistingPolicy::skip), "ConfigMap west/db-conf").verdict, skipped);
  EXPECT_EQ(finding(checked(ExistingPolicy::fail), "ConfigMap west/db-conf").verdict, rejected);
  EXPECT_EQ(finding(checked(ExistingPolicy::update), "ConfigMap west/db-conf").verdict, accepted);
  EXPECT_EQ(finding(checked(ExistingPolicy::recreate), "ConfigMap west/db-conf").verdict, unproven);
}

TEST_F(PreflightTest, WhatIsOfTheClusterStaysWhereTheAccountMayNotUpdateIt) {
  put(kube::resources::config_maps(),
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"db-conf","namespace":"west"}})");
  server_.set_fault([](const kube::RecordedCall& call) -> std::optional<Error> {
    if (call.verb != kube::Verb::apply) return std::nullopt;
    return Error(ErrorCode::permission_denied, "forbidden");
  });
  const auto result = checked(ExistingPolicy::update);
  EXPECT_EQ(finding(result, "Namespace west").verdict, skipped);
  EXPECT_EQ(finding(result, "ConfigMap west/db-conf").verdict, rejected);
}

TEST_F(PreflightTest, TheSumOfAllMustFitTheQuota) {
  put(kube::resources::resource_quotas(),
      R"({"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"small","namespace":"west"},
    "spec":{"hard":{"requests.storage":"3Gi","requests.cpu":"4","pods":"4"}},"status":{"used":{"requests.storage":"2Gi","pods":"0"}}})");
  const auto result = checked();
  std::vector<std::string> reasons;
  for (const auto& found : result.findings) {
    if (found.object.text() == "ResourceQuota west/small") reasons.push_back(found.reason);
  }
  EXPECT_THAT(reasons,
              testing::UnorderedElementsAre(HasSubstr("needs 2Gi of requests.storage, 1Gi is left"),
                                            HasSubstr("needs 5 of pods, 4 is left")));
}

TEST_F(PreflightTest, KindsThatAreNotServedAreRejectedAndSkippedOnesListed) {
  const auto plan = [] {
    RestorePlan broken;
    broken.unsupported = {{{"g", "Thing", {"n", "a"}}, "not served"}};
    broken.skipped = {{{"", "Pod", {"n", "b"}}, "the pod has ended"}};
    return broken;
  }();
  const auto view = ClientView::open(server_, {});
  const auto result = preflight(plan, backup_, {*view, server_, {}}, ExistingPolicy::skip, {});
  EXPECT_EQ(finding(*result, "Thing n/a").verdict, rejected);
  EXPECT_EQ(finding(*result, "Pod n/b").verdict, skipped);
}

TEST_F(PreflightTest, ACopyMustNotAnswerForTheOriginal) {
  options_.naming.prefix = "test-";
  put(kube::resources::services(),
      R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"db","namespace":"west"},
    "spec":{"selector":{"app":"db"}}})");
  EXPECT_EQ(finding(checked(), "StatefulSet west/test-db").verdict, accepted);
  auto& file = backup_.files.at("/apps/statefulsets/v1/shop/db.json");
  Json database = *parse_json(file);
  merge_patch(database,
              *parse_json(R"({"spec":{"template":{"metadata":{"labels":{"tier":"data"}}}}})"));
  file = to_text(database);
  put(kube::resources::services(),
      R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"data","namespace":"west"},
    "spec":{"selector":{"tier":"data"}}})");
  EXPECT_EQ(finding(checked(), "StatefulSet west/test-db").verdict, rejected);
  EXPECT_THAT(finding(checked(), "StatefulSet west/test-db").reason,
              HasSubstr("Service west/data is not part"));
}

TEST_F(PreflightTest, StopsWhenItIsTold) {
  std::stop_source stop;
  stop.request_stop();
  const auto plan = plan_restore(backup_, test_discovery(), options_, {});
  const auto view = ClientView::open(server_, {});
  EXPECT_EQ(preflight(*plan, backup_, {*view, server_, {}}, ExistingPolicy::skip, stop.get_token())
                .code(),
            ErrorCode::cancelled);
}

}  // namespace
}  // namespace dmaas::applications
