#include "controller/movers.hpp"

#include <gtest/gtest.h>

#include "controller/belongings.hpp"
#include "controller/testing/memory_world.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

const kube::Resource pods = kube::resources::pods();

class MoversTest : public testing::Test {
protected:
  static MoverWish wish_of(const std::string& session_uid) {
    MoverWish wish;
    wish.storage = "dmaas-system/main";
    wish.max_movers = 8;
    wish.repository = "east/ns/shop/shop";
    wish.scope = api::GatewayScope::backup;
    wish.pod.key.namespace_name = "dmaas-system";
    wish.pod.session = {"BackupSession", "shop", "daily", session_uid};
    wish.pod.component = "volume/data";
    return wish;
  }

  MoverView step() {
    auto view = step_mover(memory_.world, wish_, facts_, {});
    EXPECT_TRUE(view) << view.error().message();
    return view.value_or(MoverView{});
  }

  /// The container ends as if it had been killed.
  void kill_mover() {
    auto pod = *server_.peek(pods, {facts_.pod->namespace_name, facts_.pod->name});
    JsonObject terminated{{"exitCode", 137}, {"reason", "Error"}};
    JsonObject container{{"name", "mover"}, {"state", {{"terminated", std::move(terminated)}}}};
    pod.as_object()["status"] =
        JsonObject{{"phase", "Failed"}, {"containerStatuses", JsonArray{std::move(container)}}};
    ASSERT_TRUE(server_.replace(pods, pod, {.subresource = "status"}, {}));
  }

  void post(api::MoverResult result) {
    memory_.reports.post_result(facts_.pod->uid, wish_.pod.session, std::move(result), {}, {});
  }

  kube::FakeApiServer server_;
  MemoryWorld memory_{server_};
  MoverWish wish_ = wish_of("uid-1");
  MoverFacts facts_;
};

TEST_F(MoversTest, AKilledMoverIsReplacedAtOnceTwiceAndTheThirdLossIsTheLast) {
  for (int attempt = 1; attempt <= 3; ++attempt) {
    step();
    EXPECT_EQ(facts_.attempts, attempt);
    ASSERT_TRUE(facts_.pod);
    EXPECT_TRUE(memory_.grants.pods().contains(facts_.pod->uid));
    kill_mover();
    step();
    EXPECT_FALSE(facts_.pod);
    EXPECT_TRUE(memory_.grants.pods().empty());
  }
  auto view = step();
  EXPECT_EQ(view.state, MoverState::given_up);
  EXPECT_EQ(view.message,
            "3 movers were lost, the last one: the mover ended with exit code 137 (Error)");
  EXPECT_TRUE(server_.peek_all(pods).empty());
}

TEST_F(MoversTest, NoMoreMoversWorkOnAStorageThanItBears) {
  wish_.max_movers = 2;
  for (auto pod : {"of-another-session", "of-a-restore"})
    ASSERT_TRUE(memory_.grants.add({.pod_uid = pod, .storage = wish_.storage}, {}));
  EXPECT_EQ(step().message, "waiting: 2 movers work on storage dmaas-system/main");
  EXPECT_FALSE(facts_.pod);
  ASSERT_TRUE(memory_.grants.remove("of-a-restore", {}));
  step();
  EXPECT_TRUE(facts_.pod);
}

TEST_F(MoversTest, AMoverThatCopiesReadsOneRepositoryAndWritesTheOther) {
  wish_.scope = api::GatewayScope::backup;
  wish_.source = MoverSource{.storage = "dmaas-system/other", .repository = "east/ns/shop/db"};
  step();
  auto grants = memory_.grants.all();
  ASSERT_EQ(grants.size(), 2U);
  EXPECT_EQ(grants[0].storage, wish_.storage);
  EXPECT_EQ(grants[0].scope, api::GatewayScope::backup);
  EXPECT_EQ(grants[1].storage, "dmaas-system/other");
  EXPECT_EQ(grants[1].repository, "east/ns/shop/db");
  EXPECT_EQ(grants[1].scope, api::GatewayScope::read);
  ASSERT_TRUE(retire_mover(memory_.world, facts_, {}));
  EXPECT_TRUE(memory_.grants.all().empty());
}

TEST_F(MoversTest, AMoverThatCopiesCountsOnBothStoragesAndOnceInTheCluster) {
  wish_.source = MoverSource{.storage = "dmaas-system/other", .repository = "east/ns/shop/db"};
  step();
  auto next = wish_of("uid-2");
  next.storage = "dmaas-system/other";
  next.max_movers = 1;
  std::swap(wish_, next);
  facts_ = {};
  EXPECT_EQ(step().message, "waiting: 1 movers work on storage dmaas-system/other");
  wish_.storage = "dmaas-system/third";
  memory_.settings.max_movers = 2;
  step();
  EXPECT_TRUE(facts_.pod);
}

TEST_F(MoversTest, NoMoreMoversWorkOnANodeThanTheControllerAllows) {
  memory_.settings.max_movers_per_node = 1;
  wish_.pod.node = "node-1";
  step();
  auto first = std::exchange(facts_, {});
  wish_ = wish_of("uid-2");
  wish_.pod.node = "node-1";
  EXPECT_EQ(step().message, "waiting: 1 movers work on node node-1");
  ASSERT_TRUE(retire_mover(memory_.world, first, {}));
  step();
  EXPECT_TRUE(facts_.pod);
}

TEST_F(MoversTest, AnotherMoverRepeatsWhatFailedBecauseSomethingDidNotAnswer) {
  step();
  post({.outcome = api::MoverOutcome::failed, .error_code = "unavailable", .message = "away"});
  EXPECT_EQ(step().state, MoverState::starting);
  EXPECT_EQ(facts_.trouble, "away");
  step();
  EXPECT_EQ(facts_.attempts, 2);
  post({.outcome = api::MoverOutcome::failed, .error_code = "corrupt", .message = "damaged"});
  auto view = step();
  EXPECT_EQ(view.state, MoverState::delivered);
  EXPECT_EQ(view.result->message, "damaged");
}

TEST_F(MoversTest, APodThatAnEarlierProcessMadeWithoutWritingItDownIsReplaced) {
  step();
  auto orphan = facts_.pod->uid;
  facts_ = {};
  step();
  EXPECT_FALSE(facts_.pod);
  step();
  ASSERT_TRUE(facts_.pod);
  EXPECT_NE(facts_.pod->uid, orphan);
  EXPECT_EQ(memory_.grants.pods(), std::set<std::string>{facts_.pod->uid});
  EXPECT_EQ(server_.peek_all(pods).size(), 1u);
}

TEST_F(MoversTest, NoPodIsMadeBeforeItsVolumeIsThere) {
  wish_.waits_for = "its volume is being bound";
  EXPECT_EQ(step().message, "its volume is being bound");
  EXPECT_TRUE(server_.peek_all(pods).empty());
  EXPECT_EQ(facts_.attempts, 0);
}

TEST_F(MoversTest, ASessionThatEndsLeavesNothingNotEvenWhatItsStatusForgot) {
  step();
  auto own = facts_.pod->uid;
  facts_ = {};
  wish_ = wish_of("uid-2");
  step();
  ASSERT_TRUE(remove_belongings_of(memory_.world, "uid-1", {}));
  ASSERT_EQ(server_.peek_all(pods).size(), 1u);
  EXPECT_EQ(kube::uid_of(server_.peek_all(pods).front()), facts_.pod->uid);
  EXPECT_FALSE(memory_.grants.pods().contains(own));
  EXPECT_TRUE(memory_.grants.pods().contains(facts_.pod->uid));
}

}  // namespace
}  // namespace dmaas::controller
