#include "engine/format/config.hpp"

#include <gtest/gtest.h>

namespace dmaas::engine {
namespace {

Config sample() {
  return {2, std::string(64, 'a'), 0x3DA3358B4DC173, ChunkerKind::fastcdc, {}};
}

std::string with(std::string_view version, std::string_view polynomial,
                 std::string_view rest = "") {
  return R"({"version":)" + std::string(version) + R"(,"id":")" + std::string(64, 'a') +
         R"(","chunker_polynomial":")" + std::string(polynomial) + "\"" + std::string(rest) + "}";
}

TEST(ConfigTest, ReadsBackWhatItWrote) {
  Config config = sample();
  EXPECT_EQ(*decode_config(encode_config(config)), config);
  config.gear = Bytes(2048, 7);
  EXPECT_EQ(*decode_config(encode_config(config)), config);
  config.gear.clear();
  config.chunker = ChunkerKind::rabin;
  config.version = 1;
  EXPECT_EQ(*decode_config(encode_config(config)), config);
}

TEST(ConfigTest, ConfigOfOthersMeansRabin) {
  EXPECT_EQ(decode_config(with("2", "3da3358b4dc173", R"(,"chunker":"Rabin","x":1)"))->chunker,
            ChunkerKind::rabin);
}

TEST(ConfigTest, RefusesNewerVersionsWithARemedy) {
  auto config = decode_config(with("3", "3da3358b4dc173"));
  ASSERT_TRUE(config.failed_with(ErrorCode::unsupported));
  EXPECT_NE(config.error().message().find("use a newer one"), std::string::npos);
  EXPECT_TRUE(decode_config(with("2", "3da3358b4dc173", R"(,"dmaas_chunker":"fastcdc-9")"))
                  .failed_with(ErrorCode::unsupported));
}

TEST(ConfigTest, RefusesDamage) {
  for (const std::string& text : {std::string("{"), std::string("{}"), with("0", "3da3358b4dc173"),
                                  with("2", "3da3358b4dc172"),  // even: x divides it
                                  with("2", "25"), with("2", "xyz"), with("2", ""),
                                  with("2", "3da3358b4dc173", R"(,"dmaas_gear":"AAAA")")}) {
    EXPECT_TRUE(decode_config(text).failed_with(ErrorCode::corrupt)) << text;
  }
}

}  // namespace
}  // namespace dmaas::engine
