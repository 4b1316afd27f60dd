#include <atomic>
#include <thread>

#include "cluster_fixture.hpp"
#include "kube/runtime/control_plane.hpp"
#include "kube/runtime/event_recorder.hpp"
#include "kube/runtime/finalizer.hpp"

namespace dmaas::kube {
namespace {

using namespace std::chrono_literals;

class RuntimeTest : public ClusterTest {};

/// Puts what it saw into an annotation, behind a finalizer.
class Marker final : public Reconciler {
public:
  explicit Marker(Client& client) : client_(client) {}

  Result<Action> reconcile(const Json& object, std::stop_token stop) override {
    FinalizerSteps steps{"dmaas.io/test", [&] { return mark(object, stop); },
                         [&]() -> Result<Action> {
                           ++cleaned;
                           return Action::await_change();
                         }};
    return with_finalizer(client_, resources::config_maps(), object, steps, stop);
  }

  std::atomic<int> cleaned = 0;

private:
  Result<Action> mark(const Json& object, std::stop_token stop) {
    auto marked = make_object(resources::config_maps(), key_of(object));
    set_annotation(marked, "dmaas.io/seen", text_at(object, "data", "value"));
    TRY(client_.apply(resources::config_maps(), marked, {.field_manager = "marker"}, stop));
    return Action::await_change();
  }

  Client& client_;
};

TEST_F(RuntimeTest, ReconcilesUnderALeaseAndCleansUp) {
  Marker marker(*client_);
  LeaseOptions lease{.lease = {namespace_, "test"}, .identity = "one", .retry_period = 200ms};
  ControlPlane plane{*client_, {.lease = lease}};
  plane.control({.name = "marker"},
                plane.store(resources::config_maps(),
                            {.namespace_name = namespace_, .field_selector = "metadata.name=a"}),
                marker);
  std::jthread running([&](std::stop_token stop) {
    auto result = plane.run(stop);
    EXPECT_TRUE(result) << result.error().message();
  });
  ASSERT_TRUE(client_->create(resources::config_maps(), config_map("a", "1"), {}, {}));
  ObjectKey key{namespace_, "a"};
  auto seen = [&] {
    auto object = client_->get(resources::config_maps(), key, {});
    return object ? annotation_of(*object, "dmaas.io/seen") : "";
  };
  EXPECT_TRUE(eventually([&] { return seen() == "1"; }));
  ASSERT_TRUE(client_->apply(resources::config_maps(), config_map("a", "2"), {}, {}));
  EXPECT_TRUE(eventually([&] { return seen() == "2"; }));
  ASSERT_TRUE(client_->remove(resources::config_maps(), key, {}, {}));
  EXPECT_TRUE(eventually([&] {
    return client_->get(resources::config_maps(), key, {}).failed_with(ErrorCode::not_found);
  }));
  EXPECT_EQ(marker.cleaned, 1);
  running.request_stop();
  running.join();
  auto released = client_->get(resources::leases(), lease.lease, {});
  ASSERT_TRUE(released) << released.error().message();
  EXPECT_EQ(text_at(*released, "spec", "holderIdentity"), "");
}

TEST_F(RuntimeTest, OnlyOneOfTwoLeads) {
  std::atomic<int> leading = 0;
  std::atomic<int> most = 0;
  std::atomic<int> turns = 0;
  auto compete = [&](const std::string& identity) {
    LeaseOptions lease{.lease = {namespace_, "turns"}, .identity = identity, .retry_period = 100ms};
    return std::jthread([&, lease](std::stop_token stop) {
      auto lead = [&](std::stop_token ended) -> Result<> {
        most = std::max(most.load(), ++leading);
        ++turns;
        system_clock().sleep(1s, ended);
        --leading;
        return {};
      };
      auto result = run_as_leader(*client_, lease, lead, stop);
      EXPECT_TRUE(result) << result.error().message();
    });
  };
  {
    auto one = compete("one");
    auto two = compete("two");
    EXPECT_TRUE(eventually([&] { return turns == 2; }));
  }
  EXPECT_EQ(most, 1);
}

TEST_F(RuntimeTest, EventsAreAcceptedAndCounted) {
  auto object = client_->create(resources::config_maps(), config_map("a", "1"), {}, {});
  ASSERT_TRUE(object);
  EventRecorder recorder(*client_, {});
  for (int i = 0; i < 3; ++i) {
    recorder.record(*object,
                    {EventSeverity::warning, "BackupFailed", "Backup", "the bucket is missing"});
  }
  ASSERT_TRUE(recorder.flush({}));
  auto events = list_all(*client_, resources::events(), {.namespace_name = namespace_}, {});
  ASSERT_TRUE(events) << events.error().message();
  ASSERT_EQ(events->size(), 1u);
  EXPECT_EQ(number_at(events->front(), "series", "count"), 3);
  EXPECT_EQ(text_at(events->front(), "note"), "the bucket is missing");
}

}  // namespace
}  // namespace dmaas::kube
