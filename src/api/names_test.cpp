#include "api/names.hpp"

#include <gtest/gtest.h>

#include "base/time_text.hpp"

namespace dmaas::api {
namespace {

const Timestamp at = *parse_timestamp("2026-01-02T03:04:05.5Z");

TEST(NamesTest, NamesASessionByPlanRunAndScheduledSecond) {
  EXPECT_EQ(session_name("shop", "uid", "full", at), "shop-full-1767323045");
}

TEST(NamesTest, TellsSessionsApartWhosePartsHaveDashesOrWereCut) {
  auto first = session_name("a-b", "uid", "c", at);
  auto second = session_name("a", "uid", "b-c", at);
  EXPECT_EQ(first.substr(0, 17), second.substr(0, 17));
  EXPECT_NE(first, second);
  std::string plan(60, 'p');
  auto longest = session_name(plan, "uid", std::string(40, 'r'), at);
  EXPECT_EQ(longest.size(), 63U);
  EXPECT_NE(longest, session_name(plan, "other uid", std::string(40, 'r'), at));
}

TEST(NamesTest, NamesEachRetryOfASessionApart) {
  auto first = retry_name("shop", "uid", "full", at, 1);
  EXPECT_EQ(first.substr(0, 21), session_name("shop", "uid", "full", at) + "-");
  EXPECT_EQ(first, retry_name("shop", "uid", "full", at, 1));
  EXPECT_NE(first, retry_name("shop", "uid", "full", at, 2));
  std::string plan(60, 'p');
  std::string run(40, 'r');
  EXPECT_EQ(retry_name(plan, "uid", run, at, 1).size(), 63U);
  EXPECT_NE(retry_name(plan, "uid", run, at, 1), session_name(plan, "uid", run, at));
}

TEST(NamesTest, NamesTheCopyingOfWhatAStorageMissedAfterPlanStorageAndTime) {
  auto name = catch_up_name("shop", "uid", "dmaas-system", "second", at);
  EXPECT_EQ(name.substr(0, 26), "shop-to-second-1767323045-");
  EXPECT_EQ(name, catch_up_name("shop", "uid", "dmaas-system", "second", at));
  EXPECT_NE(name, catch_up_name("shop", "uid", "shop", "second", at));
  EXPECT_LE(catch_up_name(std::string(60, 'p'), "uid", "n", std::string(60, 's'), at).size(), 63U);
}

TEST(NamesTest, NamesASnapshotEquallyEverywhere) {
  auto name = snapshot_name("mariadb", at, "repository", "session");
  EXPECT_EQ(name.substr(0, 24), "mariadb-20260102-030405-");
  EXPECT_EQ(name, snapshot_name("mariadb", at, "repository", "session"));
  EXPECT_NE(name, snapshot_name("mariadb", at, "repository", "other session"));
  EXPECT_EQ(snapshot_name(std::string(63, 'a'), at, "r", "s").size(), 63U);
}

TEST(NamesTest, NamesComponentsOfOtherNamespacesInFull) {
  EXPECT_EQ(volume_component("shop", "shop", "data-0"), "volume/data-0");
  EXPECT_EQ(volume_component("dmaas-system", "shop", "data-0"), "volume/shop/data-0");
  EXPECT_EQ(dump_component("all"), "dump/all");
}

TEST(NamesTest, TellsStoragesOfOneNameApart) {
  auto name = repository_name("mariadb", "a", "main", "east/ns/shop/mariadb");
  EXPECT_EQ(name.substr(0, 13), "mariadb-main-");
  EXPECT_NE(name, repository_name("mariadb", "b", "main", "east/ns/shop/mariadb"));
  EXPECT_LE(repository_name(std::string(63, 'a'), "n", std::string(253, 's'), "p").size(), 63U);
}

TEST(NamesTest, GivesEveryAttemptItsOwnPod) {
  SessionPart part{.session_uid = "uid", .component = "volume/Data_0.", .storage = "s"};
  auto first = mover_name(part);
  EXPECT_EQ(first.substr(0, 20), "mover-volume-data-0-");
  part.attempt = 1;
  EXPECT_NE(mover_name(part), first);
  EXPECT_NE(twin_name(part).substr(0, 5), fill_name(part).substr(0, 5));
  SessionPart longest{.session_uid = "uid",
                      .component = "volume/x/012345678901234567890123456789012345678901234567890"};
  EXPECT_LE(mover_name(longest).size(), 63U);
}

TEST(NamesTest, EverySessionHasAScratchNamespaceOfItsOwn) {
  EXPECT_EQ(scratch_name("uid-1").substr(0, 13), "dmaas-verify-");
  EXPECT_EQ(scratch_name("uid-1").size(), 25U);
  EXPECT_NE(scratch_name("uid-1"), scratch_name("uid-2"));
}

TEST(NamesTest, PlansOfPoliciesAreReadableAndOfOneTargetOnly) {
  auto name = policy_plan_name("gold", {"StatefulSet", "shop", "mariadb"});
  EXPECT_EQ(name.substr(0, 13), "mariadb-gold-");
  EXPECT_EQ(name.size(), 18U);
  EXPECT_NE(name, policy_plan_name("gold", {"Deployment", "shop", "mariadb"}));
  EXPECT_NE(name, policy_plan_name("silver", {"StatefulSet", "shop", "mariadb"}));
  EXPECT_EQ(imposed_plan_name("gold", {"StatefulSet", "shop", "mariadb"}), "shop-" + name);
  auto longest =
      imposed_plan_name(std::string(253, 'p'), {"K", std::string(63, 'n'), std::string(253, 'w')});
  EXPECT_LE(longest.size(), 63U);
}

}  // namespace
}  // namespace dmaas::api
