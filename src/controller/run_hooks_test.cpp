#include "controller/run_hooks.hpp"

#include <gtest/gtest.h>

#include "base/yaml.hpp"
#include "controller/testing/memory_world.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

using namespace std::chrono_literals;

class RunHooksTest : public testing::Test {
protected:
  RunHooksTest() {
    server_.set_exec([](const kube::ExecRequest&) { return kube::ExecResult{}; });
    occasion_.targets.front().all_objects = true;
  }
  void put_pod(bool is_ready, const std::string& name = "db-0") {
    auto pod = kube::make_object(kube::resources::pods(), {"shop", name});
    auto& object = pod.as_object();
    object["spec"] = *parse_yaml("{containers: [{name: main}]}");
    object["status"] = *parse_yaml(
        "{phase: Running, containerStatuses: [{name: main, "
        "state: {running: {}}}], conditions: [{type: Ready, status: '" +
        std::string(is_ready ? "True" : "False") + "'}]}");
    server_.seed(kube::resources::pods(), std::move(pod));
  }
  HooksOutcome run(std::chrono::nanoseconds timeout) {
    api::ResolvedHook hook{.name = "thaw"};
    hook.exec.command = {"sync"};
    hook.timeout = timeout;
    return run_hooks(memory_.world, {hook}, occasion_, {});
  }

  kube::FakeApiServer server_;
  MemoryWorld memory_{server_};
  HookOccasion occasion_{
      .stage = "after", .namespace_name = "shop", .targets = {api::BackupTarget{.name = "shop"}}};
};

TEST_F(RunHooksTest, APodThatIsNotReadyForAMomentIsWaitedFor) {
  put_pod(false);
  int asked = 0;
  server_.set_fault([&](const kube::RecordedCall& call) -> std::optional<Error> {
    if (call.verb == kube::Verb::list && ++asked == 2) put_pod(true);
    return std::nullopt;
  });
  auto outcome = run(1min);
  EXPECT_EQ(outcome.abort_message, "");
  ASSERT_EQ(outcome.results.size(), 1u);
  EXPECT_TRUE(outcome.results.front().succeeded);
  EXPECT_EQ(asked, 2);
}

TEST_F(RunHooksTest, WithoutAnyPodNobodyWaits) {
  EXPECT_EQ(run(1h).abort_message, "hook thaw failed: no ready pod to run it in");
}

TEST_F(RunHooksTest, OneThatDoesNotBecomeReadyIsGivenUp) {
  put_pod(false);
  EXPECT_EQ(run(1s).abort_message, "hook thaw failed: no ready pod to run it in");
}

TEST_F(RunHooksTest, WhatWasBegunInAPodIsEndedInItThoughItIsNotReadyAnyMore) {
  put_pod(true, "db-0");
  put_pod(false, "db-1");
  occasion_.earlier = {{.name = "freeze", .stage = "before", .pod = "db-1", .succeeded = true}};
  auto outcome = run(1s);
  EXPECT_EQ(outcome.abort_message, "");
  ASSERT_EQ(outcome.results.size(), 1u);
  EXPECT_EQ(outcome.results.front().pod, "db-1");
}

}  // namespace
}  // namespace dmaas::controller
