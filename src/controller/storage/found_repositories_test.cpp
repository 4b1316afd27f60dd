#include <gtest/gtest.h>

#include "controller/storage/reconcile_storage.hpp"

namespace dmaas::controller {
namespace {

TEST(FoundRepositoriesTest, ShowsAllOfFew) {
  auto found = found_repositories({"a", "b"});
  EXPECT_EQ(found.count, 2);
  EXPECT_EQ(found.paths, (std::vector<std::string>{"a", "b"}));
}

TEST(FoundRepositoriesTest, CountsWhatItDoesNotShow) {
  auto found = found_repositories(std::vector<std::string>(1500, "east/ns/shop/db"));
  EXPECT_EQ(found.count, 1500);
  EXPECT_EQ(found.paths.size(), 1000u);
}

TEST(FoundRepositoriesTest, LongPathsDoNotMakeALargeStatus) {
  auto found = found_repositories(std::vector<std::string>(1000, std::string(512, 'p')));
  EXPECT_EQ(found.count, 1000);
  EXPECT_LE(found.paths.size() * 512, 128u << 10);
}

}  // namespace
}  // namespace dmaas::controller
