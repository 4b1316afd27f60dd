#include "controller/mover_reports.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace dmaas::controller {
namespace {

using namespace std::chrono_literals;

const api::OrderSession session{
    .kind = "BackupSession", .namespace_name = "shop", .name = "s", .uid = "u"};

TEST(MoverReportsTest, AcknowledgesAResultOnlyAfterItIsSettled) {
  MoverReports reports;
  EXPECT_FALSE(reports.post_result("pod", session, {.message = "done"}, 20ms, {}));
  ASSERT_TRUE(reports.result_of("pod"));
  std::jthread reconciler{[&] { reports.settle("pod"); }};
  EXPECT_TRUE(reports.post_result("pod", session, {}, 10s, {}));
  EXPECT_EQ(reports.result_of("pod")->message, "done");
}

TEST(MoverReportsTest, WakesTheReconcilerOfTheSession) {
  MoverReports reports;
  kube::ObjectKey woken;
  reports.on_post([&](const std::string&, const kube::ObjectKey& key) { woken = key; });
  reports.post_progress("pod", session, {.bytes_done = 5});
  EXPECT_EQ(woken, (kube::ObjectKey{"shop", "s"}));
  EXPECT_EQ(reports.progress_of("pod")->bytes_done, 5);
}

TEST(MoverReportsTest, ForgettingAPodFreesItsWaitingResult) {
  MoverReports reports;
  reports.forget("pod");
  std::jthread forgetter{[&] {
    while (!reports.result_of("pod")) std::this_thread::yield();
    reports.forget("pod");
  }};
  EXPECT_TRUE(reports.post_result("pod", session, {}, 10s, {}));
}

}  // namespace
}  // namespace dmaas::controller
