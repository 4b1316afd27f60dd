#include "gateway/repository_request.hpp"

#include <gtest/gtest.h>

namespace dmaas::gateway {
namespace {

const std::string id(64, 'a');

TEST(RepositoryRequestTest, FindsStorageRepositoryAndObject) {
  auto request =
      parse_repository_request("GET", "/dmaas-system/main/east/ns/shop/db/index/" + id, "");
  ASSERT_TRUE(request) << request.error().message();
  EXPECT_EQ(request->storage, "dmaas-system/main");
  EXPECT_EQ(request->repository, "east/ns/shop/db");
  EXPECT_EQ(request->action, Action::load);
  EXPECT_EQ(request->kind, ObjectKind::index);
  EXPECT_EQ(request->object_name(), "east/ns/shop/db/index/" + id);
}

TEST(RepositoryRequestTest, PutsDataIntoSubdirectoriesAsResticDoes) {
  auto request = parse_repository_request("HEAD", "/a/b/r/data/" + id, "");
  EXPECT_EQ(request->action, Action::stat);
  EXPECT_EQ(request->object_name(), "r/data/aa/" + id);
}

TEST(RepositoryRequestTest, TellsActionsByMethod) {
  EXPECT_EQ(parse_repository_request("POST", "/a/b/r/config", "")->action, Action::save);
  EXPECT_EQ(parse_repository_request("DELETE", "/a/b/r/locks/" + id, "")->action, Action::remove);
  EXPECT_EQ(parse_repository_request("GET", "/a/b/r/locks/", "")->action, Action::list);
  EXPECT_EQ(parse_repository_request("GET", "/a/b/r/locks", "")->object_name(), "r/locks");
  EXPECT_EQ(parse_repository_request("POST", "/a/b/r/", "create=true")->action,
            Action::create_repository);
  EXPECT_EQ(parse_repository_request("PUT", "/a/b/r/config", "").code(), ErrorCode::unsupported);
  EXPECT_EQ(parse_repository_request("DELETE", "/a/b/r/locks/", "").code(), ErrorCode::unsupported);
}

TEST(RepositoryRequestTest, TakesRepositoriesNamedLikeKindsOfObjects) {
  EXPECT_EQ(parse_repository_request("GET", "/a/b/ns/data/config", "")->repository, "ns/data");
  EXPECT_EQ(parse_repository_request("GET", "/a/b/ns/keys/data/" + id, "")->repository, "ns/keys");
  EXPECT_EQ(parse_repository_request("GET", "/a/b/ns/locks/locks/", "")->repository, "ns/locks");
}

TEST(RepositoryRequestTest, RefusesPathsThatCouldLeadElsewhere) {
  for (auto path : {"/a/b/../c/config", "/a/b/./c/config", "/a/b//c/config", "//a/b/c/config",
                    "/a/b/c%2Fd/config", "/a/b/%2e%2e/config", "/a/b/c/config%00",
                    "/a/b/c\\d/config", "/a/b/c d/config", "a/b/c/config", "/"}) {
    EXPECT_EQ(parse_repository_request("GET", path, "").code(), ErrorCode::invalid_input) << path;
  }
}

TEST(RepositoryRequestTest, RefusesPathsWithoutRepositoryOrWithOtherObjects) {
  for (auto path :
       {"/config", "/a/config", "/a/b/config", "/a/b/data/", "/a/b/r", "/a/b/r/other/x"}) {
    EXPECT_EQ(parse_repository_request("GET", path, "").code(), ErrorCode::not_found) << path;
  }
  EXPECT_EQ(parse_repository_request("GET", "/a/b/r/data/xyz", "").code(),
            ErrorCode::invalid_input);
  EXPECT_EQ(parse_repository_request("GET", "/a/b/r/data/" + std::string(64, 'A'), "").code(),
            ErrorCode::invalid_input);
  EXPECT_EQ(parse_repository_request("POST", "/a/b/", "create=true").code(), ErrorCode::not_found);
}

TEST(RepositoryRequestTest, TellsTheRepositoryOfAnObject) {
  for (const auto& name : {std::string("config"), "keys/" + id, "locks/" + id, "snapshots/" + id,
                           "index/" + id, "data/aa/" + id, "data/" + id}) {
    EXPECT_EQ(repository_of("east/ns/shop/db/" + name), "east/ns/shop/db") << name;
  }
  EXPECT_EQ(repository_of("east/data/aa/" + id), "east");
  for (const auto& name : {std::string("config"), "data/aa/" + id, std::string(".dmaas/probe-1"),
                           "east/pictures/" + id, std::string("east/data/readme")}) {
    EXPECT_EQ(repository_of(name), "") << name;
  }
}

}  // namespace
}  // namespace dmaas::gateway
