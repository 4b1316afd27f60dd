#include "controller/verification/launch_manifest.hpp"

#include <gtest/gtest.h>

namespace dmaas::controller {
namespace {

std::string problem(const std::string& yaml) {
  auto objects = launched_objects(yaml, "scratch");
  return objects ? "" : objects.error().message();
}

TEST(LaunchManifestTest, EveryObjectComesIntoTheScratchNamespace) {
  auto objects = launched_objects(
      "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n---\n"
      "{apiVersion: v1, kind: Service, metadata: {name: b}, spec: {type: LoadBalancer}}\n",
      "scratch");
  ASSERT_TRUE(objects) << objects.error().message();
  ASSERT_EQ(objects->size(), 2U);
  EXPECT_EQ(kube::key_of((*objects)[0]).text(), "scratch/a");
  EXPECT_EQ(text_at((*objects)[1], "spec", "type"), "ClusterIP");
}

TEST(LaunchManifestTest, NothingReachesOutOfIt) {
  EXPECT_EQ(problem("{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: shop}}"),
            "the manifest: Secret shop/a names a namespace: leave it away");
  EXPECT_NE(problem("{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}}")
                .find("would open the scratch namespace"),
            std::string::npos);
}

TEST(LaunchManifestTest, SaysWhatIsNoManifest) {
  EXPECT_NE(problem("a: [b"), "");
  EXPECT_NE(problem("").find("has 0 objects"), std::string::npos);
  EXPECT_NE(problem("{kind: Pod}").find("metadata.name"), std::string::npos);
}

}  // namespace
}  // namespace dmaas::controller
