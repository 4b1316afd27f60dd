#include "gateway/byte_range.hpp"

#include <gtest/gtest.h>

namespace dmaas::gateway {
namespace {

TEST(ByteRangeTest, ReadsTheThreeForms) {
  EXPECT_EQ(*parse_byte_range("bytes=5-9"), (ByteRange{5, 9}));
  EXPECT_EQ(*parse_byte_range("bytes=5-"), (ByteRange{5, std::nullopt}));
  EXPECT_EQ(*parse_byte_range("bytes=-7"), (ByteRange{std::nullopt, 7}));
}

TEST(ByteRangeTest, RefusesEverythingElse) {
  for (auto text :
       {"", "bytes=", "bytes=-", "bytes=9-5", "bytes=a-5", "bytes=1-2,4-5", "bytes=1-5x",
        "lines=1-2", "bytes=+1-2", "bytes=99999999999999999999-", "bytes=0-18446744073709551615"}) {
    EXPECT_EQ(parse_byte_range(text).code(), ErrorCode::invalid_input) << text;
  }
}

}  // namespace
}  // namespace dmaas::gateway
