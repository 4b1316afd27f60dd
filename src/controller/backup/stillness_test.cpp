#include "controller/backup/stillness.hpp"

#include <gtest/gtest.h>

namespace dmaas::controller {
namespace {

using Texts = std::vector<std::string>;

api::BackupTarget target(const std::string& name, std::size_t dumps = 0) {
  api::BackupTarget made{.name = name, .all_objects = true};
  for (std::size_t i = 0; i < dumps; ++i)
    made.dumps.push_back({.name = name + std::to_string(i), .command = {"dump"}});
  return made;
}

void add_volume(applications::Application& application, const std::string& target,
                const Texts& pods) {
  applications::Claim claim;
  claim.key = {target + "-space", "data"};
  claim.phase = "Bound";
  claim.volume = JsonObject{};
  claim.target = target;
  for (const auto& pod : pods) claim.users.push_back({.pod = pod});
  application.claims.push_back(std::move(claim));
}

api::ResolvedHook holds(const std::string& target, api::HookPods pods = api::HookPods::one) {
  api::ResolvedHook hook{.name = "hold-" + target};
  hook.exec.target = target;
  hook.exec.pods = pods;
  hook.exec.command = {"freeze"};
  hook.exec.undo = {"thaw"};
  return hook;
}

TEST(StillnessTest, AGroupIsOfOneMomentWhenEveryTargetIsHeld) {
  applications::Application application;
  add_volume(application, "web", {"web-0"});
  add_volume(application, "db", {"db-0"});
  std::vector targets{target("web"), target("db")};
  auto judged = judge_stillness(targets, application, {holds("web"), holds("db")});
  EXPECT_TRUE(judged.is_group);
  EXPECT_EQ(judged.moving, Texts{});
  EXPECT_EQ(describe_moving(judged), "");
}

TEST(StillnessTest, TheTargetIsNamedThatNothingHolds) {
  applications::Application application;
  add_volume(application, "web", {"web-0"});
  add_volume(application, "db", {"db-0"});
  std::vector targets{target("web"), target("db")};
  auto judged = judge_stillness(targets, application, {holds("db")});
  EXPECT_EQ(describe_moving(judged),
            "not of one point in time: target web: no hook holds it still");
  // A hook of no target takes the first pod of all targets only.
  judged = judge_stillness(targets, application, {holds("")});
  EXPECT_EQ(judged.moving.size(), 2U);
  judged = judge_stillness(targets, application, {holds("", api::HookPods::all)});
  EXPECT_EQ(judged.moving, Texts{});
  // A hook that does something and ends holds nothing.
  auto flush = holds("web");
  flush.exec.undo.clear();
  EXPECT_EQ(judge_stillness(targets, application, {flush, holds("db")}).moving.size(), 1U);
}

TEST(StillnessTest, EveryPodThatUsesAVolumeHasToBeHeld) {
  applications::Application application;
  add_volume(application, "db", {"db-0"});
  add_volume(application, "db", {"db-1"});
  EXPECT_EQ(judge_stillness({target("db")}, application, {holds("db")}).moving,
            Texts{"target db: hooks hold 1 of its 2 pods still: say pods: all"});
  EXPECT_EQ(judge_stillness({target("db")}, application, {holds("db", api::HookPods::all)}).moving,
            Texts{});
}

TEST(StillnessTest, WhatNobodyWritesDoesNotMove) {
  applications::Application application;
  add_volume(application, "archive", {});
  EXPECT_EQ(judge_stillness({target("archive")}, application, {}).moving, Texts{});
  EXPECT_EQ(judge_stillness({target("objects")}, {}, {}).moving, Texts{});
}

TEST(StillnessTest, OneDumpIsOfOneMomentAndTwoAreNot) {
  EXPECT_EQ(judge_stillness({target("db", 1)}, {}, {}).moving, Texts{});
  EXPECT_EQ(judge_stillness({target("db", 2)}, {}, {}).moving.size(), 1U);
  applications::Application application;
  add_volume(application, "web", {"web-0"});
  auto judged = judge_stillness({target("db", 1), target("web")}, application, {holds("web")});
  EXPECT_EQ(judged.moving, Texts{"target db: no hook holds it still"});
}

TEST(StillnessTest, WhatTheHooksDidDecides) {
  applications::Application application;
  add_volume(application, "web", {"web-0"});
  std::vector hooks{holds("web")};
  api::HookResult result{
      .name = "hold-web", .stage = "before", .pod = "web-0", .succeeded = true, .quiesced = true};
  EXPECT_EQ(find_moving_pod(application, hooks, {result}), "");
  EXPECT_EQ(find_moving_pod(application, hooks, {}),
            "pod web-space/web-0 uses claim data and was not held still");
  result.quiesced = false;
  result.message = "no";
  EXPECT_EQ(find_moving_pod(application, hooks, {result}),
            "hook hold-web did not hold pod web-0 still: no");
}

}  // namespace
}  // namespace dmaas::controller
