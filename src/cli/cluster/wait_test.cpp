#include "cli/cluster/wait.hpp"

#include "cli/cluster/wait_protection.hpp"

#include <gtest/gtest.h>

#include "api/backup_configuration.hpp"
#include "api/backup_session.hpp"

namespace dmaas::cli {
namespace {

Awaited awaited(const std::string& text) {
  return *parse_awaited(text, api::kind_info<api::BackupConfiguration>());
}

Json plan(const char* ready) {
  return *parse_json(std::string(R"({"status": {"conditions": [{"type": "Ready", "status": ")") +
                     ready + R"(", "message": "because"}]}})");
}

Json session(const char* phase) {
  return JsonObject{{"status", {{"phase", phase}, {"message", "storage is full"}}}};
}

TEST(WaitTest, PlansAreAwaitedUntilTheyAreReady) {
  auto yes = plan("True");
  auto no = plan("False");
  EXPECT_EQ(judge(&yes, awaited("")).state, Waiting::is_done);
  EXPECT_EQ(judge(&no, awaited("")).state, Waiting::goes_on);
  EXPECT_EQ(judge(&no, awaited("")).message, "Ready is False: because");
  EXPECT_EQ(judge(&no, awaited("condition=Ready=False")).state, Waiting::is_done);
}

TEST(WaitTest, SessionsAreAwaitedUntilTheyAreOver) {
  auto end = *parse_awaited("", api::kind_info<api::BackupSession>());
  auto running = session("Moving");
  auto good = session("Succeeded");
  auto bad = session("Failed");
  EXPECT_EQ(judge(&running, end).state, Waiting::goes_on);
  EXPECT_EQ(judge(&good, end).state, Waiting::is_done);
  EXPECT_EQ(judge(&bad, end).state, Waiting::is_hopeless);
  EXPECT_EQ(judge(&bad, end).message, "it Failed: storage is full");
}

TEST(WaitTest, PhaseAndDeletionCanBeAwaited) {
  auto moving = session("Moving");
  EXPECT_EQ(judge(&moving, awaited("phase=Moving")).state, Waiting::is_done);
  EXPECT_EQ(judge(&moving, awaited("phase=Committing")).state, Waiting::goes_on);
  EXPECT_EQ(judge(&moving, awaited("delete")).state, Waiting::goes_on);
  EXPECT_EQ(judge(nullptr, awaited("delete")).state, Waiting::is_done);
}

TEST(WaitTest, NonsenseIsRefusedWithExamples) {
  auto refused = parse_awaited("jsonpath={.x}", api::kind_info<api::BackupSession>());
  ASSERT_TRUE(refused.failed_with(ErrorCode::invalid_input));
  EXPECT_NE(refused.error().message().find("condition=Ready=False"), std::string::npos);
}

TEST(WaitTest, AWorkloadSaysItselfHowItIsProtected) {
  auto judged = [](const char* annotations) {
    return judge_protection(
        JsonObject{{"metadata", JsonObject{{"annotations", parse_json(annotations).value()}}}});
  };
  EXPECT_EQ(judged("{}").state, Waiting::goes_on);
  EXPECT_EQ(judged(R"({"dmaas.io/protection": "Pending"})").state, Waiting::goes_on);
  EXPECT_EQ(judged(R"({"dmaas.io/protection": "Ready"})").state, Waiting::is_done);
  auto failed = judged(
      R"({"dmaas.io/protection": "Failed", "dmaas.io/protection-message": "no such storage"})");
  EXPECT_EQ(failed.state, Waiting::is_hopeless);
  EXPECT_EQ(failed.message, "protection is Failed: no such storage");
}

}  // namespace
}  // namespace dmaas::cli
