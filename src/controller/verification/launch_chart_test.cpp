#include "controller/verification/launch_chart.hpp"

#include <gmock/gmock.h>

#include "api/labels.hpp"
#include "controller/testing/memory_world.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

using std::chrono::minutes;
namespace resources = kube::resources;

api::VerificationSession session() {
  api::VerificationSession made;
  made.metadata = {.name = "nightly", .namespace_name = "shop", .uid = "uid-1"};
  made.status.scratch_namespace = "scratch";
  made.spec.verification.helm = api::LaunchChart{.image = "helm:3", .chart = "oci://charts/db"};
  return made;
}

std::string arguments_of(const api::VerificationSession& session) {
  return to_text(
      *find(items_at(chart_pod(session, minutes{5}), "spec", "containers").at(0), "args"));
}

Json ended(int exit_code, const std::string& said) {
  JsonObject state{{"terminated", {{"exitCode", exit_code}, {"message", said}}}};
  return JsonObject{{"status",
                     {{"phase", exit_code == 0 ? "Succeeded" : "Failed"},
                      {"containerStatuses", JsonArray{JsonObject{{"state", std::move(state)}}}}}}};
}

class LaunchChartTest : public testing::Test {
protected:
  bool is_open() const {
    return server_.peek(resources::network_policies(), {"scratch", "dmaas-launch"}).has_value();
  }
  std::optional<std::string> step() {
    auto view = step_chart(memory_.world, session(), minutes{5}, {});
    EXPECT_TRUE(view) << view.error().message();
    return view ? view->outcome : std::nullopt;
  }
  void end(int exit_code, const std::string& said) {
    auto pod = *server_.peek(resources::pods(), {"scratch", "dmaas-launch"});
    pod.as_object()["status"] = *find(ended(exit_code, said), "status");
    ASSERT_TRUE(server_.replace(resources::pods(), pod, {.subresource = "status"}, {}));
  }

  kube::FakeApiServer server_;
  MemoryWorld memory_{server_};
};

TEST_F(LaunchChartTest, HelmIsToldWhereTheChartIsAndHowLongToWait) {
  auto made = session();
  EXPECT_EQ(arguments_of(made),
            R"(["install","verified","oci://charts/db","--namespace","scratch","--values",)"
            R"("/values/values.json","--wait","--timeout","270s"])");
  made.spec.verification.helm->chart = "db";
  made.spec.verification.helm->repository = "https://charts.example.com";
  made.spec.verification.helm->version = "1.2.3";
  EXPECT_THAT(arguments_of(made),
              testing::EndsWith(R"("--repo","https://charts.example.com","--version","1.2.3"])"));
}

TEST_F(LaunchChartTest, TheNetworkIsOpenForItsPodAloneAndOnlyUntilItHasEnded) {
  EXPECT_FALSE(step());
  ASSERT_TRUE(is_open());
  auto policy = *server_.peek(resources::network_policies(), {"scratch", "dmaas-launch"});
  EXPECT_EQ(to_text(*find(policy, "spec", "podSelector")),
            R"({"matchLabels":{"dmaas.io/part":"launch","dmaas.io/session-uid":"uid-1"}})");
  auto pod = *server_.peek(resources::pods(), {"scratch", "dmaas-launch"});
  EXPECT_EQ(kube::label_of(pod, api::label::part), "launch");
  EXPECT_EQ(kube::label_of(pod, api::label::session_uid), "uid-1");
  EXPECT_FALSE(step());
  EXPECT_TRUE(is_open());
  end(0, "");
  EXPECT_EQ(step(), "");
  EXPECT_FALSE(is_open());
  EXPECT_EQ(step(), "");
}

TEST_F(LaunchChartTest, ItsAccountIsInTheNamespaceAndHasNoRoleElsewhere) {
  step();
  auto binding = *server_.peek(resources::role_bindings(), {"scratch", "dmaas-launch"});
  EXPECT_EQ(text_at(binding, "roleRef", "name"), "dmaas-launch");
  EXPECT_EQ(text_at(items_at(binding, "subjects").at(0), "namespace"), "scratch");
  EXPECT_TRUE(server_.peek(resources::service_accounts(), {"scratch", "dmaas-launch"}));
  auto quota = *server_.peek(resources::resource_quotas(), {"scratch", "dmaas-launch"});
  EXPECT_EQ(text_at(quota, "spec", "hard", "services.loadbalancers"), "0");
}

TEST_F(LaunchChartTest, TheEndOfWhatHelmSaidIsTheTrouble) {
  step();
  end(1, std::string(5000, 'x') + "\nError: INSTALLATION FAILED: timed out\n");
  auto trouble = *step();
  EXPECT_THAT(trouble, testing::EndsWith("Error: INSTALLATION FAILED: timed out"));
  EXPECT_THAT(trouble, testing::StartsWith("...x"));
  EXPECT_LT(trouble.size(), 1100u);
  EXPECT_FALSE(is_open());
}

TEST(TroubleOfChartTest, APodThatEndsWithoutAWordHasFailed) {
  EXPECT_EQ(trouble_of_chart(Json(JsonObject{{"status", {{"phase", "Running"}}}})), std::nullopt);
  EXPECT_EQ(trouble_of_chart(ended(0, "noise")), "");
  EXPECT_NE(trouble_of_chart(ended(1, "")), "");
}

}  // namespace
}  // namespace dmaas::controller
