#include "engine/format/compression.hpp"

#include <gtest/gtest.h>

#include "crypto/random.hpp"

namespace dmaas::engine {
namespace {

TEST(CompressionTest, GivesBackWhatItTook) {
  Compressor compressor{1};
  Decompressor decompressor;
  for (std::size_t size : {1, 1000, 3'000'000}) {
    for (const Bytes& plain : {Bytes(size, 'x'), crypto::random_bytes(size)}) {
      ByteBuffer out;
      const BytesView frame = compressor.compress(plain);
      ASSERT_TRUE(decompressor.decompress(frame, size, out));
      EXPECT_EQ(copy_of(out), plain);
      std::string text;
      ASSERT_TRUE(decompressor.decompress_unsized(frame, size, text));
      EXPECT_EQ(text, text_of(plain));
    }
  }
}

TEST(CompressionTest, RefusesOtherSizesDamageAndBombs) {
  Compressor compressor{1};
  const BytesView frame = compressor.compress(Bytes(100'000, 'x'));
  Decompressor decompressor;
  ByteBuffer out;
  EXPECT_TRUE(decompressor.decompress(frame, 99'999, out).failed_with(ErrorCode::corrupt));
  EXPECT_TRUE(decompressor.decompress(frame, 100'001, out).failed_with(ErrorCode::corrupt));
  std::string text;
  EXPECT_TRUE(
      decompressor.decompress_unsized(frame, 99'999, text).failed_with(ErrorCode::exhausted));
  EXPECT_TRUE(decompressor.decompress_unsized(frame.first(frame.size() - 1), 1 << 20, text)
                  .failed_with(ErrorCode::corrupt));
  EXPECT_TRUE(decompressor.decompress_unsized(bytes_of("no zstd"), 1 << 20, text)
                  .failed_with(ErrorCode::corrupt));
}

// Stock restic streams its frames: without content size.
TEST(CompressionTest, ReadsFramesOfUnknownSize) {
  // Of `printf hello | zstd -c --no-check`.
  const Bytes frame{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, 0x29, 0x00, 0x00, 'h', 'e', 'l', 'l', 'o'};
  std::string out;
  auto done = Decompressor().decompress_unsized(frame, 100, out);
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(out, "hello");
  EXPECT_TRUE(Decompressor().decompress_unsized(frame, 4, out).failed_with(ErrorCode::exhausted));
}

TEST(CompressionTest, UnpackedFilesAreCompressedInVersion2Only) {
  EXPECT_EQ(text_of(encode_unpacked("{\"a\":1}", 1)), "{\"a\":1}");
  const Bytes second = encode_unpacked("{\"a\":1}", 2);
  EXPECT_EQ(second.front(), 2);
  EXPECT_EQ(*decode_unpacked(second), "{\"a\":1}");
  EXPECT_EQ(*decode_unpacked(bytes_of("[1]")), "[1]");
}

TEST(CompressionTest, RefusesUnpackedFilesOfNewerFormats) {
  auto file = decode_unpacked(bytes_of("\x03xyz"));
  ASSERT_TRUE(file.failed_with(ErrorCode::unsupported));
  EXPECT_NE(file.error().message().find("use a newer one"), std::string::npos);
  EXPECT_TRUE(decode_unpacked({}).failed_with(ErrorCode::corrupt));
}

}  // namespace
}  // namespace dmaas::engine
