#include "controller/verification/reconcile_verifier.hpp"

#include <gtest/gtest.h>

#include "base/time_text.hpp"
#include "controller/testing/memory_world.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

const kube::ObjectKey verifier_key{"shop", "after"};

/// A verifier of plan shop with backups of one repository, as its namespace has them.
class ReconcileVerifierTest : public testing::Test {
protected:
  ReconcileVerifierTest() {
    api::BackupVerifier verifier;
    verifier.metadata.namespace_name = verifier_key.namespace_name;
    verifier.metadata.name = verifier_key.name;
    verifier.spec.plans = {{"shop"}};
    verifier.spec.after_backup = true;
    verifier.spec.history_limit = 1;
    auto document = api::encode(verifier);
    ensure_object(document, "metadata")["creationTimestamp"] =
        format_seconds(now_ - std::chrono::hours{1});
    server_.seed(api::kind_info<api::BackupVerifier>().resource(), document);
    api::BackupConfiguration plan;
    plan.metadata.namespace_name = "shop";
    plan.metadata.name = "shop";
    plan.spec.targets = {{.name = "shop"}};
    plan.spec.runs = {{.name = "backup"}};
    memory_.plans.apply(api::encode(plan));
  }

  void add_backup(const std::string& name, std::chrono::minutes age) {
    api::Snapshot backup;
    backup.metadata.namespace_name = "shop";
    backup.metadata.name = name;
    backup.spec.repository.name = "main";
    backup.spec.snapshot_id = std::string(64, 'a');
    backup.spec.time = now_ - age;
    backup.status.complete = true;
    backup.status.plan = "shop/shop";
    memory_.snapshots.apply(api::encode(backup));
  }
  api::BackupVerifier verifier_now() const {
    return *api::decode<api::BackupVerifier>(
        *server_.peek(api::kind_info<api::BackupVerifier>().resource(), verifier_key));
  }
  /// The backups that sessions were started for, and the local copies follow.
  std::vector<std::string> step() {
    VerifierReconciler reconciler{memory_.world};
    auto action = reconciler.reconcile(verifier_now().source, {});
    EXPECT_TRUE(action) << action.error().message();
    std::vector<std::string> backups;
    for (const auto& object : server_.peek_all(sessions_)) {
      memory_.verification_sessions.apply(object);
      backups.push_back(text_at(object, "spec", "snapshot"));
    }
    return backups;
  }
  void end_session(const std::string& backup, api::VerificationPhase phase) {
    for (const auto& object : server_.peek_all(sessions_)) {
      auto session = *api::decode<api::VerificationSession>(object);
      if (session.spec.snapshot != backup) continue;
      session.status.phase = phase;
      session.status.snapshot = backup;
      session.status.completion_time = now_ + std::chrono::minutes{++ended_};
      session.status.message = "it was seen";
      auto written =
          server_.replace(sessions_, api::encode(session), {.subresource = "status"}, {});
      ASSERT_TRUE(written);
      memory_.verification_sessions.apply(*written);
    }
  }

  const Timestamp now_ = system_clock().now();
  const kube::Resource sessions_ = api::kind_info<api::VerificationSession>().resource();
  int ended_ = 0;
  kube::FakeApiServer server_;
  MemoryWorld memory_{server_};
};

TEST_F(ReconcileVerifierTest, ANewBackupIsVerifiedOnce) {
  add_backup("old", std::chrono::hours{2});
  EXPECT_TRUE(step().empty());
  add_backup("new", std::chrono::minutes{5});
  EXPECT_EQ(step(), std::vector<std::string>{"new"});
  EXPECT_EQ(step(), std::vector<std::string>{"new"});
}

TEST_F(ReconcileVerifierTest, OfSeveralThatComeMeanwhileOnlyTheNewestIsVerified) {
  add_backup("a", std::chrono::minutes{5});
  step();
  add_backup("b", std::chrono::minutes{4});
  add_backup("c", std::chrono::minutes{3});
  EXPECT_EQ(step().size(), 1U);
  end_session("a", api::VerificationPhase::succeeded);
  EXPECT_EQ(step().size(), 2U);
  end_session("c", api::VerificationPhase::succeeded);
  step();
  auto status = verifier_now().status;
  ASSERT_EQ(status.results.size(), 1U);
  EXPECT_EQ(status.results[0].backup, "c");
  EXPECT_EQ(status.results[0].phase, "Succeeded");
  EXPECT_TRUE(api::is_true(status.conditions, api::condition::verified));
  EXPECT_TRUE(api::is_true(status.conditions, api::condition::ready));
}

TEST_F(ReconcileVerifierTest, AFailureIsShownUntilAnotherOneSucceeds) {
  add_backup("a", std::chrono::minutes{5});
  step();
  end_session("a", api::VerificationPhase::failed);
  step();
  const auto status = verifier_now().status;
  const auto* verified = api::find_condition(status.conditions, api::condition::verified);
  ASSERT_NE(verified, nullptr);
  EXPECT_EQ(verified->status, api::ConditionStatus::no);
  EXPECT_NE(verified->message.find("shop/main: it was seen"), std::string::npos);
}

TEST_F(ReconcileVerifierTest, AMissingPlanIsTold) {
  memory_.plans.remove(*memory_.plans.all().front());
  step();
  const auto status = verifier_now().status;
  const auto* ready = api::find_condition(status.conditions, api::condition::ready);
  ASSERT_NE(ready, nullptr);
  EXPECT_EQ(ready->reason, api::reason::reference_missing);
}

}  // namespace
}  // namespace dmaas::controller
