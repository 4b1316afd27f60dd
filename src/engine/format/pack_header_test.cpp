#include "engine/format/pack_header.hpp"

#include <gtest/gtest.h>

namespace dmaas::engine {
namespace {

std::vector<PackedBlob> sample() {
  BlobId id;
  id.digest.fill(0xab);
  return {{{BlobType::data, id}, 0, 100, 0},
          {{BlobType::tree, id}, 100, 200, 0},
          {{BlobType::data, id}, 300, 0x01020304, 0x0a0b0c0d},
          {{BlobType::tree, id}, 300 + 0x01020304, 40, 7}};
}

TEST(PackHeaderTest, EncodesByTheFormat) {
  const Bytes header = encode_pack_header(sample());
  ASSERT_EQ(header.size(), 2 * 37U + 2 * 41U);
  EXPECT_EQ(header[0], 0);
  EXPECT_EQ(header[37], 1);
  const Bytes third(header.begin() + 74, header.begin() + 84);
  EXPECT_EQ(third, (Bytes{2, 4, 3, 2, 1, 0x0d, 0x0c, 0x0b, 0x0a, 0xab}));
  EXPECT_EQ(header[115], 3);
  EXPECT_EQ(stored_header_bytes(sample()), header.size() + 32 + 4);
}

TEST(PackHeaderTest, DecodesWhatItEncoded) {
  EXPECT_EQ(*decode_pack_header(encode_pack_header(sample())), sample());
}

TEST(PackHeaderTest, RefusesDamage) {
  const Bytes header = encode_pack_header(sample());
  for (std::size_t size = 1; size < header.size(); ++size) {
    const bool is_whole = size == 37 || size == 74 || size == 115;
    EXPECT_EQ(decode_pack_header(BytesView{header}.first(size)).has_value(), is_whole) << size;
  }
  Bytes unknown_type = header;
  unknown_type[0] = 4;
  EXPECT_TRUE(decode_pack_header(unknown_type).failed_with(ErrorCode::corrupt));
  Bytes too_short_blob = header;
  too_short_blob[1] = 31;
  EXPECT_TRUE(decode_pack_header(too_short_blob).failed_with(ErrorCode::corrupt));
  Bytes too_long_pack = header;
  too_long_pack[4] = 0xff;
  too_long_pack[37 + 4] = 0xff;
  EXPECT_TRUE(decode_pack_header(too_long_pack).failed_with(ErrorCode::corrupt));
}

}  // namespace
}  // namespace dmaas::engine
