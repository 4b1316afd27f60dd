#include "crypto/random.hpp"

#include <gtest/gtest.h>

namespace dmaas::crypto {
namespace {

TEST(RandomTest, GivesOtherBytesEachTime) {
  EXPECT_NE(random_bytes(32), random_bytes(32));
}

TEST(RandomTest, ComparesLengthAndContent) {
  EXPECT_TRUE(equal_in_constant_time(bytes_of("same"), bytes_of("same")));
  EXPECT_FALSE(equal_in_constant_time(bytes_of("same"), bytes_of("some")));
  EXPECT_FALSE(equal_in_constant_time(bytes_of("same"), bytes_of("sam")));
}

}  // namespace
}  // namespace dmaas::crypto
