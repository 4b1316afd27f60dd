#include "controller/repository/nearest_paths.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dmaas::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::vector<std::string> stored{"east/ns/shop/mariadb", "east/ns/shop/web",
                                      "west/groups/admin/all"};

TEST(NearestPathsTest, AMisspelledNameIsFound) {
  EXPECT_THAT(nearest_paths("east/ns/shop/maridb", stored, 1), ElementsAre("east/ns/shop/mariadb"));
}

TEST(NearestPathsTest, TheApplicationMattersMoreThanTheCluster) {
  EXPECT_THAT(nearest_paths("west/ns/shop/web", stored, 2),
              ElementsAre("east/ns/shop/web", "east/ns/shop/mariadb"));
}

TEST(NearestPathsTest, AnEmptyStorageHasNone) {
  EXPECT_THAT(nearest_paths("east/ns/shop/web", {}), IsEmpty());
}

}  // namespace
}  // namespace dmaas::controller
