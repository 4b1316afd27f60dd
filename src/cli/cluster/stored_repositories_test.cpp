#include "cli/cluster/stored_repositories.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dmaas::cli {
namespace {

using ::testing::HasSubstr;

TEST(StoredRowsTest, PathTellsApplicationAndOwner) {
  auto rows = stored_rows({"east/ns/shop/mariadb", "east/groups/admin/all", "old/restic"}, {});
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].application, "shop/mariadb");
  EXPECT_EQ(rows[0].owner, "east");
  EXPECT_EQ(rows[1].application, "admin/all");
  EXPECT_EQ(rows[2].application, "");
  EXPECT_FALSE(rows[0].backups);
}

TEST(StoredRowsTest, ObjectTellsWhatIsInside) {
  api::Repository repository;
  repository.metadata.name = "mariadb-main";
  repository.metadata.namespace_name = "shop";
  repository.spec.path = "east/ns/shop/mariadb";
  repository.status.format_version = 2;
  repository.status.snapshot_count = 7;
  repository.status.owner_cluster = api::ClusterIdentity{"west", "1"};
  auto rows = stored_rows({"east/ns/shop/mariadb"}, {repository});
  EXPECT_EQ(rows[0].object, "shop/mariadb-main");
  EXPECT_EQ(rows[0].owner, "west");
  EXPECT_EQ(rows[0].backups, 7);
}

TEST(ChoosePathTest, TheOnlyRepositoryIsTaken) {
  EXPECT_EQ(*choose_path({.count = 1, .paths = {"east/ns/shop/db"}}, "main"), "east/ns/shop/db");
}

TEST(ChoosePathTest, SeveralAreListed) {
  auto chosen = choose_path({.count = 2, .paths = {"east/ns/shop/db", "east/ns/shop/web"}}, "main");
  ASSERT_TRUE(chosen.failed_with(ErrorCode::invalid_input));
  EXPECT_THAT(chosen.error().message(),
              HasSubstr("choose one with --path:\n  east/ns/shop/db\n  east/ns/shop/web"));
}

TEST(ChoosePathTest, AnEmptyStorageSaysSo) {
  EXPECT_TRUE(choose_path({}, "main").failed_with(ErrorCode::not_found));
}

}  // namespace
}  // namespace dmaas::cli
