#include "engine/index/blob_index.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "crypto/sha256.hpp"

namespace dmaas::engine {
namespace {

BlobHandle blob_of(int number, BlobType type = BlobType::data) {
  return {type, BlobId{crypto::sha256(bytes_of("blob " + std::to_string(number)))}};
}
PackId pack_of(int number) {
  return PackId{crypto::sha256(bytes_of("pack " + std::to_string(number)))};
}
IndexPack pack_with(int pack, int first, int count) {
  IndexPack result{pack_of(pack), {}, {}};
  for (int i = 0; i < count; ++i) {
    result.blobs.push_back({blob_of(first + i), static_cast<std::uint32_t>(100 * i), 100, 500});
  }
  return result;
}

TEST(BlobIndexTest, FindsWhatWasLoaded) {
  BlobIndex index;
  index.load(pack_with(1, 0, 1000));
  index.load(pack_with(2, 1000, 1000));
  index.finish_loading();
  EXPECT_EQ(index.find(blob_of(0)), (BlobLocation{pack_of(1), 0, 100, 500}));
  EXPECT_EQ(index.find(blob_of(1999)), (BlobLocation{pack_of(2), 99'900, 100, 500}));
  EXPECT_EQ(index.find(blob_of(2000)), std::nullopt);
  EXPECT_EQ(index.entry_count(), 2000U);
}

TEST(BlobIndexTest, TellsDataAndTreeOfEqualIdApart) {
  BlobIndex index;
  index.load(pack_with(1, 0, 1));
  index.finish_loading();
  EXPECT_TRUE(index.contains(blob_of(0)));
  EXPECT_FALSE(index.contains(blob_of(0, BlobType::tree)));
}

TEST(BlobIndexTest, DropsRepetitionsButKeepsCopies) {
  BlobIndex index;
  index.load(pack_with(1, 0, 10));
  index.load(pack_with(1, 0, 10));
  index.load(pack_with(2, 0, 10));
  index.finish_loading();
  EXPECT_EQ(index.find_all(blob_of(3)).size(), 2U);
  EXPECT_EQ(index.entry_count(), 20U);
}

TEST(BlobIndexTest, HandsEachUnknownBlobToOneClaimant) {
  BlobIndex index;
  index.load(pack_with(1, 0, 1));
  index.finish_loading();
  EXPECT_EQ(index.claim(blob_of(0)), BlobIndex::Claim::known);
  std::atomic<int> granted{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 1; i <= 20'000; ++i) {
          if (index.claim(blob_of(i)) == BlobIndex::Claim::to_be_stored) ++granted;
        }
      });
    }
  }
  EXPECT_EQ(granted, 20'000);
}

TEST(BlobIndexTest, ClaimedBlobIsFoundOnlyAfterItIsPublished) {
  BlobIndex index;
  EXPECT_EQ(index.claim(blob_of(7)), BlobIndex::Claim::to_be_stored);
  EXPECT_FALSE(index.contains(blob_of(7)));
  EXPECT_EQ(index.find(blob_of(7)), std::nullopt);
  EXPECT_TRUE(index.find_all(blob_of(7)).empty());
  index.publish(pack_of(1), {{blob_of(7), 10, 50, 0}});
  EXPECT_EQ(index.find(blob_of(7)), (BlobLocation{pack_of(1), 10, 50, 0}));
  EXPECT_EQ(index.entry_count(), 1U);
}

TEST(BlobIndexTest, MarkedPackIsReadFromButNotReliedOn) {
  BlobIndex index;
  IndexPack marked = pack_with(1, 0, 2);
  marked.marked_for_deletion = Timestamp{};
  index.load(marked);
  index.load(pack_with(2, 1, 1));
  index.finish_loading();
  EXPECT_EQ(index.find(blob_of(0))->pack, pack_of(1));
  EXPECT_FALSE(index.contains(blob_of(0)));
  EXPECT_EQ(index.find(blob_of(1))->pack, pack_of(2));
  EXPECT_EQ(index.claim(blob_of(0)), BlobIndex::Claim::to_be_stored);
  index.publish(pack_of(3), {{blob_of(0), 0, 50, 0}});
  EXPECT_EQ(index.find(blob_of(0))->pack, pack_of(3));
}

TEST(BlobIndexTest, FindsEverythingAfterManyAdditions) {
  BlobIndex index;
  index.load(pack_with(1, 0, 5000));
  index.finish_loading();
  for (int i = 5000; i < 50'000; ++i) index.publish(pack_of(i / 100), {{blob_of(i), 0, 50, 0}});
  for (int i = 0; i < 50'000; i += 7) ASSERT_TRUE(index.contains(blob_of(i))) << i;
}

}  // namespace
}  // namespace dmaas::engine
