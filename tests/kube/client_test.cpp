#include <thread>

#include "cluster_fixture.hpp"

namespace dmaas::kube {
namespace {

using namespace std::chrono_literals;

TEST_F(ClusterTest, CreatesReadsReplacesAndRemoves) {
  auto created = client_->create(resources::config_maps(), config_map("a", "1"), {}, {});
  ASSERT_TRUE(created) << created.error().message();
  auto again = client_->create(resources::config_maps(), config_map("a", "1"), {}, {});
  EXPECT_TRUE(again.failed_with(ErrorCode::already_exists)) << again.error().message();

  auto changed = *created;
  changed.get_object()["data"] = JsonObject{{"value", "2"}};
  ASSERT_TRUE(client_->replace(resources::config_maps(), changed, {}, {}));
  EXPECT_TRUE(
      client_->replace(resources::config_maps(), changed, {}, {}).failed_with(ErrorCode::conflict));

  ObjectKey key{namespace_, "a"};
  RemoveOptions other{.uid = "00000000-0000-0000-0000-000000000000"};
  EXPECT_TRUE(
      client_->remove(resources::config_maps(), key, other, {}).failed_with(ErrorCode::conflict));
  EXPECT_TRUE(client_->remove(resources::config_maps(), key, {.dry_run = DryRun::yes}, {}));
  EXPECT_EQ(text_at(client_->get(resources::config_maps(), key, {}).value(), "data", "value"), "2");
  EXPECT_TRUE(client_->remove(resources::config_maps(), key, {.uid = uid_of(*created)}, {}));
  EXPECT_TRUE(client_->get(resources::config_maps(), key, {}).failed_with(ErrorCode::not_found));
  EXPECT_TRUE(ensure_removed(*client_, resources::config_maps(), key, {}, {}));
}

TEST_F(ClusterTest, NamesTheFieldsOfInvalidObjects) {
  auto broken = make_object(resources::services(), {namespace_, "a"});
  broken.get_object()["spec"] = JsonObject{{"ports", JsonArray{JsonObject{{"port", 99999}}}}};
  auto refused = client_->create(resources::services(), broken, {.dry_run = DryRun::yes}, {});
  ASSERT_TRUE(refused.failed_with(ErrorCode::invalid_input));
  EXPECT_NE(refused.error().message().find("spec.ports[0].port"), std::string::npos)
      << refused.error().message();
}

TEST_F(ClusterTest, ServerSideApplyDropsWhatTheManagerNoLongerApplies) {
  auto object = config_map("a", "1");
  object.at("data").get_object()["extra"] = "x";
  ASSERT_TRUE(client_->apply(resources::config_maps(), object, {.field_manager = "one"}, {}));
  auto applied =
      client_->apply(resources::config_maps(), config_map("a", "1"), {.field_manager = "one"}, {});
  ASSERT_TRUE(applied) << applied.error().message();
  EXPECT_EQ(find(*applied, "data", "extra"), nullptr);
  WriteOptions polite{.field_manager = "two", .force = Force::no};
  auto refused = client_->apply(resources::config_maps(), config_map("a", "2"), polite, {});
  EXPECT_TRUE(refused.failed_with(ErrorCode::conflict)) << refused.error().message();
}

TEST_F(ClusterTest, AFailedTestOfAPatchIsAConflict) {
  ASSERT_TRUE(client_->create(resources::config_maps(), config_map("a", "1"), {}, {}));
  ObjectKey key{namespace_, "a"};
  auto patch = [&](const Json& expected) {
    return client_->patch(
        resources::config_maps(), key,
        {PatchKind::json,
         JsonArray{JsonObject{{"op", "test"}, {"path", "/data/value"}, {"value", expected}},
                   JsonObject{{"op", "remove"}, {"path", "/data/value"}}}},
        {}, {});
  };
  auto refused = patch("2");
  EXPECT_TRUE(refused.failed_with(ErrorCode::conflict)) << refused.error().message();
  EXPECT_TRUE(patch("1"));
  Patch merge{PatchKind::merge, JsonObject{{"data", JsonObject{{"value", "3"}}}}};
  EXPECT_EQ(text_at(client_->patch(resources::config_maps(), key, merge, {}, {}).value(), "data",
                    "value"),
            "3");
}

TEST_F(ClusterTest, AMissingMemberTestsEqualToNull) {
  ASSERT_TRUE(client_->create(resources::config_maps(), config_map("a", "1"), {}, {}));
  Patch patch{
      PatchKind::json,
      JsonArray{
          JsonObject{{"op", "test"}, {"path", "/metadata/finalizers"}, {"value", nullptr}},
          JsonObject{
              {"op", "add"}, {"path", "/metadata/labels"}, {"value", JsonObject{{"a", "b"}}}}}};
  auto patched = client_->patch(resources::config_maps(), {namespace_, "a"}, patch, {}, {});
  ASSERT_TRUE(patched) << patched.error().message();
  EXPECT_EQ(label_of(*patched, "a"), "b");
}

TEST_F(ClusterTest, ListsInPagesAndBySelector) {
  for (int i = 0; i < 12; ++i) {
    auto object = config_map("c" + std::to_string(i), "x");
    set_label(object, "parity", i % 2 == 0 ? "even" : "odd");
    ASSERT_TRUE(client_->create(resources::config_maps(), object, {}, {}));
  }
  ListOptions options{
      .namespace_name = namespace_, .label_selector = "parity=even", .page_size = 2};
  auto even = list_all(*client_, resources::config_maps(), options, {});
  ASSERT_TRUE(even) << even.error().message();
  EXPECT_EQ(even->size(), 6u);
  EXPECT_EQ(kind_of(even->front()), "ConfigMap");
  EXPECT_EQ(api_version_of(even->front()), "v1");
}

TEST_F(ClusterTest, WatchesFromAVersionOnAndStops) {
  auto listed = client_->list(resources::config_maps(), {.namespace_name = namespace_},
                              [](Json) -> Result<> { return {}; }, {});
  ASSERT_TRUE(listed);
  std::string seen;
  std::stop_source stop;
  std::jthread writer([&] {
    EXPECT_TRUE(client_->create(resources::config_maps(), config_map("a", "1"), {}, {}));
    EXPECT_TRUE(client_->remove(resources::config_maps(), {namespace_, "a"}, {}, {}));
  });
  auto sink = [&](WatchEvent event) -> Result<> {
    if (name_of(event.object) != "a") return {};
    seen += event.type == EventType::deleted ? "-" : "+";
    if (event.type == EventType::deleted) stop.request_stop();
    return {};
  };
  WatchOptions options{.namespace_name = namespace_, .resource_version = listed->resource_version};
  auto ended = client_->watch(resources::config_maps(), options, sink, stop.get_token());
  EXPECT_TRUE(ended.failed_with(ErrorCode::cancelled));
  EXPECT_EQ(seen, "+-");
}

TEST_F(ClusterTest, AWatchEndsWhenItsTimeIsOver) {
  auto ignore = [](WatchEvent) -> Result<> { return {}; };
  WatchOptions brief{.namespace_name = namespace_, .timeout = 1s};
  EXPECT_EQ(client_->watch(resources::config_maps(), brief, ignore, {}).value(), WatchEnd::closed);
}

TEST_F(ClusterTest, DiscoversWhatTheServerServes) {
  auto discovery = client_->discover({});
  ASSERT_TRUE(discovery) << discovery.error().message();
  for (const auto& resource : {resources::namespaces(),
                               resources::nodes(),
                               resources::pods(),
                               resources::services(),
                               resources::service_accounts(),
                               resources::secrets(),
                               resources::config_maps(),
                               resources::persistent_volume_claims(),
                               resources::persistent_volumes(),
                               resources::storage_classes(),
                               resources::resource_quotas(),
                               resources::limit_ranges(),
                               resources::deployments(),
                               resources::stateful_sets(),
                               resources::daemon_sets(),
                               resources::replica_sets(),
                               resources::jobs(),
                               resources::roles(),
                               resources::role_bindings(),
                               resources::cluster_roles(),
                               resources::cluster_role_bindings(),
                               resources::network_policies(),
                               resources::custom_resource_definitions(),
                               resources::leases(),
                               resources::events(),
                               resources::token_reviews(),
                               resources::subject_access_reviews()}) {
    const auto* served = discovery->find(resource.api_version(), resource.kind);
    ASSERT_NE(served, nullptr) << resource.name();
    EXPECT_EQ(served->resource, resource);
    EXPECT_TRUE(served->preferred);
  }
  EXPECT_EQ(discovery->find_name("deploy")->resource, resources::deployments());
  auto version = client_->server_version({});
  ASSERT_TRUE(version);
  EXPECT_EQ(version->major, 1);
  EXPECT_GE(version->minor, 24);
  EXPECT_EQ(cluster_uid(*client_, {}).value().size(), 36u);
}

TEST_F(ClusterTest, AnImpersonatedAccountMayOnlyWhatItMay) {
  auto account = service_account(namespace_, "default");
  auto view = client_->impersonating(account);
  auto refused = view->create(resources::config_maps(), config_map("a", "1"), {}, {});
  EXPECT_TRUE(refused.failed_with(ErrorCode::permission_denied)) << refused.error().message();
  AccessQuestion question{account, "create", resources::config_maps(), "", {namespace_, ""}};
  EXPECT_FALSE(review_access(*client_, question, {}).value().allowed);

  auto binding = make_object(resources::role_bindings(), {namespace_, "edit"});
  binding.get_object()["roleRef"] = JsonObject{
      {"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", "edit"}};
  binding.get_object()["subjects"] = JsonArray{
      JsonObject{{"kind", "ServiceAccount"}, {"namespace", namespace_}, {"name", "default"}}};
  ASSERT_TRUE(client_->create(resources::role_bindings(), binding, {}, {}));
  EXPECT_TRUE(eventually([&] { return review_access(*client_, question, {}).value().allowed; }));
  EXPECT_TRUE(view->create(resources::config_maps(), config_map("a", "1"), {}, {}));
}

TEST_F(ClusterTest, AUsedUpQuotaIsExhausted) {
  auto quota = make_object(resources::resource_quotas(), {namespace_, "few"});
  quota.get_object()["spec"] = JsonObject{{"hard", JsonObject{{"count/secrets", "0"}}}};
  ASSERT_TRUE(client_->create(resources::resource_quotas(), quota, {}, {}));
  auto secret = make_object(resources::secrets(), {namespace_, "s"});
  EXPECT_TRUE(eventually([&] {
    return client_->create(resources::secrets(), secret, {.dry_run = DryRun::yes}, {})
        .failed_with(ErrorCode::exhausted);
  }));
}

TEST_F(ClusterTest, ReviewsTokensForTheirAudience) {
  Json request = make_object(resources::service_accounts(), {namespace_, "default"});
  request.get_object()["apiVersion"] = "authentication.k8s.io/v1";
  request.get_object()["kind"] = "TokenRequest";
  request.get_object()["spec"] =
      JsonObject{{"audiences", JsonArray{"dmaas-gateway"}}, {"expirationSeconds", 600}};
  auto issued = client_->create(resources::service_accounts(), request,
                                {.field_manager = "", .subresource = "token"}, {});
  ASSERT_TRUE(issued) << issued.error().message();
  auto token = text_at(*issued, "status", "token");
  auto review = review_token(*client_, token, "dmaas-gateway", {}).value();
  EXPECT_TRUE(review.authenticated);
  EXPECT_EQ(review.user, "system:serviceaccount:" + namespace_ + ":default");
  EXPECT_FALSE(review_token(*client_, token, "other", {}).value().authenticated);
  EXPECT_FALSE(review_token(*client_, "forged", "dmaas-gateway", {}).value().authenticated);
}

}  // namespace
}  // namespace dmaas::kube
