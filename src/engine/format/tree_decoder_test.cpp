#include <gtest/gtest.h>

#include <sys/stat.h>

#include "engine/format/node.hpp"

namespace dmaas::engine {
namespace {

Result<std::vector<Node>> decode(std::string_view text) {
  return decode_tree(bytes_of(text));
}

Node full_node() {
  Node node;
  node.name = "n\xff\"\\\n\u2028 <日本>";
  node.type = NodeType::symlink;
  node.mode = go_mode_of(S_IFLNK | 0777);
  node.mtime = {1'700'000'000, 123'000'000, 120};
  node.atime = {-5, 999'999'999, 0};
  node.ctime = {253'402'300'799, 1, -720};
  node.uid = 4'294'967'295;
  node.gid = 7;
  node.user = "root";
  node.group = "a\"b";
  node.inode = UINT64_MAX;
  node.device_id = 9;
  node.size = 1ULL << 60;
  node.links = 2;
  node.link_target = "\xff/x";
  node.extended_attributes = {{"security.capability", {0, 255, 3}}};
  node.generic_attributes = {{"windows.a", "\"x\""}, {"windows.b", "{\"c\":[1,null]}"}};
  node.device = 259;
  node.content = {BlobId{}, BlobId{}};
  node.subtree = TreeId{};
  node.error = "broken";
  return node;
}

TEST(TreeDecoderTest, ReadsBackEveryFieldAndEncodesToTheSameBytes) {
  TreeEncoder encoder;
  ASSERT_TRUE(encoder.add(full_node()));
  const std::string text = encoder.take_text();
  auto nodes = decode(text);
  ASSERT_TRUE(nodes) << nodes.error().message();
  ASSERT_EQ(nodes->size(), 1U);
  EXPECT_EQ(nodes->front(), full_node());
  ASSERT_TRUE(encoder.add(nodes->front()));
  EXPECT_EQ(encoder.take_text(), text);
}

TEST(TreeDecoderTest, ReadsEmptyAndNullTreesAndIgnoresUnknownKeys) {
  EXPECT_TRUE(decode("{\"nodes\":[]}\n")->empty());
  EXPECT_TRUE(decode("{\"nodes\":null}\n")->empty());
  auto nodes = decode(R"({"x":{"y":[1]},"nodes":[{"name":"a","later":{"nested":[1,{"b":2}]},)"
                      R"("type":"file","content":null}]})");
  ASSERT_TRUE(nodes);
  EXPECT_EQ(nodes->front().name, "a");
  EXPECT_FALSE(nodes->front().content);
}

TEST(TreeDecoderTest, ReadsUnknownTypesAsIrregular) {
  EXPECT_EQ(decode(R"({"nodes":[{"name":"a","type":"door"}]})")->front().type, NodeType::irregular);
}

TEST(TreeDecoderTest, UnquotesEveryEscapeOfGo) {
  auto nodes = decode(R"({"nodes":[{"name":"\\x41\\u00e9\\U0001f642\\101\\a\\\\"}]})");
  ASSERT_TRUE(nodes);
  EXPECT_EQ(nodes->front().name, "Aé🙂A\a\\");
}

TEST(TreeDecoderTest, RefusesDamage) {
  for (const char* text :
       {"", "[]", "{}", "{\"nodes\":[", "{\"nodes\":[{\"name\":\"a\"", "{\"nodes\":[1]}",
        R"({"nodes":[{"name":"\\q"}]})", R"({"nodes":[{"name":"\\x4"}]})",
        R"({"nodes":[{"name":"\\"}]})", R"({"nodes":[{"name":"\\777"}]})",
        R"({"nodes":[{"name":"\\Uffffffff"}]})", R"({"nodes":[{"subtree":"12"}]})",
        R"({"nodes":[{"content":["zz"]}]})", R"({"nodes":[{"mode":4294967296}]})",
        R"({"nodes":[{"size":-1}]})", R"({"nodes":[{"mtime":"yesterday"}]})",
        R"({"nodes":[{"mtime":"2020-02-30T00:00:00Z"}]})",
        R"({"nodes":[{"extended_attributes":[{"value":"*"}]}]})"}) {
    EXPECT_TRUE(decode(text).failed_with(ErrorCode::corrupt)) << text;
  }
}

TEST(TreeDecoderTest, PassesOnTheErrorOfTheConsumer) {
  auto result =
      for_each_node(bytes_of(R"({"nodes":[{"name":"a"},{"name":"b"}]})"),
                    [](Node&&) -> Result<> { return fail(ErrorCode::exhausted, "enough"); });
  EXPECT_TRUE(result.failed_with(ErrorCode::exhausted));
}

}  // namespace
}  // namespace dmaas::engine
