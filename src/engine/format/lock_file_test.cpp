#include "engine/format/lock_file.hpp"

#include <gtest/gtest.h>

namespace dmaas::engine {
namespace {

TEST(LockFileTest, ReadsBackWhatItWrote) {
  const LockFile lock{Timestamp{std::chrono::seconds{5}}, true, "host", "user", 42, 7, 8};
  EXPECT_EQ(*decode_lock_file(encode_lock_file(lock)), lock);
}

TEST(LockFileTest, RefusesDamage) {
  for (const char* text : {"", "[]", "{}", R"({"time":5})"}) {
    EXPECT_TRUE(decode_lock_file(text).failed_with(ErrorCode::corrupt)) << text;
  }
}

}  // namespace
}  // namespace dmaas::engine
