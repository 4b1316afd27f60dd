#include "engine/format/index_file.hpp"

#include <gtest/gtest.h>

namespace dmaas::engine {
namespace {

Result<std::vector<IndexPack>> decode(std::string_view json) {
  std::vector<IndexPack> packs;
  TRY(for_each_pack(std::string(json), [&](IndexPack&& pack) -> Result<> {
    packs.push_back(std::move(pack));
    return {};
  }));
  return packs;
}

template <class SomeId>
SomeId id_of(std::uint8_t byte) {
  SomeId id;
  id.digest.fill(byte);
  return id;
}

TEST(IndexFileTest, WritesTheFormOfTheFormat) {
  IndexFileEncoder encoder;
  encoder.add({id_of<PackId>(0x11),
               {{{BlobType::data, id_of<BlobId>(0x22)}, 0, 38, 0},
                {{BlobType::tree, id_of<BlobId>(0x33)}, 38, 112, 511}},
               {}});
  EXPECT_EQ(encoder.blob_count(), 2U);
  auto hex = [](char digit) { return std::string(64, digit); };
  EXPECT_EQ(encoder.take_text(),
            R"({"packs":[{"id":")" + hex('1') + R"(","blobs":[{"id":")" + hex('2') +
                R"(","type":"data","offset":0,"length":38},{"id":")" + hex('3') +
                R"(","type":"tree","offset":38,"length":112,"uncompressed_length":511}]}]})");
  EXPECT_EQ(encoder.take_text(), R"({"packs":[]})");
}

TEST(IndexFileTest, ReadsBackPacksAndMarks) {
  const IndexPack kept{id_of<PackId>(1), {{{BlobType::tree, id_of<BlobId>(2)}, 5, 38, 9}}, {}};
  IndexPack marked = kept;
  marked.id = id_of<PackId>(3);
  marked.marked_for_deletion = Timestamp{std::chrono::seconds{1'700'000'000}};
  IndexFileEncoder encoder;
  encoder.add(kept);
  encoder.add(marked);
  EXPECT_EQ(*decode(encoder.take_text()), (std::vector{kept, marked}));
}

TEST(IndexFileTest, ReadsFormsOfOthers) {
  EXPECT_TRUE(decode(R"({"supersedes":["x"],"packs":null,"later":{"a":[1]}})")->empty());
  EXPECT_TRUE(decode("{}")->empty());
}

TEST(IndexFileTest, RefusesDamage) {
  for (const char* text :
       {"", "{", "[]", R"({"packs":[{"id":"12"}]})", R"({"packs":[{"blobs":[{"type":"cake"}]}]})",
        R"({"packs":[{"blobs":[{"offset":4294967296}]}]})",
        R"({"packs":[{"blobs":[{"length":-1}]}]})", R"({"packs":[{"blobs":[{"length":31}]}]})",
        R"({"packs":[{"blobs":[{"offset":4294967000,"length":4294967000}]}]})"}) {
    EXPECT_TRUE(decode(text).failed_with(ErrorCode::corrupt)) << text;
  }
}

}  // namespace
}  // namespace dmaas::engine
