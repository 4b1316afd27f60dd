#include "applications/apply.hpp"

#include <gmock/gmock.h>

#include <mutex>

#include "api/labels.hpp"
#include "api/restore_session.hpp"
#include "applications/testing/shop.hpp"
#include "kube/object/object.hpp"
#include "kube/testing/fake_api_server.hpp"

namespace dmaas::applications {
namespace {

using api::ExistingPolicy;
using testing::HasSubstr;

/// Time passes only by sleeping, and at once.
class JumpingClock final : public Clock {
public:
  Timestamp now() const override { return Timestamp(monotonic()); }
  std::chrono::nanoseconds monotonic() const override {
    const std::lock_guard lock(mutex_);
    return time_;
  }
  bool sleep(std::chrono::nanoseconds duration, std::stop_token stop) override {
    const std::lock_guard lock(mutex_);
    time_ += duration;
    return !stop.stop_requested();
  }

private:
  mutable std::mutex mutex_;
  std::chrono::nanoseconds time_{0};
};

class ApplyTest : public testing::Test {
protected:
  ApplyTest()
      : server_(clock_),
        account_(server_.impersonating(kube::service_account("shop", "dmaas-restore"))) {
    server_.set_discovery(test_discovery());
    establish_definitions();
  }

  /// What the real server does to definitions after their creation.
  void establish_definitions() {
    server_.set_fault([this](const kube::RecordedCall& call) -> std::optional<Error> {
      if (call.verb == kube::Verb::get && call.resource.kind == "CustomResourceDefinition" &&
          server_.peek(call.resource, call.key)) {
        Json definition = *server_.peek(call.resource, call.key);
        definition.as_object()["status"] =
            *parse_json(R"({"conditions":[{"type":"Established","status":"True"}]})");
        server_.seed(call.resource, definition);
      }
      return fault_ ? fault_(call) : std::nullopt;
    });
  }

  RestorePlan planned(std::string session = "session-1") {
    RestoreOptions options;
    options.naming.namespaces = {{"shop", "west"}};
    options.restored_by = std::move(session);
    return *plan_restore(backup_, test_discovery(), options, {});
  }

  Result<> apply(const RestorePlan& plan, RestorePart part,
                 ExistingPolicy existing = ExistingPolicy::skip, std::stop_token stop = {}) {
    outcomes_.clear();
    ApplyOptions options;
    options.part = part;
    options.existing = existing;
    auto keep = [this](const AppliedObject& applied) {
      outcomes_.emplace(applied.object.text(), applied);
    };
    return apply_part(plan, backup_, {*account_, server_, clock_}, options, keep, stop);
  }
  std::size_t count(ApplyOutcome outcome) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        outcomes_, [&](const auto& entry) { return entry.second.outcome == outcome; }));
  }
  void put_config_map(const char* motd) {
    server_.seed(kube::resources::config_maps(),
                 JsonObject{{"apiVersion", "v1"},
                            {"kind", "ConfigMap"},
                            {"metadata", JsonObject{{"name", "web-conf"}, {"namespace", "west"}}},
                            {"data", JsonObject{{"motd", motd}}}});
  }
  std::string motd() const {
    return text_at(*server_.peek(kube::resources::config_maps(), {"west", "web-conf"}), "data",
                   "motd");
  }

  MemoryFiles backup_ = back_up_shop();
  JumpingClock clock_;
  kube::FakeApiServer server_;
  std::unique_ptr<kube::Client> account_;
  std::function<std::optional<Error>(const kube::RecordedCall&)> fault_;
  std::map<std::string, AppliedObject> outcomes_;
};

TEST_F(ApplyTest, CreatesEverythingByTheAccountPartAfterPart) {
  const auto plan = planned();
  ASSERT_TRUE(apply(plan, RestorePart::configuration).has_value());
  EXPECT_TRUE(server_.peek(kube::resources::secrets(), {"west", "db-root"}));
  EXPECT_FALSE(server_.peek(kube::resources::stateful_sets(), {"west", "db"}));
  EXPECT_EQ(count(ApplyOutcome::created), outcomes_.size());
  ASSERT_TRUE(apply(plan, RestorePart::workloads).has_value());
  EXPECT_TRUE(server_.peek(kube::resources::stateful_sets(), {"west", "db"}));
  EXPECT_EQ(count(ApplyOutcome::created), outcomes_.size());
  for (const auto& call : server_.calls()) {
    if (call.verb == kube::Verb::get) continue;
    EXPECT_EQ(call.user, "system:serviceaccount:shop:dmaas-restore");
  }
}

TEST_F(ApplyTest, ASecondRunOfTheSameSessionChangesNothing) {
  ASSERT_TRUE(apply(planned(), RestorePart::configuration, ExistingPolicy::fail).has_value());
  ASSERT_TRUE(apply(planned(), RestorePart::configuration, ExistingPolicy::fail).has_value());
  EXPECT_EQ(count(ApplyOutcome::unchanged), outcomes_.size());
}

TEST_F(ApplyTest, ExistingObjectsFollowThePolicy) {
  put_config_map("theirs");
  ASSERT_TRUE(apply(planned("a"), RestorePart::configuration, ExistingPolicy::skip).has_value());
  EXPECT_EQ(outcomes_.at("ConfigMap west/web-conf").outcome, ApplyOutcome::skipped);
  EXPECT_EQ(motd(), "theirs");

  ASSERT_TRUE(apply(planned("b"), RestorePart::configuration, ExistingPolicy::fail).has_value());
  EXPECT_EQ(outcomes_.at("ConfigMap west/web-conf").outcome, ApplyOutcome::failed);
  EXPECT_EQ(motd(), "theirs");

  ASSERT_TRUE(apply(planned("c"), RestorePart::configuration, ExistingPolicy::update).has_value());
  EXPECT_EQ(outcomes_.at("ConfigMap west/web-conf").outcome, ApplyOutcome::updated);
  EXPECT_EQ(motd(), "hello");

  put_config_map("theirs");
  const std::string uid =
      kube::uid_of(*server_.peek(kube::resources::config_maps(), {"west", "web-conf"}));
  ASSERT_TRUE(
      apply(planned("d"), RestorePart::configuration, ExistingPolicy::recreate).has_value());
  EXPECT_EQ(outcomes_.at("ConfigMap west/web-conf").outcome, ApplyOutcome::updated);
  EXPECT_EQ(motd(), "hello");
  EXPECT_NE(kube::uid_of(*server_.peek(kube::resources::config_maps(), {"west", "web-conf"})), uid);
}

TEST_F(ApplyTest, WhatIsOfTheClusterStaysWhereTheAccountMayNotUpdateIt) {
  ASSERT_TRUE(apply(planned("a"), RestorePart::configuration).has_value());
  fault_ = [](const kube::RecordedCall& call) -> std::optional<Error> {
    if (call.verb != kube::Verb::apply) return std::nullopt;
    return Error(ErrorCode::permission_denied, "forbidden");
  };
  ASSERT_TRUE(apply(planned("b"), RestorePart::configuration, ExistingPolicy::update).has_value());
  EXPECT_EQ(outcomes_.at("Namespace west").outcome, ApplyOutcome::skipped);
  EXPECT_EQ(outcomes_.at("ConfigMap west/web-conf").outcome, ApplyOutcome::failed);
}

TEST_F(ApplyTest, AStandbyLeavesWhatIsOfTheClusterToTheCluster) {
  ASSERT_TRUE(apply(planned("a"), RestorePart::configuration).has_value());
  auto plan = planned("b");
  plan.standby = "standby-uid";
  put_config_map("changed since");
  ASSERT_TRUE(apply(plan, RestorePart::configuration, ExistingPolicy::update).has_value());
  EXPECT_EQ(outcomes_.at("Namespace west").outcome, ApplyOutcome::skipped);
  EXPECT_NE(motd(), "changed since");
  auto updated = *server_.peek(kube::resources::config_maps(), {"west", "web-conf"});
  EXPECT_EQ(kube::label_of(updated, api::label::standby), "standby-uid");
}

TEST_F(ApplyTest, NoPolicyDeletesNamespacesDefinitionsOrClaims) {
  ASSERT_TRUE(apply(planned("a"), RestorePart::configuration).has_value());
  server_.clear_calls();
  ASSERT_TRUE(
      apply(planned("b"), RestorePart::configuration, ExistingPolicy::recreate).has_value());
  for (const auto& call : server_.calls()) {
    if (call.verb != kube::Verb::remove) continue;
    EXPECT_THAT(
        call.resource.kind,
        testing::AllOf(testing::Ne("Namespace"), testing::Ne("PersistentVolumeClaim"),
                       testing::Ne("CustomResourceDefinition"), testing::Ne("StorageClass")));
  }
  EXPECT_EQ(outcomes_.at("PersistentVolumeClaim west/data-db-0").outcome, ApplyOutcome::skipped);
  EXPECT_THAT(outcomes_.at("PersistentVolumeClaim west/data-db-0").message,
              HasSubstr("its data is not replaced"));
}

TEST_F(ApplyTest, NoPolicyDeletesWhatAnOperatorsCatalogueHoldsForAll) {
  ASSERT_TRUE(apply(planned("a"), RestorePart::workloads).has_value());
  EXPECT_EQ(outcomes_.at("CacheClass fast").outcome, ApplyOutcome::created);
  server_.clear_calls();
  ASSERT_TRUE(apply(planned("b"), RestorePart::workloads, ExistingPolicy::recreate).has_value());
  for (const auto& call : server_.calls()) {
    if (call.verb != kube::Verb::remove) continue;
    EXPECT_NE(call.resource.kind, "CacheClass");
  }
  EXPECT_EQ(outcomes_.at("CacheClass fast").outcome, ApplyOutcome::updated);
}

TEST_F(ApplyTest, OneRefusalDoesNotStopTheRest) {
  fault_ = [](const kube::RecordedCall& call) -> std::optional<Error> {
    if (call.verb == kube::Verb::create && call.resource.kind == "RoleBinding")
      return Error(ErrorCode::permission_denied, "roles: escalation");
    return std::nullopt;
  };
  ASSERT_TRUE(apply(planned(), RestorePart::configuration).has_value());
  EXPECT_EQ(count(ApplyOutcome::failed), 1u);
  EXPECT_EQ(outcomes_.at("RoleBinding west/db-reader").message, "roles: escalation");
  EXPECT_GT(count(ApplyOutcome::created), 10u);
}

TEST_F(ApplyTest, WhatExistsIsLeftAloneByAnAccountThatMayNotCreateIt) {
  server_.seed(
      kube::resources::storage_classes(),
      *parse_json(
          R"({"apiVersion":"storage.k8s.io/v1","kind":"StorageClass","metadata":{"name":"local-path"}})"));
  fault_ = [](const kube::RecordedCall& call) -> std::optional<Error> {
    if (call.verb == kube::Verb::create && call.resource.kind == "StorageClass")
      return Error(ErrorCode::permission_denied, "forbidden");
    return std::nullopt;
  };
  ASSERT_TRUE(apply(planned(), RestorePart::configuration).has_value());
  EXPECT_EQ(outcomes_.at("StorageClass local-path").outcome, ApplyOutcome::skipped);
}

TEST_F(ApplyTest, AServiceWhosePortIsTakenByItselfExists) {
  server_.seed(
      kube::resources::services(),
      *parse_json(
          R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"west"}})"));
  fault_ = [](const kube::RecordedCall& call) -> std::optional<Error> {
    const bool service = call.verb == kube::Verb::create && call.resource.kind == "Service";
    return service ? std::optional(Error(ErrorCode::invalid_input, "port is taken")) : std::nullopt;
  };
  ASSERT_TRUE(apply(planned(), RestorePart::workloads).has_value());
  EXPECT_EQ(outcomes_.at("Service west/web").outcome, ApplyOutcome::skipped);
  EXPECT_EQ(outcomes_.at("Service west/db").message, "port is taken");
}

TEST_F(ApplyTest, AServerThatDoesNotAnswerIsAskedAgainWithPauses) {
  std::atomic<int> refusals = 0;
  fault_ = [&](const kube::RecordedCall& call) -> std::optional<Error> {
    const bool hit = call.verb == kube::Verb::create && call.resource.kind == "ResourceQuota";
    const bool config =
        call.verb == kube::Verb::create && call.key.name == "db-conf" && refusals++ < 3;
    return hit || config ? std::optional(Error(ErrorCode::unavailable, "503")) : std::nullopt;
  };
  ASSERT_TRUE(apply(planned(), RestorePart::configuration).has_value());
  EXPECT_EQ(outcomes_.at("ConfigMap west/db-conf").outcome, ApplyOutcome::created);
  EXPECT_EQ(clock_.monotonic(), std::chrono::seconds(7));
}

TEST_F(ApplyTest, GivesUpAfterFiveAttempts) {
  fault_ = [](const kube::RecordedCall& call) -> std::optional<Error> {
    if (call.verb == kube::Verb::create && call.key.name == "db-conf")
      return Error(ErrorCode::unavailable, "503");
    return std::nullopt;
  };
  ASSERT_TRUE(apply(planned(), RestorePart::configuration).has_value());
  EXPECT_EQ(outcomes_.at("ConfigMap west/db-conf").outcome, ApplyOutcome::failed);
}

TEST_F(ApplyTest, ADefinitionThatIsNeverServedFailsAfterItsTime) {
  server_.set_fault(nullptr);  // nothing establishes it
  ASSERT_TRUE(apply(planned(), RestorePart::configuration).has_value());
  const auto& applied = outcomes_.at("CustomResourceDefinition caches.example.com");
  EXPECT_EQ(applied.outcome, ApplyOutcome::failed);
  EXPECT_THAT(applied.message, HasSubstr("not served yet after 60 s"));
}

TEST_F(ApplyTest, TheDefaultAccountGetsPullSecretsEvenWhenExistingIsSkipped) {
  Json account = *parse_json(
      R"({"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default","namespace":"shop"},
    "imagePullSecrets":[{"name":"registry"}]})");
  backup_ = back_up_shop({account});
  server_.seed(kube::resources::service_accounts(),
               *parse_json(R"({"apiVersion":"v1","kind":"ServiceAccount",
    "metadata":{"name":"default","namespace":"west"},"imagePullSecrets":[{"name":"own"}]})"));
  ASSERT_TRUE(apply(planned(), RestorePart::configuration).has_value());
  EXPECT_EQ(outcomes_.at("ServiceAccount west/default").outcome, ApplyOutcome::updated);
  const auto after = *server_.peek(kube::resources::service_accounts(), {"west", "default"});
  EXPECT_EQ(to_text(*find(after, "imagePullSecrets")), R"([{"name":"own"},{"name":"registry"}])");
}

TEST_F(ApplyTest, StopsWhenItIsTold) {
  std::stop_source stop;
  fault_ = [&](const kube::RecordedCall& call) -> std::optional<Error> {
    if (call.verb == kube::Verb::create && call.resource.kind == "Secret") stop.request_stop();
    return std::nullopt;
  };
  EXPECT_EQ(
      apply(planned(), RestorePart::configuration, ExistingPolicy::skip, stop.get_token()).code(),
      ErrorCode::cancelled);
  EXPECT_FALSE(server_.peek(kube::resources::persistent_volume_claims(), {"west", "data-db-0"}));
}

TEST_F(ApplyTest, ACorruptFileFailsItsObjectOnly) {
  const auto plan = planned();
  backup_.files["/core/configmaps/v1/shop/db-conf.json"] = "{";
  ASSERT_TRUE(apply(plan, RestorePart::configuration).has_value());
  EXPECT_EQ(outcomes_.at("ConfigMap west/db-conf").outcome, ApplyOutcome::failed);
  EXPECT_EQ(count(ApplyOutcome::failed), 1u);
}

}  // namespace
}  // namespace dmaas::applications
