#include "controller/standby/remove_workloads.hpp"

#include <gtest/gtest.h>

#include "api/labels.hpp"
#include "controller/testing/memory_world.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

const kube::Resource claims = kube::resources::persistent_volume_claims();

/// What an activation left in namespace dr.
class RemoveWorkloadsTest : public testing::Test {
protected:
  RemoveWorkloadsTest() {
    standby_.metadata.namespace_name = "dr";
    standby_.metadata.name = "shop";
    standby_.metadata.uid = "standby-uid";
    std::vector<kube::ServedResource> served;
    for (const auto& resource : {kube::resources::stateful_sets(), kube::resources::services(),
                                 kube::resources::deployments(), claims}) {
      served.push_back(
          {.resource = resource, .verbs = {"get", "list", "patch", "delete"}, .preferred = true});
    }
    server_.set_discovery(kube::Discovery(std::move(served)));
  }

  void seed(const kube::Resource& resource, const std::string& name, Json spec = JsonObject{},
            const std::string& owner = "standby-uid") {
    auto object = kube::make_object(resource, {"dr", name});
    kube::set_label(object, api::label::standby, owner);
    object.as_object()["spec"] = std::move(spec);
    server_.seed(resource, std::move(object));
  }
  std::string remove() {
    auto waiting = remove_workloads(memory_.world, standby_, {});
    EXPECT_TRUE(waiting) << waiting.error().message();
    return waiting.value_or("");
  }
  bool has(const kube::Resource& resource, const std::string& name) const {
    return server_.peek(resource, {"dr", name}).has_value();
  }

  kube::FakeApiServer server_;
  MemoryWorld memory_{server_};
  api::Standby standby_;
};

TEST_F(RemoveWorkloadsTest, WhatRunsGoesAndEverythingElseStays) {
  seed(kube::resources::deployments(), "web");
  seed(kube::resources::services(), "web");
  seed(claims, "data");
  seed(kube::resources::deployments(), "other", JsonObject{}, "another-standby");
  EXPECT_NE(remove(), "");
  EXPECT_EQ(remove(), "");
  EXPECT_FALSE(has(kube::resources::deployments(), "web"));
  EXPECT_TRUE(has(kube::resources::deployments(), "other"));
  EXPECT_TRUE(has(kube::resources::services(), "web"));
  EXPECT_TRUE(has(claims, "data"));
}

TEST_F(RemoveWorkloadsTest, AStatefulSetThatWouldTakeItsClaimsWithItLetsThemGoFirst) {
  seed(kube::resources::stateful_sets(), "db",
       JsonObject{{"persistentVolumeClaimRetentionPolicy", {{"whenDeleted", "Delete"}}}});
  auto uid = kube::uid_of(*server_.peek(kube::resources::stateful_sets(), {"dr", "db"}));
  auto claim = kube::make_object(claims, {"dr", "data-db-0"});
  ensure_object(claim, "metadata")["ownerReferences"] = JsonArray{JsonObject{{"uid", uid}}};
  server_.seed(claims, claim);
  remove();
  remove();
  ASSERT_TRUE(has(kube::resources::stateful_sets(), "db")) << "its claim is its own still";
  Json patch = JsonObject{{"metadata", {{"ownerReferences", nullptr}}}};
  ASSERT_TRUE(server_.patch(claims, {"dr", "data-db-0"}, {kube::PatchKind::merge, patch}, {}, {}));
  remove();
  EXPECT_FALSE(has(kube::resources::stateful_sets(), "db"));
}

TEST_F(RemoveWorkloadsTest, ItIsDoneAsTheAccountThatRestored) {
  seed(kube::resources::deployments(), "web");
  remove();
  bool seen = false;
  for (const auto& call : server_.calls()) {
    if (call.verb != kube::Verb::remove) continue;
    seen = true;
    EXPECT_EQ(call.user, "system:serviceaccount:dmaas-system:dmaas-restore-dr");
  }
  EXPECT_TRUE(seen);
}

TEST_F(RemoveWorkloadsTest, CustomResourcesGoTooForTheirOperatorsRunPods) {
  EXPECT_TRUE(is_removed_by_deactivation({"example.com", "v1", "databases", "Database", true}));
  EXPECT_FALSE(is_removed_by_deactivation(kube::resources::config_maps()));
  EXPECT_FALSE(is_removed_by_deactivation({"example.com", "v1", "things", "Thing", false}));
}

}  // namespace
}  // namespace dmaas::controller
