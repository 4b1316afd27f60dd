#include "controller/mover_slots.hpp"

#include <gtest/gtest.h>

namespace dmaas::controller {
namespace {

MoverDemand demand(const std::string& namespace_name, const std::string& id = "",
                   const std::string& node = "node-1", const std::string& storage = "main") {
  return {.id = id,
          .namespace_name = namespace_name,
          .storage = storage,
          .node = node,
          .max_on_storage = 4};
}

TEST(MoverSlotsTest, EachLimitIsNamedWhenItIsReached) {
  std::vector working{demand("a"), demand("a"), demand("a", "", "node-2")};
  auto reason = [&](const MoverLimits& limits) {
    return reason_to_wait(demand("a", "x"), limits, working, {});
  };
  EXPECT_EQ(reason({}), "");
  EXPECT_EQ(reason({.on_node = 2}), "waiting: 2 movers work on node node-1");
  EXPECT_EQ(reason({.in_cluster = 3}), "waiting: 3 movers work on this cluster");
  EXPECT_EQ(reason({.in_cluster = 4, .on_node = 3}), "");
  working.push_back(demand("a", "", "node-2"));
  EXPECT_EQ(reason({}), "waiting: 4 movers work on storage main");
}

TEST(MoverSlotsTest, AMoverWithoutNodeIsHeldUpByNone) {
  std::vector working{demand("a", "", "")};
  EXPECT_EQ(reason_to_wait(demand("a", "x", ""), {.on_node = 1}, working, {}), "");
}

TEST(MoverSlotsTest, TheNamespaceWithTheFewestMoversGetsTheLastPlace) {
  std::vector working{demand("crowd"), demand("crowd"), demand("crowd")};
  std::vector waiting{demand("crowd", "a"), demand("single", "b")};
  EXPECT_EQ(reason_to_wait(waiting[0], {}, working, waiting),
            "waiting: namespaces with fewer movers go first on storage main");
  EXPECT_EQ(reason_to_wait(waiting[1], {}, working, waiting), "");
}

TEST(MoverSlotsTest, NobodyIsHeldUpWhileThereIsPlaceForAll) {
  std::vector working{demand("crowd"), demand("crowd")};
  std::vector waiting{demand("crowd", "a"), demand("single", "b")};
  EXPECT_EQ(reason_to_wait(waiting[0], {}, working, waiting), "");
}

TEST(MoverSlotsTest, WhoCouldNotStartAnywayHoldsUpNobody) {
  std::vector working{demand("crowd", "", "quiet"), demand("crowd", "", "quiet"),
                      demand("other", "", "full")};
  std::vector waiting{demand("crowd", "a", "free"), demand("single", "b", "full")};
  EXPECT_NE(reason_to_wait(waiting[0], {.in_cluster = 4}, working, waiting), "");
  EXPECT_EQ(reason_to_wait(waiting[0], {.in_cluster = 4, .on_node = 1}, working, waiting), "");
}

}  // namespace
}  // namespace dmaas::controller
