#include "controller/verification/run_checks.hpp"

#include <gtest/gtest.h>

#include "base/yaml.hpp"
#include "controller/testing/memory_world.hpp"

namespace dmaas::controller {
namespace {

TEST(RunChecksTest, ACommandIsJudgedByExitCodeAndOutput) {
  api::ExecCheck check{.command = {"count"}, .output = {.matches = "^[0-9]+$"}};
  EXPECT_TRUE(judge_exec(check, {.exit_code = 0, .standard_output = "42\n"}).passed);
  auto wrong = judge_exec(check, {.exit_code = 0, .standard_output = "none\n"});
  EXPECT_FALSE(wrong.passed);
  EXPECT_EQ(wrong.message, "the output: it is 'none' and should match '^[0-9]+$'");
  auto failed = judge_exec(check, {.exit_code = 1, .standard_error = "access denied\n"});
  EXPECT_EQ(failed.message, "exit code 1, expected 0: 'access denied'");
  check.exit_code = 1;
  check.output = {};
  EXPECT_TRUE(judge_exec(check, {.exit_code = 1, .standard_error = "access denied\n"}).passed);
}

TEST(RunChecksTest, FilesAreComparedOnVolumesThatHaveFiles) {
  api::RestoredVolume files{.claim = "data", .volume_mode = "Filesystem", .files_verified = 7};
  EXPECT_EQ(judge_files({files}).message, "7 files of 1 volumes are as the backup knows them");
  api::RestoredVolume image{.claim = "raw", .volume_mode = "Block"};
  EXPECT_FALSE(judge_files({files, image}).passed);
  EXPECT_FALSE(judge_files({}).passed);
}

TEST(RunChecksTest, WorkloadsOfTheNamespaceHaveToBeReady) {
  kube::FakeApiServer server;
  MemoryWorld memory{server};
  const auto resource = kube::resources::stateful_sets();
  auto set = [&](const char* space, int ready) {
    auto object = kube::make_object(resource, {space, "db"});
    object.as_object()["spec"] = JsonObject{{"replicas", 2}};
    object.as_object()["status"] = JsonObject{{"replicas", 2}, {"readyReplicas", ready}};
    return object;
  };
  server.seed(resource, set("scratch", 1));
  server.seed(resource, set("shop", 0));
  auto unready = unready_workloads(memory.world, "scratch", {});
  ASSERT_TRUE(unready && unready->size() == 1);
  EXPECT_EQ(unready->front().substr(0, 14), "StatefulSet db");
  api::VerificationCheck check{.name = "ready", .ready = true};
  auto outcome = run_check(memory.world, check, {.scratch = "scratch"}, {});
  EXPECT_FALSE(outcome.passed);
  EXPECT_EQ(outcome.message.substr(0, 28), "1 workloads are not ready, t");
}

}  // namespace
}  // namespace dmaas::controller
