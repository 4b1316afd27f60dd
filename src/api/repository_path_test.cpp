#include "api/repository_path.hpp"

#include <gtest/gtest.h>

namespace dmaas::api {
namespace {

BackupConfigurationSpec spec_of(std::vector<BackupTarget> targets) {
  return {.targets = std::move(targets)};
}

TEST(RepositoryPathTest, NamesTheOnlyTargetOfAPlan) {
  auto spec = spec_of({{.name = "mariadb"}});
  EXPECT_EQ(repository_path("east", {"shop", "nightly"}, spec), "east/ns/shop/mariadb");
  EXPECT_EQ(application_of({"shop", "nightly"}, spec), (ApplicationIdentity{"shop", "mariadb"}));
}

TEST(RepositoryPathTest, NamesThePlanOfAGroup) {
  auto spec = spec_of({{.name = "mariadb"}, {.name = "web"}});
  EXPECT_EQ(repository_path("east", {"shop", "nightly"}, spec), "east/groups/shop/nightly");
  EXPECT_EQ(application_of({"shop", "nightly"}, spec), (ApplicationIdentity{"shop", "nightly"}));
}

TEST(RepositoryPathTest, KeepsPlansOfAdministratorsApartFromThoseOfUsers) {
  auto by_namespaces = spec_of({{.name = "mariadb", .namespaces = {"shop"}}});
  EXPECT_EQ(repository_path("east", {"dmaas-system", "shop"}, by_namespaces),
            "east/groups/dmaas-system/shop");
  auto by_workload =
      spec_of({{.name = "mariadb", .workload = ObjectReference{.namespace_name = "shop"}}});
  EXPECT_EQ(repository_path("east", {"dmaas-system", "shop"}, by_workload),
            "east/groups/dmaas-system/shop");
  EXPECT_EQ(repository_path("east", {"shop", "x"}, by_namespaces), "east/ns/shop/mariadb");
}

TEST(RepositoryPathTest, ComparesWholeSegments) {
  EXPECT_TRUE(is_path_prefix("east/ns/shop", "east/ns/shop/mariadb"));
  EXPECT_TRUE(is_path_prefix("east/ns/shop", "east/ns/shop"));
  EXPECT_FALSE(is_path_prefix("east/ns/shop", "east/ns/shop2/mariadb"));
  EXPECT_FALSE(is_path_prefix("east/ns/shop/mariadb", "east/ns/shop"));
}

TEST(RepositoryPathTest, LetsANamespaceNameOnlyItsOwnPaths) {
  auto code = [](std::string_view path, std::string_view from = "shop") {
    auto result = check_repository_path(path, {.namespace_name = std::string(from)});
    return result ? std::string("ok") : std::string(name_of(result.code()));
  };
  EXPECT_EQ(code("east/ns/shop/mariadb"), "ok");
  EXPECT_EQ(code("west/groups/shop/nightly"), "ok");
  EXPECT_EQ(code("east/ns/shop2/mariadb"), "permission_denied");
  EXPECT_EQ(code("east/ns/other/mariadb"), "permission_denied");
  EXPECT_EQ(code("ns/shop/mariadb"), "permission_denied");
  EXPECT_EQ(code("east/cluster/shop/x"), "permission_denied");
  EXPECT_EQ(code("east/ns/shop/mariadb/more"), "permission_denied");
  EXPECT_EQ(code("east/ns/shop/.."), "invalid_input");
  EXPECT_EQ(code("east/ns/shop/../../other/x"), "invalid_input");
  EXPECT_EQ(code("/east/ns/shop/mariadb"), "invalid_input");
  EXPECT_EQ(code("east/ns//shop"), "invalid_input");
  EXPECT_EQ(code(""), "invalid_input");
  EXPECT_EQ(code("any/place", "dmaas-system"), "ok");
  EXPECT_EQ(code("any/../place", "dmaas-system"), "invalid_input");
}

TEST(RepositoryPathTest, KeepsNamespacesOfOneNameInTwoClustersApart) {
  Surroundings east{.namespace_name = "shop", .cluster = "east"};
  EXPECT_TRUE(check_repository_path("east/ns/shop/mariadb", east));
  EXPECT_TRUE(check_repository_path("west/ns/shop/mariadb", east)
                  .failed_with(ErrorCode::permission_denied));
  east.namespace_name = east.system_namespace;
  EXPECT_TRUE(check_repository_path("west/ns/shop/mariadb", east));
}

TEST(RepositoryPathTest, KnowsEveryNamespaceThatATargetNames) {
  EXPECT_EQ(namespaces_of({.name = "a"}, "shop"), std::vector<std::string>{"shop"});
  EXPECT_EQ(namespaces_of({.name = "a", .namespaces = {"b", "c"}}, "shop"),
            (std::vector<std::string>{"b", "c"}));
  BackupTarget by_workload{.name = "a", .namespaces = {"b", "c"}};
  by_workload.workload = ObjectReference{.kind = "Deployment", .name = "a", .namespace_name = "c"};
  EXPECT_EQ(namespaces_of(by_workload, "shop"), std::vector<std::string>{"c"});
}

}  // namespace
}  // namespace dmaas::api
