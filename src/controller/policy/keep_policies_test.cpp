#include "controller/policy/keep_policies.hpp"

#include <gtest/gtest.h>

#include "api/backup_grant.hpp"
#include "api/labels.hpp"
#include "api/repository_path.hpp"
#include "controller/policy/share_backups.hpp"
#include "controller/testing/memory_world.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

const kube::Resource stateful_sets = kube::resources::stateful_sets();
const auto plans = api::kind_info<api::BackupConfiguration>().resource();
const auto policies = api::kind_info<api::BackupPolicy>().resource();

class KeepPoliciesTest : public testing::Test {
protected:
  KeepPoliciesTest() {
    kube::ServedResource served{.resource = stateful_sets, .verbs = {"list", "watch"}};
    served.preferred = true;
    server_.set_discovery(kube::Discovery({served}));
    server_.seed(kube::resources::namespaces(),
                 kube::make_object(kube::resources::namespaces(), {"", "shop"}));
  }

  void seed_workload(const std::string& name, const std::string& policy) {
    auto object = kube::make_object(stateful_sets, {"shop", name});
    if (!policy.empty()) kube::set_annotation(object, api::annotation::policy, policy);
    server_.seed(stateful_sets, object);
  }
  void seed_policy(const std::string& name, api::Enforcement enforcement,
                   const std::string& schedule = "0 3 * * *") {
    api::BackupPolicy policy;
    policy.metadata.name = name;
    policy.spec.open_to.kinds = {"StatefulSet"};
    policy.spec.enforcement = enforcement;
    policy.spec.plan_template.emplace();
    policy.spec.plan_template->runs = {{.name = "backup", .schedule = schedule}};
    memory_.policies.apply(server_.seed(policies, api::encode(policy)));
  }
  /// One pass with what is there now in the local copies, as watches would have brought it.
  void pass() {
    for (const auto& object : memory_.plans.all()) memory_.plans.remove(*object);
    for (const auto& object : server_.peek_all(plans)) memory_.plans.apply(object);
    for (int i = 0; i < 500; ++i) {
      for (const auto& object : server_.peek_all(policies)) memory_.policies.apply(object);
      auto done = keeper_.pass({});
      ASSERT_TRUE(done) << done.error().message();
      if (*done) return;
      system_clock().sleep(std::chrono::milliseconds{10}, {});
    }
    FAIL() << "the watches never had a list";
  }
  std::vector<std::string> plan_places() const {
    std::vector<std::string> places;
    for (const auto& plan : server_.peek_all(plans)) places.push_back(kube::namespace_of(plan));
    return places;
  }
  std::string protection_of(const std::string& workload) const {
    auto object = server_.peek(stateful_sets, {"shop", workload});
    return object ? kube::annotation_of(*object, api::annotation::protection_message) : "absent";
  }

  using Places = std::vector<std::string>;
  kube::FakeApiServer server_;
  MemoryWorld memory_{server_};
  PolicyKeeper keeper_{memory_.world};
};

TEST_F(KeepPoliciesTest, WithoutPoliciesNothingIsWatched) {
  seed_workload("db", "gold");
  pass();
  for (const auto& call : server_.calls()) {
    EXPECT_NE(call.verb, kube::Verb::watch);
    EXPECT_NE(call.verb, kube::Verb::list);
  }
}

TEST_F(KeepPoliciesTest, AnAnnotatedWorkloadGetsAPlanAndLosesItWithTheAnnotation) {
  seed_workload("db", "gold");
  seed_policy("gold", api::Enforcement::offered);
  pass();
  ASSERT_EQ(plan_places(), Places{"shop"});
  auto plan = server_.peek_all(plans)[0];
  EXPECT_EQ(kube::annotation_of(plan, api::annotation::protects), "StatefulSet shop/db");
  server_.clear_calls();
  pass();
  for (const auto& call : server_.calls()) EXPECT_NE(call.resource, plans);

  auto object = *server_.peek(stateful_sets, {"shop", "db"});
  ensure_object(object, "metadata").erase("annotations");
  ASSERT_TRUE(server_.replace(stateful_sets, object, {}, {}));
  for (int i = 0; i < 500 && !plan_places().empty(); ++i) {
    pass();
    system_clock().sleep(std::chrono::milliseconds{10}, {});
  }
  EXPECT_EQ(plan_places(), Places{});
}

TEST_F(KeepPoliciesTest, WhatTheUserMaySetStaysAndTheRestComesBack) {
  seed_workload("db", "gold");
  seed_policy("gold", api::Enforcement::offered);
  pass();
  auto plan = *api::decode<api::BackupConfiguration>(server_.peek_all(plans)[0]);
  plan.spec.paused = true;
  plan.spec.runs[0].schedule = "0 0 1 1 *";
  ASSERT_TRUE(server_.replace(plans, api::encode(plan), {}, {}));
  pass();
  plan = *api::decode<api::BackupConfiguration>(server_.peek_all(plans)[0]);
  EXPECT_TRUE(plan.spec.paused);
  EXPECT_EQ(plan.spec.runs[0].schedule, "0 3 * * *");
}

TEST_F(KeepPoliciesTest, ImposedPlansAreMadeInTheSystemNamespace) {
  seed_workload("db", "none");
  seed_policy("must", api::Enforcement::mandatory);
  pass();
  EXPECT_EQ(plan_places(), Places{"dmaas-system"});
}

TEST_F(KeepPoliciesTest, WhatHasNoPlanSaysWhy) {
  seed_workload("a", "gone");
  seed_workload("b", "gold");
  seed_policy("gold", api::Enforcement::offered, "${when}");
  pass();
  EXPECT_EQ(protection_of("a"), "BackupPolicy gone does not exist (yet)");
  EXPECT_EQ(protection_of("b"),
            "${when} of the template has no value: set annotation var.dmaas.io/when, or "
            "spec.variables.when of the policy");
  auto policy = api::decode<api::BackupPolicy>(*server_.peek(policies, {"", "gold"}));
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->status.failed_targets, 1);
  EXPECT_FALSE(api::is_true(policy->status.conditions, api::condition::ready));
}

TEST_F(KeepPoliciesTest, EverybodyMayReadAllPoliciesButSilentOnes) {
  seed_policy("gold", api::Enforcement::offered);
  seed_policy("hidden", api::Enforcement::silent);
  pass();
  auto role = server_.peek(kube::resources::cluster_roles(), {"", "dmaas-open-policies"});
  ASSERT_TRUE(role);
  const auto& rules = items_at(*role, "rules");
  ASSERT_EQ(rules.size(), 1U);
  EXPECT_EQ(items_at(rules[0], "resourceNames"), (JsonArray{"gold"}));
}

TEST_F(KeepPoliciesTest, WithoutReadablePoliciesTheRoleAllowsNothing) {
  seed_policy("hidden", api::Enforcement::silent);
  pass();
  auto role = server_.peek(kube::resources::cluster_roles(), {"", "dmaas-open-policies"});
  ASSERT_TRUE(role);
  EXPECT_TRUE(items_at(*role, "rules").empty());
}

class ShareBackupsTest : public testing::Test {
protected:
  ShareBackupsTest() {
    plan_.key = {"dmaas-system", "shop-db-must-12345"};
    plan_.enforcement = api::Enforcement::mandatory;
    plan_.target = {stateful_sets, {"shop", "db"}, {}, {}};
    plan_.spec.targets = {{.name = "db", .namespaces = {"shop"}}};
    original_.metadata = {.name = "db-main", .namespace_name = "dmaas-system"};
    original_.spec.storage = api::NamespacedReference{"main"};
    original_.spec.path =
        api::repository_path(memory_.settings.cluster_name, plan_.key, plan_.spec);
    memory_.repositories.apply(api::encode(original_));
    shown_ = original_;
    shown_.metadata.namespace_name = "shop";
    shown_.spec.storage = api::NamespacedReference{"main", "dmaas-system"};
  }
  void take_grants() {
    const auto grants = api::kind_info<api::BackupGrant>().resource();
    for (const auto& grant : server_.peek_all(grants)) memory_.grant_objects.apply(grant);
  }

  kube::FakeApiServer server_;
  MemoryWorld memory_{server_};
  applications::WantedPlan plan_;
  api::Repository original_;
  api::Repository shown_;
};

TEST_F(ShareBackupsTest, TheNamespaceSeesTheRepositoryAndItsBackups) {
  api::Snapshot backup;
  backup.metadata = {.name = "db-1", .namespace_name = "dmaas-system"};
  backup.spec = {.repository = {.name = "db-main"}, .snapshot_id = std::string(64, 'a')};
  backup.spec.deletion_policy = api::DeletionPolicy::erase;
  backup.status.complete = true;
  memory_.snapshots.apply(api::encode(backup));
  ASSERT_TRUE(share_backups(memory_.world, {plan_}, {}));
  auto repository = server_.peek(api::kind_info<api::Repository>().resource(), {"shop", "db-main"});
  ASSERT_TRUE(repository);
  EXPECT_EQ(api::decode<api::Repository>(*repository)->spec.path, original_.spec.path);
  auto snapshot = server_.peek(api::kind_info<api::Snapshot>().resource(), {"shop", "db-1"});
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(api::decode<api::Snapshot>(*snapshot)->spec.deletion_policy,
            api::DeletionPolicy::retain);
  EXPECT_TRUE(api::decode<api::Snapshot>(*snapshot)->status.complete);
}

TEST_F(ShareBackupsTest, OnlyTheReceiverMayReadIt) {
  EXPECT_FALSE(is_shared(memory_.world, shown_));
  ASSERT_TRUE(share_backups(memory_.world, {plan_}, {}));
  take_grants();
  EXPECT_TRUE(is_shared(memory_.world, shown_));
  auto stranger = shown_;
  stranger.metadata.namespace_name = "other";
  EXPECT_FALSE(is_shared(memory_.world, stranger));
  auto elsewhere = shown_;
  elsewhere.spec.path = "cluster/groups/dmaas-system/another";
  EXPECT_FALSE(is_shared(memory_.world, elsewhere));
}

TEST_F(ShareBackupsTest, OfSilentPlansNothingIsShown) {
  plan_.enforcement = api::Enforcement::silent;
  ASSERT_TRUE(share_backups(memory_.world, {plan_}, {}));
  EXPECT_TRUE(server_.peek_all(api::kind_info<api::Repository>().resource()).empty());
  EXPECT_TRUE(server_.peek_all(api::kind_info<api::BackupGrant>().resource()).empty());
}

}  // namespace
}  // namespace dmaas::controller
