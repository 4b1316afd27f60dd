#include "controller/restore/hold_application.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "api/hook_template.hpp"
#include "controller/quiescing_command.hpp"
#include "controller/restore/existing_claim.hpp"
#include "controller/testing/memory_world.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

using kube::resources::pods;
using testing::HasSubstr;

class HoldApplicationTest : public testing::Test {
protected:
  HoldApplicationTest() {
    for (auto index : {"0", "1"}) {
      auto claim = std::string("data-db-") + index;
      seed(kube::resources::persistent_volume_claims(),
           R"({"metadata": {"namespace": "shop", "name": ")" + claim + R"("}})");
      seed(pods(), pod(std::string("db-") + index, claim));
      work_.session.status.volumes.push_back(
          {.claim = claim, .namespace_name = "shop", .in_place = true});
    }
    seed(pods(), pod("web", "other"));
    auto& session = work_.session;
    session.metadata.namespace_name = "shop";
    session.metadata.uid = "session";
    session.spec.in_place.emplace();
    session.spec.in_place->quiesce = api::QuiesceMethod::hook;
    session.spec.in_place->hook = api::NamespacedReference{"freeze", ""};
    keep_template({"sh", "-c", "thaw"});
    server_.set_exec([this](const kube::ExecRequest& request) { return answer(request); });
  }

  void seed(const kube::Resource& resource, const std::string& text) {
    auto object = *parse_json(text);
    object.as_object()["apiVersion"] = resource.api_version();
    object.as_object()["kind"] = resource.kind;
    server_.seed(resource, std::move(object));
  }
  static std::string pod(const std::string& name, const std::string& claim) {
    return R"({"metadata": {"namespace": "shop", "name": ")" + name +
           R"("}, "spec": {"containers": [{"name": "main"}], "volumes": [
               {"name": "data", "persistentVolumeClaim": {"claimName": ")" +
           claim + R"("}}]}, "status": {"phase": "Running"}})";
  }
  void keep_template(std::vector<std::string> undo) {
    api::HookTemplate freeze;
    freeze.metadata = {.name = "freeze", .namespace_name = "shop", .uid = "t"};
    freeze.spec.exec.emplace();
    freeze.spec.exec->command = {"freeze"};
    // What it says of pods is for backups.
    freeze.spec.exec->pods = api::HookPods::one;
    if (!undo.empty()) {
      freeze.spec.exec->undo = std::move(undo);
      freeze.spec.exec->max_quiesce = std::chrono::minutes{1};
    }
    memory_.hook_templates.apply(api::encode(freeze));
  }
  Result<kube::ExecResult> answer(const kube::ExecRequest& request) const {
    if (request.pod.name == refuses_) return kube::ExecResult{1, "", "no"};
    return kube::ExecResult{0, std::string(quiesced_mark) + "\n", ""};
  }

  /// As often as the reconciler would.
  static Result<bool> repeat(const std::function<Result<bool>()>& step) {
    for (int i = 0; i < 1000; ++i) {
      auto done = step();
      if (!done || *done) return done;
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return fail(ErrorCode::timeout, "never done");
  }
  Result<bool> hold() {
    return repeat([&] { return hold_application(memory_.world, work_, [] {}, {}); });
  }
  Result<bool> let_go(MemoryWorld& memory) {
    return repeat([&] { return let_application_go(memory.world, work_, [] {}, {}); });
  }
  std::string told() const {
    std::string text;
    for (const auto& hook : work_.session.status.hooks)
      text += hook.stage + " " + hook.pod + (hook.succeeded ? "\n" : ": " + hook.message + "\n");
    return text;
  }
  bool may_fill() {
    for (const auto& claim : {"data-db-0", "data-db-1"}) {
      api::RestoredVolume volume{.claim = claim, .namespace_name = "shop", .in_place = true};
      auto wish = wish_existing(memory_.world, work_, volume, {});
      if (!wish && wish.error().message().contains("data is being replaced")) return false;
    }
    return true;
  }

  kube::FakeApiServer server_;
  MemoryWorld memory_{server_};
  RestoreWork work_;
  std::string refuses_;
};

TEST_F(HoldApplicationTest, EveryPodThatUsesAClaimIsHeldStillAndLetGo) {
  EXPECT_FALSE(may_fill());
  ASSERT_TRUE(hold());
  EXPECT_EQ(told(), "before db-0\nbefore db-1\n");
  EXPECT_TRUE(may_fill());
  EXPECT_TRUE(check_still_held(memory_.world, work_));
  ASSERT_TRUE(let_go(memory_));
  EXPECT_EQ(told(), "before db-0\nbefore db-1\nundo db-0\nundo db-1\n");
  EXPECT_EQ(memory_.quiescence.count_held("session"), 0u);
  EXPECT_TRUE(work_.session.status.warnings.empty());
}

TEST_F(HoldApplicationTest, TheHookRunsAsTheAccountOfTheSession) {
  ASSERT_TRUE(hold());
  for (const auto& call : server_.calls()) {
    if (call.verb != kube::Verb::exec) continue;
    EXPECT_EQ(call.user, "system:serviceaccount:dmaas-system:dmaas-restore-shop");
  }
}

TEST_F(HoldApplicationTest, NothingIsWrittenWhereOnePodCannotBeHeldStill) {
  refuses_ = "db-1";
  auto held = hold();
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().message(),
            "nothing was written to the claims: hook freeze did not hold pod db-1 still: exit code "
            "1: no");
  ASSERT_TRUE(let_go(memory_));
  EXPECT_THAT(told(), HasSubstr("undo db-0\n"));
  EXPECT_EQ(memory_.quiescence.count_held("session"), 0u);
}

TEST_F(HoldApplicationTest, AHookThatHoldsNothingStillIsRefused) {
  keep_template({});
  auto checked = check_quiescing_hook(memory_.world, work_.session);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().message(),
            "spec.inPlace.hookRef: HookTemplate freeze holds nothing still: give it undo and "
            "maxQuiesce");
}

TEST_F(HoldApplicationTest, APodThatComesMeanwhileIsNotWrittenUnder) {
  ASSERT_TRUE(hold());
  seed(pods(), pod("late", "data-db-1"));
  EXPECT_FALSE(may_fill());
}

TEST_F(HoldApplicationTest, WhatIsLetGoBeforeAllIsWrittenFails) {
  ASSERT_TRUE(hold());
  memory_.quiescence.drop("session");
  auto held = check_still_held(memory_.world, work_);
  ASSERT_FALSE(held);
  EXPECT_THAT(held.error().message(), HasSubstr("let go before all its data was written"));
  for (auto& volume : work_.session.status.volumes) volume.phase = api::VolumePhase::binding;
  EXPECT_TRUE(check_still_held(memory_.world, work_));
}

TEST_F(HoldApplicationTest, ANewControllerTakesNoHoldForItsOwn) {
  ASSERT_TRUE(hold());
  MemoryWorld next{server_};
  EXPECT_FALSE(check_still_held(next.world, work_));
  ASSERT_TRUE(let_go(next));
  EXPECT_THAT(told(), HasSubstr("undo db-0: the controller that held it still was lost"));
  EXPECT_EQ(work_.session.status.warnings.size(), 2u);
}

TEST_F(HoldApplicationTest, WhoMayStillBeWrittenUnderIsNotLetGo) {
  ASSERT_TRUE(hold());
  seed(pods(), R"({"metadata": {"namespace": "dmaas-system", "name": "mover",
                                "labels": {"dmaas.io/session-uid": "session"}},
                   "spec": {"volumes": [{"persistentVolumeClaim": {"claimName": "twin"}}]}})");
  auto gone = let_application_go(memory_.world, work_, [] {}, {});
  EXPECT_TRUE(gone && !*gone);
  EXPECT_EQ(memory_.quiescence.count_held("session"), 2u);
}

TEST_F(HoldApplicationTest, ASessionWithoutHookHoldsNothing) {
  work_.session.spec.in_place->quiesce = api::QuiesceMethod::scale_to_zero;
  EXPECT_TRUE(hold());
  EXPECT_TRUE(let_go(memory_));
  EXPECT_EQ(told(), "");
}

}  // namespace
}  // namespace dmaas::controller
