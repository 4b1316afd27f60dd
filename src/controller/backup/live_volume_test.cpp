#include "controller/backup/live_volume.hpp"

#include <gtest/gtest.h>

#include "api/labels.hpp"
#include "controller/testing/memory_world.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

const kube::Resource claims = kube::resources::persistent_volume_claims();
const kube::Resource volumes = kube::resources::persistent_volumes();

class LiveVolumeTest : public testing::Test {
protected:
  LiveVolumeTest() {
    claim_.key = {"shop", "data"};
    claim_.phase = "Bound";
    claim_.volume = *parse_json(
        R"({"spec":{"local":{"path":"/disks/1"},"nodeAffinity":{},"capacity":{"storage":"1Gi"}}})");
    claim_.users = {{.pod = "db-0", .uid = "uid", .node = "east"}};
  }

  std::string mount() {
    MoverPod pod;
    auto waits_for = mount_live_volume(memory_.world, claim_, "twin", pod, {});
    EXPECT_TRUE(waits_for) << waits_for.error().message();
    return waits_for.value_or("");
  }
  void set_phase(const kube::Resource& resource, const kube::ObjectKey& key,
                 std::string_view phase) {
    auto object = *server_.peek(resource, key);
    object.as_object()["status"] = JsonObject{{"phase", phase}};
    ASSERT_TRUE(server_.replace(resource, object, {.subresource = "status"}, {}));
  }
  Json twin_claim() const { return *server_.peek(claims, twin_); }
  std::string nudge() const {
    return kube::annotation_of(twin_claim(), api::annotation::volume_version);
  }

  kube::FakeApiServer server_;
  MemoryWorld memory_{server_};
  applications::Claim claim_;
  const kube::ObjectKey twin_{"dmaas-system", "twin"};
};

TEST_F(LiveVolumeTest, TheTwinsClaimIsMadeWhenKubernetesKnowsItsVolume) {
  EXPECT_EQ(mount(), "its volume is being bound");
  EXPECT_FALSE(server_.peek(claims, twin_));
  set_phase(volumes, {"", "twin"}, "Available");
  EXPECT_EQ(mount(), "its volume is being bound");
  EXPECT_EQ(nudge(), "");
  set_phase(claims, twin_, "Bound");
  EXPECT_EQ(mount(), "");
}

TEST_F(LiveVolumeTest, AClaimThatKubernetesForgotBesideItsBoundVolumeIsTouchedOnce) {
  mount();
  set_phase(volumes, {"", "twin"}, "Available");
  mount();
  set_phase(volumes, {"", "twin"}, "Bound");
  EXPECT_EQ(mount(), "its volume is being bound");
  EXPECT_NE(nudge(), "");
  auto version = text_at(twin_claim(), "metadata", "resourceVersion");
  EXPECT_EQ(mount(), "its volume is being bound");
  EXPECT_EQ(text_at(twin_claim(), "metadata", "resourceVersion"), version);
}

}  // namespace
}  // namespace dmaas::controller
