#include "controller/verification/scratch_namespace.hpp"

#include <gtest/gtest.h>

#include "api/labels.hpp"
#include "controller/testing/memory_world.hpp"
#include "controller/verification/probe_pod.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

constexpr std::string_view security = "pod-security.kubernetes.io/enforce";

api::VerificationSession session() {
  api::VerificationSession made;
  made.metadata.namespace_name = "shop";
  made.metadata.name = "nightly";
  made.metadata.uid = "uid-1";
  return made;
}

TEST(ScratchNamespaceTest, AdmitsNoPodThatTouchesItsNode) {
  auto privileged = kube::make_object(kube::resources::namespaces(), {"", "shop"});
  kube::set_label(privileged, security, "privileged");
  auto made = scratch_manifest(session(), privileged);
  EXPECT_EQ(kube::label_of(made, security), "baseline");
  EXPECT_EQ(kube::label_of(made, api::label::session_uid), "uid-1");
  EXPECT_EQ(kube::name_of(made).substr(0, 13), "dmaas-verify-");
  kube::set_label(privileged, security, "restricted");
  EXPECT_EQ(kube::label_of(scratch_manifest(session(), privileged), security), "restricted");
}

TEST(ScratchNamespaceTest, OnlyNamesAreAskedForOutsideAndOnlyMoversReachOurSystem) {
  auto policies = isolation_policies("scratch", "dmaas-system");
  ASSERT_EQ(policies.size(), 2U);
  EXPECT_EQ(to_text(*find(policies[0], "spec", "egress")),
            R"([{"to":[{"podSelector":{}}]},{"to":[{"namespaceSelector":{}}],"ports":)"
            R"([{"protocol":"UDP","port":53},{"protocol":"TCP","port":53}]}])");
  EXPECT_EQ(to_text(*find(policies[0], "spec", "ingress")), R"([{"from":[{"podSelector":{}}]}])");
  EXPECT_EQ(text_at(policies[1], "spec", "podSelector", "matchLabels", "dmaas.io/part"), "mover");
}

TEST(ScratchNamespaceTest, VolumesThatTheirClassWouldKeepGoWithIt) {
  kube::FakeApiServer server;
  MemoryWorld memory{server};
  const auto volumes = kube::resources::persistent_volumes();
  auto seed = [&](const char* name, const std::string& space, bool is_provisioned) {
    auto volume = kube::make_object(volumes, {"", name});
    if (is_provisioned) kube::set_annotation(volume, "pv.kubernetes.io/provisioned-by", "x");
    volume.as_object()["spec"] = JsonObject{{"persistentVolumeReclaimPolicy", "Retain"},
                                            {"claimRef", {{"namespace", space}}}};
    server.seed(volumes, volume);
  };
  auto verified = session();
  auto scratch = kube::name_of(scratch_manifest(verified, {}));
  seed("ours", scratch, true);
  seed("by-hand", scratch, false);
  seed("of-the-shop", "shop", true);
  EXPECT_EQ(*remove_scratch(memory.world, verified, {}), "waiting for volume ours to be removed");
  auto policy = [&](const char* name) {
    return text_at(*server.peek(volumes, {"", name}), "spec", "persistentVolumeReclaimPolicy");
  };
  EXPECT_EQ(policy("ours"), "Delete");
  EXPECT_EQ(policy("by-hand"), "Retain");
  EXPECT_EQ(policy("of-the-shop"), "Retain");
}

TEST(ProbePodTest, HoldsNoTokenAndIsAdmittedByRestrictedNamespaces) {
  auto pod = probe_manifest(session(), {.purpose = "isolation"}, {.image = "dmaas:1"});
  EXPECT_FALSE(find(pod, "spec", "automountServiceAccountToken")->as_bool());
  const auto& context = items_at(pod, "spec", "containers").at(0).at("securityContext");
  EXPECT_TRUE(flag_at(context, "runAsNonRoot"));
  EXPECT_FALSE(find(context, "allowPrivilegeEscalation")->as_bool());
  EXPECT_EQ(find(pod, "spec", "volumes"), nullptr);
}

TEST(ProbePodTest, WithoutAnAnswerNothingIsProved) {
  Json pod = JsonObject{{"status", {{"phase", "Running"}}}};
  EXPECT_FALSE(report_of(pod));
  pod.as_object()["status"] = JsonObject{{"phase", "Failed"}};
  ASSERT_TRUE(report_of(pod));
  EXPECT_FALSE(report_of(pod)->passed);
  EXPECT_EQ(report_of(pod)->message, "the probe ended without an answer");
}

}  // namespace
}  // namespace dmaas::controller
