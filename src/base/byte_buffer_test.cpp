#include "base/byte_buffer.hpp"

#include <gtest/gtest.h>

namespace dmaas {
namespace {

TEST(ByteBufferTest, KeepsWhatIsInItWhenItGrows) {
  ByteBuffer buffer;
  std::string expected;
  for (std::size_t i = 0; i < 2'000; ++i) {
    const std::string piece(i, static_cast<char>('a' + i % 26));
    buffer.append(bytes_of(piece));
    expected += piece;
  }
  EXPECT_EQ(text_of(buffer), expected);
}

TEST(ByteBufferTest, ForgetsBytesButNotItsCapacity) {
  ByteBuffer buffer;
  buffer.append(bytes_of("abcdef"));
  const auto* const place = buffer.data();
  buffer.truncate(3);
  EXPECT_EQ(text_of(buffer), "abc");
  buffer.truncate(10);
  EXPECT_EQ(text_of(buffer), "abc");
  buffer.extend(3)[0] = 'x';
  EXPECT_EQ(text_of(buffer.view().first(4)), "abcx");
  buffer.clear();
  EXPECT_TRUE(buffer.empty());
  buffer.append(bytes_of("uvwxyz"));
  EXPECT_EQ(buffer.data(), place);
}

TEST(ByteBufferTest, LeavesNothingBehindWhenItIsMoved) {
  ByteBuffer first;
  first.append(bytes_of("abc"));
  ByteBuffer second{std::move(first)};
  EXPECT_EQ(text_of(second), "abc");
  EXPECT_EQ(first.capacity(), 0U);
  first.append(bytes_of("new"));
  EXPECT_EQ(text_of(first), "new");
  second = std::move(first);
  EXPECT_EQ(text_of(second), "new");
  EXPECT_TRUE(first.empty());
}

}  // namespace
}  // namespace dmaas
