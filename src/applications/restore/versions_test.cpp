#include "applications/restore/versions.hpp"

#include <gmock/gmock.h>

namespace dmaas::applications {
namespace {

kube::Discovery serving(const std::vector<std::string>& versions, std::string group,
                        std::string plural, std::string kind) {
  std::vector<kube::ServedResource> all;
  for (const auto& version : versions) {
    kube::ServedResource served;
    served.resource = {group, version, plural, kind, true};
    served.preferred = all.empty();
    all.push_back(served);
  }
  return kube::Discovery(std::move(all));
}

StoredKind stored(std::vector<std::string> versions, std::string group, std::string plural,
                  std::string kind) {
  return {{std::move(group), versions.front(), std::move(plural), std::move(kind), true}, versions};
}

TEST(VersionsTest, TheVersionThatTheSourcePreferredWins) {
  const auto choice = choose_version(stored({"v1", "v2"}, "g.io", "things", "Thing"),
                                     serving({"v2", "v1"}, "g.io", "things", "Thing"));
  EXPECT_EQ(choice->applied.version, "v1");
  EXPECT_EQ(choice->conversion, "");
}

TEST(VersionsTest, AnotherStoredVersionIsReported) {
  const auto choice = choose_version(stored({"v2", "v1"}, "g.io", "things", "Thing"),
                                     serving({"v3", "v1"}, "g.io", "things", "Thing"));
  EXPECT_EQ(choice->stored.version, "v1");
  EXPECT_EQ(choice->conversion, "g.io/v1 instead of g.io/v2");
}

TEST(VersionsTest, AVersionOfTheSameShapeIsMade) {
  const auto choice = choose_version(stored({"v1beta1"}, "batch", "cronjobs", "CronJob"),
                                     serving({"v1"}, "batch", "cronjobs", "CronJob"));
  EXPECT_EQ(choice->stored.version, "v1beta1");
  EXPECT_EQ(choice->applied.version, "v1");
  EXPECT_EQ(choice->conversion, "batch/v1 made of batch/v1beta1");
}

TEST(VersionsTest, AKindThatIsGoneIsNamed) {
  const auto gone =
      choose_version(stored({"v1beta1"}, "policy", "podsecuritypolicies", "PodSecurityPolicy"), {});
  EXPECT_EQ(gone.code(), ErrorCode::unsupported);
  const auto other = choose_version(stored({"v1"}, "g.io", "things", "Thing"),
                                    serving({"v3"}, "g.io", "things", "Thing"));
  EXPECT_THAT(other.error().message(), testing::HasSubstr("only g.io/v3"));
}

TEST(VersionsTest, ThePriorityLevelsOfAnOldClusterFitANewOneAndBack) {
  const std::string group = "flowcontrol.apiserver.k8s.io";
  const std::string plural = "prioritylevelconfigurations";
  const std::string kind = "PriorityLevelConfiguration";
  Json document = *parse_json(
      R"({"apiVersion":"flowcontrol.apiserver.k8s.io/v1beta2","spec":{"limited":{"assuredConcurrencyShares":5}}})");
  const Json before = document;

  const auto to_new = choose_version(stored({"v1beta2", "v1beta1"}, group, plural, kind),
                                     serving({"v1"}, group, plural, kind));
  EXPECT_EQ(to_new->conversion, group + "/v1 made of " + group + "/v1beta2");
  convert(document, to_new->applied);
  EXPECT_EQ(text_at(document, "apiVersion"), group + "/v1");
  EXPECT_EQ(number_at(document, "spec", "limited", "nominalConcurrencyShares"), 5);
  EXPECT_EQ(find(*find(*find(document, "spec"), "limited"), "assuredConcurrencyShares"), nullptr);

  const auto to_old = choose_version(stored({"v1"}, group, plural, kind),
                                     serving({"v1beta2", "v1beta1"}, group, plural, kind));
  convert(document, to_old->applied);
  EXPECT_EQ(document, before);
}

}  // namespace
}  // namespace dmaas::applications
