#include "controller/restore/existing_claim.hpp"

#include <gmock/gmock.h>

#include "api/backup_session.hpp"
#include "controller/claim_sessions.hpp"
#include "controller/testing/memory_world.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ExistingClaimTest : public testing::Test {
protected:
  ExistingClaimTest() {
    seed(kube::resources::persistent_volume_claims(),
         R"({"metadata": {"namespace": "shop", "name": "data"}, "spec": {"volumeName": "pv"},
             "status": {"phase": "Bound"}})");
    seed(kube::resources::persistent_volumes(),
         R"({"metadata": {"name": "pv"},
             "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
                      "local": {"path": "/disks/1"}}})");
    work_.session.metadata.namespace_name = "shop";
    work_.session.metadata.name = "restore";
    work_.session.metadata.uid = "session";
    work_.session.spec.in_place.emplace();
    allow(true);
  }

  void seed(const kube::Resource& resource, const std::string& text) {
    auto object = *parse_json(text);
    object.as_object()["apiVersion"] = resource.api_version();
    object.as_object()["kind"] = resource.kind;
    server_.seed(resource, std::move(object));
  }
  void use_claim() {
    seed(kube::resources::pods(),
         R"({"metadata": {"namespace": "shop", "name": "db-0"}, "status": {"phase": "Running"},
             "spec": {"volumes": [{"persistentVolumeClaim": {"claimName": "data"}}]}})");
  }
  void allow(bool allowed) {
    server_.set_review([allowed](Json review) {
      review.as_object()["status"] = JsonObject{{"allowed", allowed}};
      return review;
    });
  }

  /// The reason of the one finding; "" when the claim is accepted.
  std::string examine(const std::string& claim = "data", const std::string& space = "shop") {
    api::RestoreReport report;
    report.volumes = {{.component = "volume/data",
                       .claim = claim,
                       .namespace_name = space,
                       .in_place = true,
                       .bytes = 100}};
    auto examined = examine_existing_claims(memory_.world, work_, report, {});
    EXPECT_TRUE(examined) << examined.error().message();
    if (report.preflight->findings.empty()) return {};
    EXPECT_EQ(report.preflight->rejected, 1);
    EXPECT_EQ(report.preflight->findings[0].object, "PersistentVolumeClaim " + space + "/" + claim);
    return report.preflight->findings[0].reason;
  }

  kube::FakeApiServer server_;
  MemoryWorld memory_{server_};
  RestoreWork work_;
};

TEST_F(ExistingClaimTest, AClaimThatNobodyUsesIsAccepted) {
  EXPECT_EQ(examine(), "");
}

TEST_F(ExistingClaimTest, AClaimInUseIsRefused) {
  use_claim();
  EXPECT_THAT(examine(), StartsWith("pod db-0 uses the claim: stop it first"));
}

TEST_F(ExistingClaimTest, APodThatCannotBeScaledToZeroIsRefused) {
  use_claim();
  work_.session.spec.in_place->quiesce = api::QuiesceMethod::scale_to_zero;
  EXPECT_THAT(examine(), HasSubstr("belongs to no workload that can be scaled to zero"));
}

TEST_F(ExistingClaimTest, APodThatNoHookCanHoldStillIsRefused) {
  use_claim();
  work_.session.spec.in_place->quiesce = api::QuiesceMethod::hook;
  EXPECT_THAT(examine(), StartsWith("pod db-0 uses the claim and is not ready, so no hook can"));
}

TEST_F(ExistingClaimTest, AMissingClaimIsRefusedWithTheRemedies) {
  EXPECT_EQ(examine("other"),
            "volume volume/data of the backup needs this claim, which does not exist: make it, "
            "name another one in spec.inPlace.claimMap, or name the volumes to restore in "
            "spec.what.volumes");
}

TEST_F(ExistingClaimTest, WhoMayNotMakePodsMayNotFillClaims) {
  allow(false);
  EXPECT_EQ(examine(),
            "system:serviceaccount:dmaas-system:dmaas-restore-shop may not create pods in shop, "
            "and so not write to its claims: give it a role that allows this");
}

TEST_F(ExistingClaimTest, AClaimBehindAWallIsRefused) {
  EXPECT_THAT(examine("data", "kube-system"), HasSubstr("BackupGrant"));
}

TEST_F(ExistingClaimTest, TwoSessionsDoNotFillOneClaim) {
  api::RestoreSession other;
  other.metadata.namespace_name = "shop";
  other.metadata.name = "earlier";
  other.metadata.uid = "other";
  other.spec.source.repository = api::NamespacedReference{"r", ""};
  other.status.stage = api::RestoreStage::restoring_backups;
  other.status.volumes = {{.claim = "data", .namespace_name = "shop", .in_place = true}};
  memory_.restore_sessions.apply(api::encode(other));
  EXPECT_EQ(examine(), "session shop/earlier works on it: wait until that is over, or cancel it");
  EXPECT_EQ(session_filling(memory_.world, {"shop", "data"}, ""), "shop/earlier");
  EXPECT_EQ(session_filling(memory_.world, {"shop", "data"}, "other"), "");
}

TEST_F(ExistingClaimTest, AClaimThatIsBackedUpNowIsNotFilled) {
  api::BackupSession backup;
  backup.metadata.namespace_name = "shop";
  backup.metadata.name = "daily";
  backup.spec.plan.name = "shop";
  backup.status.components = {{.name = "volume/data", .phase = api::ComponentPhase::moving}};
  memory_.backup_sessions.apply(api::encode(backup));
  EXPECT_EQ(examine(), "session shop/daily works on it: wait until that is over, or cancel it");
  backup.status.components[0].phase = api::ComponentPhase::succeeded;
  memory_.backup_sessions.apply(api::encode(backup));
  EXPECT_EQ(examine(), "");
}

TEST_F(ExistingClaimTest, APodThatComesWhileAClaimIsFilledEndsIt) {
  const api::RestoredVolume volume{.claim = "data", .namespace_name = "shop", .in_place = true};
  use_claim();
  auto wish = wish_existing(memory_.world, work_, volume, {});
  ASSERT_FALSE(wish);
  EXPECT_EQ(wish.error().message(),
            "pod db-0 uses claim shop/data, whose data is being replaced: stop it and restore "
            "again");
}

TEST_F(ExistingClaimTest, WhatWasBegunAndNotFinishedIsWarnedOfOnce) {
  api::RestoreSessionStatus status;
  status.volumes = {
      {.claim = "a", .in_place = true, .attempts = 1},
      {.claim = "b", .in_place = true},
      {.claim = "c", .phase = api::VolumePhase::succeeded, .in_place = true, .attempts = 1}};
  status.volumes[0].namespace_name = "shop";
  warn_of_half_filled(status);
  warn_of_half_filled(status);
  EXPECT_THAT(status.warnings,
              testing::ElementsAre("claim shop/a may hold only a part of the backup: restore it "
                                   "again before it is used"));
}

}  // namespace
}  // namespace dmaas::controller
