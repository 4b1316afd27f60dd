#include "applications/restore/existing_claims.hpp"

#include <gtest/gtest.h>

namespace dmaas::applications {
namespace {

class ExistingClaimsTest : public testing::Test {
protected:
  ExistingClaimsTest() {
    claim_.phase = "Bound";
    claim_.volume = *parse_json(
        R"({"spec": {"capacity": {"storage": "64Mi"}, "local": {"path": "/disks/1"}}})");
    volume_.bytes = 64 << 20;
  }

  std::string trouble() const { return trouble_with_filling(volume_, claim_); }

  Claim claim_;
  api::PlannedVolume volume_;
};

TEST_F(ExistingClaimsTest, AClaimOfTheMapGetsTheVolumeOthersKeepTheirName) {
  const Naming naming({.namespaces = {{"shop", "copy"}}}, {});
  const api::InPlaceRestore in_place{.claim_map = {{"data-db-2", "data-db-0"}}};
  api::DocumentComponent volume{.claim = "data-db-2", .namespace_name = "shop"};
  EXPECT_EQ(existing_claim_of(volume, in_place, naming).text(), "copy/data-db-0");
  volume.claim = "data-db-1";
  EXPECT_EQ(existing_claim_of(volume, in_place, naming).text(), "copy/data-db-1");
}

TEST_F(ExistingClaimsTest, DataThatFitsMayGoIntoASmallerClaim) {
  EXPECT_EQ(trouble(), "");
}

TEST_F(ExistingClaimsTest, DataThatDoesNotFitIsRefusedWithNumbers) {
  volume_.bytes = 96 << 20;
  EXPECT_EQ(trouble(),
            "the claim has room for 64.0 MiB, the backup's data is 96.0 MiB: enlarge the claim, or "
            "name a larger one in spec.inPlace.claimMap");
}

TEST_F(ExistingClaimsTest, AClaimWithoutVolumeOrOfAnotherModeIsRefused) {
  claim_.volume_mode = "Block";
  EXPECT_EQ(trouble(),
            "the claim's volumeMode is Block, that of the backup Filesystem: name another claim in "
            "spec.inPlace.claimMap");
  claim_.phase = "Pending";
  EXPECT_EQ(trouble(),
            "the claim is Pending, not Bound: start what uses it once, so that it gets a volume");
}

TEST_F(ExistingClaimsTest, AVolumeThatCannotBeMountedSafelyIsRefused) {
  claim_.volume = *parse_json(R"({"spec": {"hostPath": {"path": "/data"}}})");
  EXPECT_NE(trouble().find("on which machine"), std::string::npos);
}

TEST_F(ExistingClaimsTest, WhoUsesAClaimIsNamedWithTheRemedy) {
  EXPECT_EQ(trouble_with_users(claim_), "");
  claim_.users = {{"db-0", "uid", "node"}};
  EXPECT_EQ(
      trouble_with_users(claim_),
      "pod db-0 uses the claim: stop it first, or restore with spec.inPlace.quiesce: scaleToZero");
}

}  // namespace
}  // namespace dmaas::applications
