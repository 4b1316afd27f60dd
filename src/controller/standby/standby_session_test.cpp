#include "controller/standby/standby_session.hpp"

#include <gtest/gtest.h>

#include "api/validate.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

using api::StandbyData;
using api::StandbyTask;

class StandbySessionTest : public testing::Test {
protected:
  StandbySessionTest() {
    standby_.metadata.namespace_name = "dr";
    standby_.metadata.name = "shop";
    standby_.metadata.uid = "0123";
    standby_.spec.repository = {"shop-main", "shop"};
    standby_.spec.namespace_map = {{"shop", "dr"}};
    backup_.spec.snapshot_id = std::string(64, 'a');
    backup_.status.components = {{.name = "volume/data-db-0", .kind = api::ComponentKind::volume},
                                 {.name = "volume/www/files", .kind = api::ComponentKind::volume},
                                 {.name = "dump/all", .kind = api::ComponentKind::dump},
                                 {.name = "resources"}};
  }
  api::RestoreSession session(StandbyTask task) const {
    auto made = standby_session(standby_, task, &backup_);
    EXPECT_TRUE(api::validate(made.spec, {"dr", "dmaas-system", "west"}));
    return made;
  }

  api::Standby standby_;
  api::Snapshot backup_;
};

TEST_F(StandbySessionTest, ASynchronisationBringsTheDataOfVolumesAndNothingElse) {
  auto made = session(StandbyTask::sync);
  EXPECT_EQ(made.spec.source.snapshot, backup_.spec.snapshot_id);
  EXPECT_EQ(made.spec.what.data, api::RestoreData::data_only);
  EXPECT_EQ(made.spec.what.volumes, (std::vector<std::string>{"data-db-0", "files"}));
  ASSERT_TRUE(made.spec.in_place);
  EXPECT_EQ(made.spec.in_place->quiesce, api::QuiesceMethod::refuse_if_in_use);
  EXPECT_EQ(made.spec.in_place->extra_files, api::ExtraFiles::remove);
  EXPECT_EQ(made.spec.in_place->missing_claims, api::MissingClaims::create);
  EXPECT_EQ(made.metadata.namespace_name, "dr");
  EXPECT_EQ(made.metadata.owner_references.at(0).uid, "0123");
}

TEST_F(StandbySessionTest, TimesOfFilesAreTrustedOnlyWhileTheClaimsHoldABackup) {
  for (auto data : {StandbyData::none, StandbyData::partial, StandbyData::changed}) {
    standby_.status.data = data;
    EXPECT_EQ(session(StandbyTask::sync).spec.in_place->compare, api::FileComparison::content);
  }
  standby_.status.data = StandbyData::synced;
  EXPECT_EQ(session(StandbyTask::sync).spec.in_place->compare, api::FileComparison::times);
}

TEST_F(StandbySessionTest, ACheckTriesWhatAnActivationWouldDo) {
  auto check = session(StandbyTask::check);
  auto activation = session(StandbyTask::activation);
  EXPECT_TRUE(check.spec.preflight_only);
  EXPECT_FALSE(activation.spec.preflight_only);
  EXPECT_EQ(check.spec.existing, activation.spec.existing);
  EXPECT_EQ(check.spec.in_place, activation.spec.in_place);
  EXPECT_EQ(activation.spec.what.data, api::RestoreData::all);
}

TEST_F(StandbySessionTest, AnActivationTakesTheNewestBackupWhenItBegins) {
  auto made = standby_session(standby_, StandbyTask::activation, nullptr);
  EXPECT_EQ(made.spec.source.snapshot, "latest");
}

TEST_F(StandbySessionTest, ASecondActivationLeavesWhatTheApplicationWrote) {
  standby_.status.data = StandbyData::changed;
  standby_.status.synced = api::StandbyBackup{.snapshot_id = std::string(64, 'b')};
  auto kept = standby_session(standby_, StandbyTask::activation, nullptr);
  EXPECT_FALSE(kept.spec.in_place);
  EXPECT_EQ(kept.spec.source.snapshot, std::string(64, 'b'));
  standby_.spec.discard_changes = true;
  EXPECT_TRUE(standby_session(standby_, StandbyTask::activation, nullptr).spec.in_place);
}

TEST_F(StandbySessionTest, EachSessionHasANameOfItsOwn) {
  auto first = session(StandbyTask::sync).metadata.name;
  EXPECT_EQ(session(StandbyTask::sync).metadata.name, first);
  ++standby_.status.sessions_started;
  EXPECT_NE(session(StandbyTask::sync).metadata.name, first);
}

}  // namespace
}  // namespace dmaas::controller
