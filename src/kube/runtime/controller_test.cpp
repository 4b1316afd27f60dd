#include "kube/runtime/controller.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "kube/object/object.hpp"
#include "kube/runtime/control_plane.hpp"
#include "kube/runtime/event_recorder.hpp"
#include "kube/runtime/finalizer.hpp"
#include "kube/runtime/leader_lease.hpp"
#include "kube/testing/fake_api_server.hpp"

namespace dmaas::kube {
namespace {

using namespace std::chrono_literals;

const Resource plans{"dmaas.io", "v1alpha1", "plans", "Plan", true};
const ObjectKey daily{"shop", "daily"};

bool eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 2000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

/// Does what a test tells it and remembers what it was called with.
class Recorder final : public Reconciler {
public:
  Result<Action> reconcile(const Json& object, std::stop_token stop) override {
    ++runs;
    return answer ? answer(object, stop) : Result<Action>(Action::await_change());
  }
  void forget(const ObjectKey&) override { ++forgotten; }

  std::function<Result<Action>(const Json&, std::stop_token)> answer;
  std::atomic<int> runs = 0;
  std::atomic<int> forgotten = 0;
};

class ControllerTest : public testing::Test {
protected:
  Json plan(const ObjectKey& key = daily) {
    auto object = make_object(plans, key);
    object.get_object()["spec"] = JsonObject{{"paused", false}};
    return object;
  }
  Controller& control(ControlPlane& plane) {
    return plane.control(
        {.name = "plans", .backoff = {.first = 1s, .most = 8s, .jitter = [] { return 1.0; }}},
        plane.store(plans), reconciler_);
  }
  std::jthread start(ControlPlane& plane) {
    return std::jthread([&](std::stop_token stop) { EXPECT_TRUE(plane.run(stop)); });
  }

  ManualClock clock_{Timestamp{}};
  FakeApiServer server_{clock_};
  Recorder reconciler_;
};

TEST_F(ControllerTest, ReconcilesWhatIsThereAndWhatComes) {
  server_.seed(plans, plan());
  ControlPlane plane{server_, {.clock = &clock_}};
  control(plane);
  auto running = start(plane);
  EXPECT_TRUE(eventually([&] { return reconciler_.runs == 1; }));
  ASSERT_TRUE(server_.create(plans, plan({"shop", "weekly"}), {}, {}));
  EXPECT_TRUE(eventually([&] { return reconciler_.runs == 2; }));
  ASSERT_TRUE(server_.remove(plans, daily, {}, {}));
  EXPECT_TRUE(eventually([&] { return reconciler_.forgotten == 1; }));
}

TEST_F(ControllerTest, TakesOverBeforeItReconcilesAndRunsTasksWhileItLeads) {
  server_.seed(plans, plan());
  std::atomic<bool> took_over = false;
  std::atomic<bool> task_runs = false;
  ControlPlaneOptions options{.clock = &clock_};
  options.on_leading = [&](std::stop_token) -> Result<> {
    EXPECT_EQ(reconciler_.runs, 0);
    took_over = true;
    return {};
  };
  ControlPlane plane{server_, options};
  control(plane);
  plane.while_leading([&](std::stop_token over) -> Result<> {
    EXPECT_TRUE(took_over);
    task_runs = true;
    clock_.sleep(1h, over);
    task_runs = false;
    return {};
  });
  {
    auto running = start(plane);
    EXPECT_TRUE(eventually([&] { return reconciler_.runs == 1 && task_runs; }));
  }
  EXPECT_FALSE(task_runs);
}

TEST_F(ControllerTest, DoesNothingWhenItCannotTakeOver) {
  server_.seed(plans, plan());
  ControlPlaneOptions options{.clock = &clock_};
  options.on_leading = [](std::stop_token) -> Result<> {
    return fail(ErrorCode::unavailable, "away");
  };
  ControlPlane plane{server_, options};
  control(plane);
  EXPECT_TRUE(plane.run({}).failed_with(ErrorCode::unavailable));
  EXPECT_EQ(reconciler_.runs, 0);
}

TEST_F(ControllerTest, IgnoresItsOwnStatus) {
  server_.seed(plans, plan());
  ControlPlane plane{server_, {.clock = &clock_}};
  control(plane);
  auto running = start(plane);
  ASSERT_TRUE(eventually([&] { return reconciler_.runs == 1; }));
  auto status = make_object(plans, daily);
  status.get_object()["status"] = JsonObject{{"phase", "Ready"}};
  ASSERT_TRUE(apply_status(server_, plans, status, {}, {}));
  auto paused = make_object(plans, daily);
  paused.get_object()["spec"] = JsonObject{{"paused", true}};
  ASSERT_TRUE(eventually([&] {
    auto object = plane.store(plans).find(daily);
    return object && text_at(*object, "status", "phase") == "Ready";
  }));
  EXPECT_EQ(reconciler_.runs, 1);
  ASSERT_TRUE(server_.apply(plans, paused, {}, {}));
  EXPECT_TRUE(eventually([&] { return reconciler_.runs == 2; }));
}

TEST_F(ControllerTest, RetriesFailuresWithGrowingDelays) {
  server_.seed(plans, plan());
  reconciler_.answer = [&](const Json&, std::stop_token) -> Result<Action> {
    if (reconciler_.runs <= 2) return fail(ErrorCode::unavailable, "storage");
    return Action::requeue(1min);
  };
  ControlPlane plane{server_, {.clock = &clock_}};
  auto& controller = control(plane);
  auto running = start(plane);
  ASSERT_TRUE(eventually([&] { return reconciler_.runs == 1; }));
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(reconciler_.runs, 1);
  ASSERT_TRUE(eventually([&] {
    clock_.advance(1s);
    return reconciler_.runs >= 3;
  }));
  auto runs = reconciler_.runs.load();
  clock_.advance(30s);
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(reconciler_.runs, runs);
  controller.enqueue(daily);
  EXPECT_TRUE(eventually([&] { return reconciler_.runs == runs + 1; }));
}

TEST_F(ControllerTest, SurvivesAReconcilerThatThrows) {
  server_.seed(plans, plan());
  reconciler_.answer = [&](const Json& object, std::stop_token) -> Result<Action> {
    if (reconciler_.runs == 1) return (void)object.at("none"), Action::await_change();
    return Action::await_change();
  };
  ControlPlane plane{server_, {.clock = &clock_}};
  control(plane);
  auto running = start(plane);
  EXPECT_TRUE(eventually([&] {
    clock_.advance(1s);
    return reconciler_.runs == 2;
  }));
}

TEST_F(ControllerTest, ChangesOfChildrenAndRelationsReachTheirOwner) {
  auto owner = server_.seed(plans, plan());
  ControlPlane plane{server_, {.clock = &clock_}};
  control(plane)
      .triggered_by_children(plane.store(resources::pods()), "Plan")
      .triggered_by(plane.store(resources::secrets()),
                    [](const Json&) { return std::vector<ObjectKey>{daily}; });
  auto running = start(plane);
  ASSERT_TRUE(eventually([&] { return reconciler_.runs == 1; }));
  auto pod = make_object(resources::pods(), {"shop", "mover"});
  add_owner_reference(pod, owner_reference_to(owner));
  ASSERT_TRUE(server_.create(resources::pods(), pod, {}, {}));
  ASSERT_TRUE(eventually([&] { return reconciler_.runs == 2; }));
  ASSERT_TRUE(server_.create(resources::secrets(), make_object(resources::secrets(), {"shop", "s"}),
                             {}, {}));
  EXPECT_TRUE(eventually([&] { return reconciler_.runs == 3; }));
}

TEST_F(ControllerTest, LosesNothingWhenWatchesExpire) {
  ControlPlane plane{server_, {.clock = &clock_}};
  control(plane);
  auto running = start(plane);
  ASSERT_TRUE(eventually([&] { return plane.store(plans).is_synced(); }));
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(server_.create(plans, plan({"shop", "p" + std::to_string(i)}), {}, {}));
    if (i % 5 == 0) server_.expire_watches();
  }
  EXPECT_TRUE(eventually([&] {
    clock_.advance(1s);
    return plane.store(plans).size() == 20 && reconciler_.runs >= 20;
  }));
}

TEST_F(ControllerTest, StopsWithinAMoment) {
  server_.seed(plans, plan());
  reconciler_.answer = [](const Json&, std::stop_token stop) -> Result<Action> {
    system_clock().sleep(1min, stop);
    return fail(ErrorCode::cancelled, "stopped");
  };
  ControlPlane plane{server_, {.clock = &clock_}};
  control(plane);
  auto begun = system_clock().monotonic();
  {
    auto running = start(plane);
    ASSERT_TRUE(eventually([&] { return reconciler_.runs == 1; }));
  }
  EXPECT_LT(system_clock().monotonic() - begun, 5s);
}

class FinalizerTest : public ControllerTest {
protected:
  Result<Action> run() {
    FinalizerSteps steps{"dmaas.io/cleanup",
                         [&]() -> Result<Action> {
                           ++reconciled_;
                           return Action::await_change();
                         },
                         [&]() -> Result<Action> {
                           ++cleaned_;
                           return clean_up_;
                         }};
    return with_finalizer(server_, plans, *server_.peek(plans, daily), steps, {});
  }
  int reconciled_ = 0;
  int cleaned_ = 0;
  Result<Action> clean_up_ = Action::await_change();
};

TEST_F(FinalizerTest, ReconcilesOnlyBehindItsFinalizer) {
  server_.seed(plans, plan());
  ASSERT_TRUE(run());
  EXPECT_EQ(reconciled_, 0);
  EXPECT_TRUE(has_finalizer(*server_.peek(plans, daily), "dmaas.io/cleanup"));
  ASSERT_TRUE(run());
  EXPECT_EQ(reconciled_, 1);
}

TEST_F(FinalizerTest, TheObjectStaysUntilCleanUpSucceeded) {
  server_.seed(plans, plan());
  ASSERT_TRUE(run());
  ASSERT_TRUE(server_.remove(plans, daily, {}, {}));
  clean_up_ = fail(ErrorCode::unavailable, "storage");
  EXPECT_FALSE(run());
  clean_up_ = Action::requeue(1s);
  EXPECT_TRUE(run());
  ASSERT_TRUE(server_.peek(plans, daily));
  clean_up_ = Action::await_change();
  EXPECT_TRUE(run());
  EXPECT_EQ(cleaned_, 3);
  EXPECT_FALSE(server_.peek(plans, daily));
}

TEST_F(FinalizerTest, AConcurrentWriterIsNotOverwritten) {
  auto stale = server_.seed(plans, plan());
  auto other = stale;
  ensure_object(other, "metadata")["finalizers"] = JsonArray{"other.io/keep"};
  ASSERT_TRUE(server_.replace(plans, other, {}, {}));
  FinalizerSteps steps{"dmaas.io/cleanup", nullptr, nullptr};
  EXPECT_TRUE(with_finalizer(server_, plans, stale, steps, {}).failed_with(ErrorCode::conflict));
  EXPECT_EQ(finalizers_of(*server_.peek(plans, daily)), std::vector<std::string>{"other.io/keep"});
}

class LeaseTest : public ControllerTest {
protected:
  LeaseOptions options(const std::string& identity) {
    return {.lease = {"dmaas-system", "controller"}, .identity = identity, .clock = &clock_};
  }
  std::optional<Json> lease() {
    return server_.peek(resources::leases(), {"dmaas-system", "controller"});
  }
  std::string holder() { return lease() ? text_at(*lease(), "spec", "holderIdentity") : "nobody"; }
};

TEST_F(LeaseTest, ComparesOnlyWithItsOwnClock) {
  std::optional<ObservedLease> observed;
  auto mine = options("me");
  EXPECT_EQ(decide_lease(std::nullopt, observed, mine, 0s), LeaseDecision::create);
  auto record = make_object(resources::leases(), mine.lease);
  record.get_object()["spec"] =
      JsonObject{{"holderIdentity", "other"}, {"renewTime", "1999-01-01T00:00:00.000000Z"}};
  EXPECT_EQ(decide_lease(record, observed, mine, 100s), LeaseDecision::wait);
  EXPECT_EQ(decide_lease(record, observed, mine, 114s), LeaseDecision::wait);
  ensure_object(record, "spec")["renewTime"] = "1999-01-01T00:00:02.000000Z";
  EXPECT_EQ(decide_lease(record, observed, mine, 116s), LeaseDecision::wait);
  EXPECT_EQ(decide_lease(record, observed, mine, 131s), LeaseDecision::take);
  ensure_object(record, "spec")["holderIdentity"] = "";
  EXPECT_EQ(decide_lease(record, observed, mine, 131s), LeaseDecision::take);
  ensure_object(record, "spec")["holderIdentity"] = "me";
  EXPECT_EQ(decide_lease(record, observed, mine, 131s), LeaseDecision::renew);
}

TEST_F(LeaseTest, ReleasesAtTheEndAndTheNextOneLeads) {
  for (std::string identity : {"one", "two"}) {
    auto result = run_as_leader(server_, options(identity),
                                [&](std::stop_token) -> Result<> {
                                  EXPECT_EQ(holder(), identity);
                                  return {};
                                },
                                {});
    EXPECT_TRUE(result);
    EXPECT_EQ(holder(), "");
  }
  EXPECT_EQ(number_at(*lease(), "spec", "leaseTransitions"), 1);
}

TEST_F(LeaseTest, RenewsWhileItLeads) {
  auto renewals = [&] {
    int count = 0;
    for (const auto& call : server_.calls()) count += call.verb == Verb::replace ? 1 : 0;
    return count;
  };
  auto lead = [&](std::stop_token stop) -> Result<> {
    EXPECT_TRUE(eventually([&] {
      clock_.advance(2s);
      std::this_thread::sleep_for(2ms);
      return renewals() >= 3;
    }));
    EXPECT_FALSE(stop.stop_requested());
    return {};
  };
  EXPECT_TRUE(run_as_leader(server_, options("one"), lead, {}));
}

TEST_F(LeaseTest, StopsLeadingWhenItCannotRenew) {
  auto lead = [&](std::stop_token stop) -> Result<> {
    server_.set_fault([](const RecordedCall&) { return Error(ErrorCode::unavailable, "down"); });
    EXPECT_TRUE(eventually([&] {
      clock_.advance(1s);
      return stop.stop_requested();
    }));
    return {};
  };
  auto result = run_as_leader(server_, options("one"), lead, {});
  EXPECT_TRUE(result.failed_with(ErrorCode::unavailable));
}

TEST_F(LeaseTest, ItsTenureEndsWithoutAnyThreadOfItNoticing) {
  Tenure tenure;
  auto mine = options("one");
  mine.tenure = &tenure;
  EXPECT_TRUE(tenure.is_over(clock_.monotonic()));
  auto lead = [&](std::stop_token) -> Result<> {
    auto begun = clock_.monotonic();
    EXPECT_FALSE(tenure.is_over(begun + mine.duration - 1ns));
    EXPECT_TRUE(tenure.is_over(begun + mine.duration));
    EXPECT_TRUE(eventually([&] {
      clock_.advance(2s);
      std::this_thread::sleep_for(2ms);
      return !tenure.is_over(begun + mine.duration);
    }));
    return {};
  };
  EXPECT_TRUE(run_as_leader(server_, mine, lead, {}));
}

TEST_F(LeaseTest, WaitsForTheHolderUntilStopped) {
  auto record = make_object(resources::leases(), {"dmaas-system", "controller"});
  record.get_object()["spec"] = JsonObject{{"holderIdentity", "other"}};
  server_.seed(resources::leases(), record);
  std::stop_source stop;
  std::jthread stopper([&] {
    eventually([&] { return !server_.calls().empty(); });
    stop.request_stop();
  });
  auto lead = [](std::stop_token) -> Result<> {
    ADD_FAILURE();
    return {};
  };
  EXPECT_TRUE(run_as_leader(server_, options("me"), lead, stop.get_token())
                  .failed_with(ErrorCode::cancelled));
  EXPECT_EQ(holder(), "other");
}

TEST_F(ControllerTest, RepeatedEventsBecomeOneWithACount) {
  EventRecorder recorder(server_, {.instance = "pod-1", .clock = &clock_});
  auto object = server_.seed(plans, plan());
  for (int i = 0; i < 3; ++i) {
    recorder.record(object,
                    {EventSeverity::warning, "BackupFailed", "Backup", "bucket is missing"});
  }
  recorder.record(object, {EventSeverity::normal, "BackupDone", "", "all is well"});
  ASSERT_TRUE(recorder.flush({}));
  auto events = server_.peek_all(resources::events());
  ASSERT_EQ(events.size(), 2u);
  const auto& failed = text_at(events[0], "reason") == "BackupFailed" ? events[0] : events[1];
  EXPECT_EQ(number_at(failed, "series", "count"), 3);
  EXPECT_EQ(text_at(failed, "regarding", "uid"), uid_of(object));
  EXPECT_EQ(text_at(failed, "eventTime"), "1970-01-01T00:00:00.000000Z");

  clock_.advance(7min);
  recorder.record(object, {EventSeverity::warning, "BackupFailed", "Backup", "bucket is missing"});
  ASSERT_TRUE(recorder.flush({}));
  EXPECT_EQ(server_.peek_all(resources::events()).size(), 3u);
}

}  // namespace
}  // namespace dmaas::kube
