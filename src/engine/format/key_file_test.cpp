#include "engine/format/key_file.hpp"

#include <gtest/gtest.h>

#include "base/json.hpp"

namespace dmaas::engine {
namespace {

KeyFile sealed_file(const MasterKey& key) {
  KeyFile file;
  file.created = Timestamp{std::chrono::seconds{1'700'000'000}};
  file.username = "me";
  file.hostname = "here";
  file.cost = {.n = 2, .r = 1, .p = 1};
  EXPECT_TRUE(seal_into(file, key, "secret"));
  return file;
}

TEST(KeyFileTest, OpensWithItsPasswordOnly) {
  const MasterKey key = MasterKey::random();
  auto file = decode_key_file(encode_key_file(sealed_file(key)));
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ(file->hostname, "here");
  EXPECT_EQ(file->created, Timestamp{std::chrono::seconds{1'700'000'000}});
  EXPECT_EQ(*open_key_file(*file, "secret"), key);
  EXPECT_TRUE(open_key_file(*file, "Secret").failed_with(ErrorCode::wrong_key));
}

TEST(KeyFileTest, HoldsNeitherPasswordNorMasterKeyInTheOpen) {
  const MasterKey key = MasterKey::random();
  const std::string text = encode_key_file(sealed_file(key));
  EXPECT_EQ(text.find("secret"), std::string::npos);
  EXPECT_EQ(text.find(encode_master_key(key).substr(8, 30)), std::string::npos);
}

TEST(KeyFileTest, RefusesDamageAndForeignCosts) {
  auto changed = [](std::string_view key, Json value) {
    Json json = *parse_json(encode_key_file(sealed_file(MasterKey::random())));
    json.as_object()[key] = std::move(value);
    return decode_key_file(to_text(json)).code();
  };
  EXPECT_EQ(changed("kdf", "argon2"), ErrorCode::unsupported);
  EXPECT_EQ(changed("N", 1ULL << 31), ErrorCode::exhausted);
  EXPECT_EQ(changed("N", -1), ErrorCode::corrupt);
  EXPECT_EQ(changed("r", "8"), ErrorCode::corrupt);
  EXPECT_EQ(changed("salt", "*"), ErrorCode::corrupt);
  EXPECT_TRUE(decode_key_file("nonsense").failed_with(ErrorCode::corrupt));
}

TEST(KeyFileTest, FreshSaltEachTime) {
  const MasterKey key = MasterKey::random();
  EXPECT_NE(sealed_file(key).salt, sealed_file(key).salt);
}

}  // namespace
}  // namespace dmaas::engine
