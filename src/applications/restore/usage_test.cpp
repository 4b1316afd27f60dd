#include "applications/restore/usage.hpp"

#include <gmock/gmock.h>

namespace dmaas::applications {
namespace {

TEST(UsageTest, ReadsQuantitiesOfEveryForm) {
  EXPECT_DOUBLE_EQ(*parse_quantity("500m"), 0.5);
  EXPECT_DOUBLE_EQ(*parse_quantity("1Gi"), 1073741824.0);
  EXPECT_DOUBLE_EQ(*parse_quantity("2e3"), 2000.0);
  EXPECT_DOUBLE_EQ(*parse_quantity("1.5k"), 1500.0);
  EXPECT_DOUBLE_EQ(*parse_quantity("2E"), 2e18);
  for (const char* text : {"", "Gi", "1X", "1 Gi", "nan", "inf", "0x10"}) {
    EXPECT_EQ(parse_quantity(text).code(), ErrorCode::invalid_input) << text;
  }
}

TEST(UsageTest, CountsAllReplicasOfAWorkload) {
  const auto workload = *parse_json(R"({"spec":{"replicas":3,"template":{"spec":{"containers":[
    {"resources":{"requests":{"cpu":"250m"},"limits":{"memory":"1Gi"}}},{"resources":{"requests":{"cpu":"250m"}}}],
    "initContainers":[{"resources":{"requests":{"cpu":"1"}}}]}}}})");
  const Usage usage = usage_of({"apps", "v1", "deployments", "Deployment", true}, workload);
  EXPECT_DOUBLE_EQ(usage.at("pods"), 3);
  EXPECT_DOUBLE_EQ(usage.at("requests.cpu"),
                   3);  // the init container asks for more than both others
  EXPECT_DOUBLE_EQ(usage.at("cpu"), 3);
  EXPECT_DOUBLE_EQ(usage.at("limits.memory"), 3 * 1073741824.0);
  EXPECT_DOUBLE_EQ(usage.at("count/deployments.apps"), 1);
}

TEST(UsageTest, CountsClaimsInTotalAndByClass) {
  const auto claim = *parse_json(
      R"({"spec":{"storageClassName":"fast","resources":{"requests":{"storage":"1Gi"}}}})");
  const Usage usage =
      usage_of({"", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true}, claim);
  EXPECT_DOUBLE_EQ(usage.at("persistentvolumeclaims"), 1);
  EXPECT_DOUBLE_EQ(usage.at("fast.storageclass.storage.k8s.io/requests.storage"), 1073741824.0);
}

TEST(UsageTest, NamesNeedAndWhatIsLeft) {
  const auto quota = *parse_json(
      R"({"spec":{"hard":{"requests.cpu":"2","pods":"10"}},"status":{"used":{"requests.cpu":"1500m","pods":"1"}}})");
  EXPECT_THAT(shortages_of(quota, {{"requests.cpu", 1}, {"pods", 9}}),
              testing::ElementsAre("the restore needs 1 of requests.cpu, 0.5 is left"));
  const auto scoped = *parse_json(R"({"spec":{"scopes":["BestEffort"],"hard":{"pods":"0"}}})");
  EXPECT_THAT(shortages_of(scoped, {{"pods", 1}}), testing::IsEmpty());
}

}  // namespace
}  // namespace dmaas::applications
