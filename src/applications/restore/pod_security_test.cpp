#include "applications/restore/pod_security.hpp"

#include <gtest/gtest.h>

namespace dmaas::applications {
namespace {

Json policy(std::string_view spec) {
  return JsonObject{{"kind", "PodSecurityPolicy"}, {"spec", *parse_json(spec)}};
}

TEST(PodSecurityTest, APolicyThatAllowsTheHostIsPrivileged) {
  EXPECT_EQ(closest_pod_security(policy(R"({"privileged":true,"volumes":["secret"]})")),
            "privileged");
  EXPECT_EQ(closest_pod_security(policy(R"({"hostNetwork":true})")), "privileged");
  EXPECT_EQ(closest_pod_security(policy(R"({"volumes":["*"]})")), "privileged");
  EXPECT_EQ(closest_pod_security(policy(R"({"volumes":["hostPath"]})")), "privileged");
  EXPECT_EQ(closest_pod_security(policy(R"({"allowedCapabilities":["NET_ADMIN"]})")), "privileged");
}

TEST(PodSecurityTest, APolicyThatAllowsRootIsBaseline) {
  EXPECT_EQ(closest_pod_security(policy(
                R"({"allowPrivilegeEscalation":false,"requiredDropCapabilities":["ALL"],
                    "volumes":["secret"],"runAsUser":{"rule":"RunAsAny"}})")),
            "baseline");
  EXPECT_EQ(closest_pod_security(policy(
                R"({"allowPrivilegeEscalation":false,"requiredDropCapabilities":["ALL"],
                    "runAsUser":{"rule":"MustRunAs","ranges":[{"min":0,"max":9}]}})")),
            "baseline");
  EXPECT_EQ(closest_pod_security(policy(R"({"allowedCapabilities":["CHOWN"]})")), "baseline");
}

TEST(PodSecurityTest, APolicyThatForbidsRootAndCapabilitiesIsRestricted) {
  EXPECT_EQ(closest_pod_security(policy(
                R"({"allowPrivilegeEscalation":false,"requiredDropCapabilities":["ALL"],
                    "volumes":["secret","configMap"],"runAsUser":{"rule":"MustRunAsNonRoot"}})")),
            "restricted");
}

}  // namespace
}  // namespace dmaas::applications
