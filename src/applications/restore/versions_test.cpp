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

TEST(VersionsTest, AKindThatIsGoneSaysWhatToDoInstead) {
  const auto gone =
      choose_version(stored({"v1beta1"}, "policy", "podsecuritypolicies", "PodSecurityPolicy"), {});
  EXPECT_EQ(gone.code(), ErrorCode::unsupported);
  EXPECT_THAT(gone.error().message(), testing::HasSubstr("pod-security.kubernetes.io/enforce"));
  const auto other = choose_version(stored({"v1"}, "g.io", "things", "Thing"),
                                    serving({"v3"}, "g.io", "things", "Thing"));
  EXPECT_THAT(other.error().message(), testing::HasSubstr("only g.io/v3"));
}

}  // namespace
}  // namespace dmaas::applications
