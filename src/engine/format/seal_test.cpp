#include "engine/format/seal.hpp"

#include <gtest/gtest.h>

namespace dmaas::engine {
namespace {

TEST(MasterKeyTest, ReadsBackWhatItWrote) {
  const MasterKey key = MasterKey::random();
  EXPECT_EQ(*decode_master_key(encode_master_key(key)), key);
}

TEST(MasterKeyTest, RefusesMissingShortAndZeroParts) {
  EXPECT_TRUE(decode_master_key("{}").failed_with(ErrorCode::corrupt));
  EXPECT_TRUE(decode_master_key("").failed_with(ErrorCode::corrupt));
  MasterKey key = MasterKey::random();
  key.mac_k.fill(0);
  EXPECT_TRUE(decode_master_key(encode_master_key(key)).failed_with(ErrorCode::corrupt));
}

}  // namespace
}  // namespace dmaas::engine
