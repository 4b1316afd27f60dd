#include <gtest/gtest.h>

#include <sys/stat.h>

#include "engine/format/node.hpp"

namespace dmaas::engine {
namespace {

std::string encode(const Node& node) {
  TreeEncoder encoder;
  EXPECT_TRUE(encoder.add(node));
  return encoder.take_text();
}

std::string encoded_name(std::string name) {
  Node node;
  node.name = std::move(name);
  const std::string text = encode(node);
  const std::size_t begin = text.find("\"name\":") + 7;
  return text.substr(begin, text.find(",\"type\"") - begin);
}

TEST(TreeEncoderTest, WritesEmptyTreeAsGoDoes) {
  EXPECT_EQ(TreeEncoder().take_text(), "{\"nodes\":[]}\n");
}

TEST(TreeEncoderTest, WritesEveryFieldInOrder) {
  Node node;
  node.name = "disk";
  node.type = NodeType::block_device;
  node.mode = go_mode_of(S_IFBLK | 0644);
  node.mtime = {1, 500'000'000, 60};
  node.atime = {2, 0, 0};
  node.ctime = {3, 123'456'789, -210};
  node.uid = 4;
  node.user = "u<>&";
  node.group = "g";
  node.inode = 5;
  node.device_id = 6;
  node.size = 7;
  node.links = 8;
  node.link_target = "to";
  node.extended_attributes = {{"user.a", {1, 2}}, {"user.b", {}}};
  node.generic_attributes = {{"windows.x", "{\"a\":1}"}};
  node.device = 1792;
  node.content = {BlobId{}};
  node.subtree = TreeId{};
  node.error = "e";
  const std::string zeros(64, '0');
  EXPECT_EQ(
      encode(node),
      R"({"nodes":[{"name":"disk","type":"dev","mode":67109284,)"
      R"("mtime":"1970-01-01T01:00:01.5+01:00","atime":"1970-01-01T00:00:02Z",)"
      R"("ctime":"1969-12-31T20:30:03.123456789-03:30","uid":4,"gid":0,)"
      R"("user":"u\u003c\u003e\u0026","group":"g","inode":5,"device_id":6,"size":7,"links":8,)"
      R"("linktarget":"to","extended_attributes":[{"name":"user.a","value":"AQI="},)"
      R"({"name":"user.b","value":""}],"generic_attributes":{"windows.x":{"a":1}},)"
      R"("device":1792,"content":[")" +
          zeros + R"("],"subtree":")" + zeros + R"(","error":"e"}]})" + "\n");
}

TEST(TreeEncoderTest, WritesNullForNoContentAndAnEmptyListForAnEmptyFile) {
  Node node;
  node.name = "f";
  EXPECT_NE(encode(node).find("\"content\":null"), std::string::npos);
  node.content.emplace();
  EXPECT_NE(encode(node).find("\"content\":[]"), std::string::npos);
}

// Expected values are of Go: strconv.Quote without its quotes, then json.Marshal.
TEST(TreeEncoderTest, QuotesNamesAsGoDoes) {
  EXPECT_EQ(encoded_name("plain-1.txt"), R"("plain-1.txt")");
  EXPECT_EQ(encoded_name("a\"b\\c"), R"("a\\\"b\\\\c")");
  EXPECT_EQ(encoded_name("bad\xff.x"), R"("bad\\xff.x")");
  EXPECT_EQ(encoded_name("\a\b\t\n\v\f\r\x01\x7f"), R"("\\a\\b\\t\\n\\v\\f\\r\\x01\\x7f")");
  EXPECT_EQ(encoded_name("<&>"), R"("\u003c\u0026\u003e")");
  EXPECT_EQ(encoded_name("grün 日本 🙂"), "\"grün 日本 🙂\"");
  EXPECT_EQ(encoded_name("\u00a0\u200b\u2028\U000e0001"), R"("\\u00a0\\u200b\\u2028\\U000e0001")");
  EXPECT_EQ(encoded_name("\xed\xa0\x80"), R"("\\xed\\xa0\\x80")");  // a surrogate
  EXPECT_EQ(encoded_name("\xc0\x80"), R"("\\xc0\\x80")");           // overlong
  EXPECT_EQ(encoded_name("\xe2\x82"), R"("\\xe2\\x82")");           // cut off
}

TEST(TreeEncoderTest, KeepsLinkTargetsThatAreNotUtf8) {
  Node node;
  node.name = "l";
  node.link_target = std::string("\0\1\2\xfa\xfb\xfc", 6);
  EXPECT_NE(encode(node).find(R"("linktarget":"\u0000\u0001\u0002\ufffd\ufffd\ufffd",)"
                              R"("linktarget_raw":"AAEC+vv8")"),
            std::string::npos);
}

TEST(TreeEncoderTest, ClampsYears) {
  Node node;
  node.name = "old";
  node.mtime.seconds = -100'000'000'000;
  node.ctime.seconds = 900'000'000'000;
  const std::string text = encode(node);
  EXPECT_NE(text.find("\"mtime\":\"0000-01-01T00:00:00Z\""), std::string::npos);
  EXPECT_NE(text.find("\"ctime\":\"9999-12-31T23:59:59Z\""), std::string::npos);
}

TEST(TreeEncoderTest, RefusesNamesThatRepeatDescendOrAreNoNames) {
  TreeEncoder encoder;
  Node node;
  for (const char* name : {"", ".", "..", "a/b"}) {
    node.name = name;
    EXPECT_TRUE(encoder.add(node).failed_with(ErrorCode::invalid_input)) << name;
  }
  node.name = "b";
  EXPECT_TRUE(encoder.add(node));
  EXPECT_TRUE(encoder.add(node).failed_with(ErrorCode::invalid_input));
  node.name = "a";
  EXPECT_TRUE(encoder.add(node).failed_with(ErrorCode::invalid_input));
  node.name = "\xff";  // bytes are unsigned
  EXPECT_TRUE(encoder.add(node));
}

}  // namespace
}  // namespace dmaas::engine
