#include "engine/packs/pack_builder.hpp"

#include <gtest/gtest.h>

#include "crypto/sha256.hpp"

namespace dmaas::engine {
namespace {

BlobId id_of(std::string_view text) {
  return BlobId{crypto::sha256(bytes_of(text))};
}

TEST(PackBuilderTest, WritesBlobsHeaderAndItsLength) {
  crypto::Sealer sealer{crypto::SealKey::random()};
  PackBuilder builder{BlobType::data, {}};
  EXPECT_EQ(builder.add(id_of("a"), bytes_of("a"), 0, sealer), 33U);
  EXPECT_EQ(builder.add(id_of("b"), bytes_of("bb"), 77, sealer), 34U);
  const SealedPack pack = std::move(builder).finish(sealer);

  EXPECT_EQ(pack.id.digest, crypto::sha256(pack.bytes));
  EXPECT_EQ(pack.bytes.size(), 33 + 34 + stored_header_bytes(pack.blobs));
  const BytesView length_field = pack.bytes.view().last(4);
  const std::uint32_t length = length_field[0] | length_field[1] << 8;
  EXPECT_EQ(length, 37U + 41U + 32U);
  const BytesView sealed_header = pack.bytes.view().last(4 + length).first(length);
  EXPECT_EQ(*decode_pack_header(*sealer.open(sealed_header)), pack.blobs);
  EXPECT_EQ(text_of(*sealer.open(pack.bytes.view().subspan(33, 34))), "bb");
}

TEST(PackBuilderTest, AbsorbsAnotherBuilder) {
  crypto::Sealer sealer{crypto::SealKey::random()};
  PackBuilder first{BlobType::data, {}};
  PackBuilder second{BlobType::data, {}};
  first.add(id_of("a"), bytes_of("a"), 0, sealer);
  second.add(id_of("b"), bytes_of("bb"), 0, sealer);
  first.absorb(std::move(second));
  const SealedPack pack = std::move(first).finish(sealer);
  ASSERT_EQ(pack.blobs.size(), 2U);
  const PackedBlob& moved = pack.blobs[1];
  EXPECT_EQ(moved.handle.id, id_of("b"));
  EXPECT_EQ(text_of(*sealer.open(pack.bytes.view().subspan(moved.offset, moved.length))), "bb");
}

TEST(PackBuilderTest, KnowsTheLimitsOfTheFormat) {
  const PackBuilder builder{BlobType::data, {}};
  EXPECT_FALSE(builder.is_beyond_format(128 << 20));
  EXPECT_TRUE(builder.is_beyond_format(UINT32_MAX));
}

}  // namespace
}  // namespace dmaas::engine
