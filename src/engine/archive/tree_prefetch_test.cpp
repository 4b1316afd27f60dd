#include "engine/archive/tree_prefetch.hpp"

#include <gtest/gtest.h>

#include "storage/memory_store.hpp"

namespace dmaas::engine {
namespace {

class TreePrefetchTest : public ::testing::Test {
protected:
  void SetUp() override {
    InitOptions init;
    init.key.cost = {.n = 2, .r = 1, .p = 1};
    repository_ = std::move(*Repository::init(store_, "password", init, {}, system_clock(), {}));
    ASSERT_TRUE(repository_->load_index({}));
  }

  TreeId save_tree(const std::string& name) {
    TreeEncoder encoder;
    Node node;
    node.name = name;
    node.content.emplace();
    EXPECT_TRUE(encoder.add(node));
    auto saved = repository_->saver().save(BlobType::tree, bytes_of(encoder.take_text()), {});
    EXPECT_TRUE(repository_->saver().flush({}));
    return TreeId{saved->id.digest};
  }

  storage::MemoryStore store_;
  std::unique_ptr<Repository> repository_;
};

TEST_F(TreePrefetchTest, GivesWhatWasExpectedAtMostOnce) {
  const TreeId tree = save_tree("a");
  TreePrefetch prefetch{*repository_};
  auto expected = prefetch.expect(tree);
  ASSERT_TRUE(expected);
  EXPECT_FALSE(prefetch.expect(tree)) << "it is expected already";
  // The thread may not have come to it yet: then the caller has to load it.
  if (auto nodes = prefetch.take(tree)) {
    ASSERT_EQ(nodes->size(), 1U);
    EXPECT_EQ(nodes->front().name, "a");
  }
  EXPECT_FALSE(prefetch.take(tree));
}

TEST_F(TreePrefetchTest, ExpectsNothingThatIsNotInTheIndex) {
  TreePrefetch prefetch{*repository_};
  EXPECT_FALSE(prefetch.expect(TreeId{}));
}

TEST_F(TreePrefetchTest, MakesRoomWhenExpectationsEnd) {
  std::vector<TreeId> trees;
  for (std::size_t i = 0; i <= TreePrefetch::max_trees; ++i)
    trees.push_back(save_tree(std::to_string(i)));
  TreePrefetch prefetch{*repository_};
  std::vector<TreePrefetch::Expectation> expectations;
  for (std::size_t i = 0; i < TreePrefetch::max_trees; ++i)
    expectations.push_back(prefetch.expect(trees[i]).value());
  EXPECT_FALSE(prefetch.expect(trees.back()));
  // Of those that are being loaded at this moment there is one at most.
  expectations.clear();
  std::size_t accepted = 0;
  for (const TreeId& tree : trees) {
    if (auto expectation = prefetch.expect(tree)) ++accepted;
  }
  EXPECT_GE(accepted, TreePrefetch::max_trees);
}

TEST_F(TreePrefetchTest, EndsWhileTreesAreExpected) {
  const TreeId tree = save_tree("a");
  TreePrefetch prefetch{*repository_};
  auto expected = prefetch.expect(tree);
}

}  // namespace
}  // namespace dmaas::engine
