#include "kube/client/rest_client.hpp"

#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "http/testing/scripted_server.hpp"
#include "kube/client/cluster_access.hpp"
#include "kube/object/object.hpp"

namespace dmaas::kube {
namespace {

using http::ScriptedReply;
using http::ScriptedRequest;
using http::ScriptedServer;

/// Advances by itself whenever somebody sleeps.
class JumpingClock final : public Clock {
public:
  Timestamp now() const override { return Timestamp{slept}; }
  std::chrono::nanoseconds monotonic() const override { return slept; }
  bool sleep(std::chrono::nanoseconds duration, std::stop_token stop) override {
    slept += duration;
    return !stop.stop_requested();
  }
  std::chrono::nanoseconds slept{0};
};

class RestClientTest : public testing::Test {
protected:
  std::unique_ptr<Client> connect(ScriptedServer::Script script) {
    server_ = std::make_unique<ScriptedServer>(std::move(script));
    ClusterAccess access;
    access.server = server_->origin();
    access.identity = identity_;
    return open_client(access, clock_).value();
  }
  static ScriptedReply json(int status, std::string body) {
    return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = body};
  }

  std::shared_ptr<IdentitySource> identity_ = fixed_identity({.token = "t0"});
  JumpingClock clock_;
  std::unique_ptr<ScriptedServer> server_;
};

TEST_F(RestClientTest, ListsAndWatchesMetadataAlone) {
  std::vector<std::string> accepted;
  auto client = connect([&](const ScriptedRequest& request) {
    accepted.emplace_back(http::header_of(request.headers, "Accept"));
    std::string object = R"({"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadata",
        "metadata":{"name":"a","namespace":"shop","managedFields":[1]}})";
    std::erase(object, '\n');
    bool is_watch = request.target.find("watch=true") != std::string::npos;
    return json(200, is_watch ? R"({"type":"ADDED","object":)" + object + "}\n"
                              : R"({"metadata":{"resourceVersion":"9"},"items":[)" + object + "]}");
  });
  const Json expected = parse_json(R"({"apiVersion":"apps/v1","kind":"Deployment",
      "metadata":{"name":"a","namespace":"shop"}})")
                            .value();
  auto listed = list_all(*client, resources::deployments(), {.content = Content::metadata}, {});
  ASSERT_TRUE(listed) << listed.error().message();
  EXPECT_EQ(*listed, std::vector<Json>{expected});
  Json watched;
  auto ended = client->watch(resources::deployments(), {.content = Content::metadata},
                             [&](WatchEvent event) -> Result<> {
                               watched = std::move(event.object);
                               return {};
                             },
                             {});
  ASSERT_TRUE(ended) << ended.error().message();
  EXPECT_EQ(watched, expected);
  EXPECT_EQ(accepted[0], "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
  EXPECT_EQ(accepted[1], "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
}

// A backup tells by them which ports of a Service a person chose.
TEST_F(RestClientTest, ListsWholeObjectsWithTheirManagedFields) {
  auto client = connect([](const ScriptedRequest&) {
    return json(200, R"({"metadata":{},"items":[{"metadata":{"name":"a","managedFields":[1]}}]})");
  });
  auto listed = list_all(*client, resources::pods(), {}, {});
  ASSERT_TRUE(listed) << listed.error().message();
  ASSERT_EQ(listed->size(), 1u);
  EXPECT_EQ(items_at(listed->front(), "metadata", "managedFields").size(), 1u);
}

TEST_F(RestClientTest, PagesThroughAListAndCompletesItems) {
  auto client = connect([](const ScriptedRequest& request) {
    if (request.target.find("continue=next") != std::string::npos) {
      return json(200,
                  R"({"metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"b"}}]})");
    }
    return json(200, R"({"metadata":{"resourceVersion":"9","continue":"next"},
                         "items":[{"metadata":{"name":"a"}}]})");
  });
  std::string seen;
  auto listed = client->list(resources::secrets(), {.namespace_name = "shop", .page_size = 1},
                             [&](Json object) -> Result<> {
                               seen += describe(object) + ";";
                               return {};
                             },
                             {});
  ASSERT_TRUE(listed) << listed.error().message();
  EXPECT_EQ(seen, "Secret a;Secret b;");
  EXPECT_EQ(listed->resource_version, "9");
  auto requests = server_->requests();
  EXPECT_EQ(requests[0].target, "/api/v1/namespaces/shop/secrets?limit=1");
  EXPECT_EQ(http::header_of(requests[0].headers, "Authorization"), "Bearer t0");
}

TEST_F(RestClientTest, BeginsAnExpiredListAgain) {
  int calls = 0;
  auto client = connect([&](const ScriptedRequest& request) {
    bool second_page = request.target.find("continue") != std::string::npos;
    if (second_page && ++calls == 1) return json(410, R"({"kind":"Status","code":410})");
    if (second_page) return json(200, R"({"metadata":{},"items":[{"metadata":{"name":"b"}}]})");
    return json(200, R"({"metadata":{"continue":"c"},"items":[{"metadata":{"name":"a"}}]})");
  });
  auto all = list_all(*client, resources::pods(), {}, {});
  ASSERT_TRUE(all) << all.error().message();
  EXPECT_EQ(all->size(), 2u);
  calls = 0;
  auto ignore = [](Json) -> Result<> { return {}; };
  EXPECT_TRUE(client->list(resources::pods(), {}, ignore, {}).failed_with(ErrorCode::conflict));
}

TEST_F(RestClientTest, WaitsAsLongAsTheServerAsks) {
  int calls = 0;
  auto client = connect([&](const ScriptedRequest&) {
    if (++calls <= 2) return ScriptedReply{.status = 429, .headers = {{"Retry-After", "3"}}};
    return json(200, R"({"metadata":{"name":"a"}})");
  });
  EXPECT_TRUE(client->get(resources::pods(), {"shop", "a"}, {}));
  EXPECT_EQ(clock_.slept, std::chrono::seconds{6});
  EXPECT_EQ(calls, 3);
}

TEST_F(RestClientTest, GivesUpWhenTheServerAsksTooOften) {
  auto client = connect([](const ScriptedRequest&) {
    return ScriptedReply{.status = 503, .headers = {{"Retry-After", "2"}}};
  });
  auto got = client->get(resources::pods(), {"shop", "a"}, {});
  EXPECT_TRUE(got.failed_with(ErrorCode::unavailable));
  EXPECT_EQ(server_->requests().size(), 6u);
}

class RenewedIdentity final : public IdentitySource {
public:
  Result<Identity> current(std::stop_token) override {
    return Identity{.token = "t" + std::to_string(number_)};
  }
  void forget() override { ++number_; }

private:
  int number_ = 0;
};

TEST_F(RestClientTest, RenewsItsIdentityOnceAfterARefusal) {
  identity_ = std::make_shared<RenewedIdentity>();
  auto client = connect([](const ScriptedRequest& request) {
    bool is_new = http::header_of(request.headers, "Authorization") == "Bearer t1";
    return is_new ? json(200, "{}") : json(401, R"({"kind":"Status","reason":"Unauthorized"})");
  });
  EXPECT_TRUE(client->get(resources::pods(), {"shop", "a"}, {}));
  identity_ = fixed_identity({.token = "bad"});
  client = connect([](const ScriptedRequest&) { return json(401, "no"); });
  EXPECT_TRUE(
      client->get(resources::pods(), {"shop", "a"}, {}).failed_with(ErrorCode::permission_denied));
  EXPECT_EQ(server_->requests().size(), 2u);
}

TEST_F(RestClientTest, ActsForAnotherAccount) {
  auto client = connect([](const ScriptedRequest&) { return json(201, "{}"); });
  auto view = client->impersonating(service_account("shop", "restore"));
  auto object = make_object(resources::config_maps(), {"shop", "a"});
  ASSERT_TRUE(view->create(resources::config_maps(), object, {.dry_run = DryRun::yes}, {}));
  auto request = server_->requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/api/v1/namespaces/shop/configmaps?fieldManager=dmaas&dryRun=All");
  EXPECT_EQ(http::header_of(request.headers, "Impersonate-User"),
            "system:serviceaccount:shop:restore");
  EXPECT_EQ(http::header_of(request.headers, "Impersonate-Group"), "system:serviceaccounts");
}

TEST_F(RestClientTest, TellsFailedTestsOfPatchesFromInvalidObjects) {
  std::string answer = R"({"kind":"Status","reason":"Invalid","code":422})";
  auto client = connect([&](const ScriptedRequest&) { return json(422, answer); });
  Patch patch{PatchKind::json, JsonArray{}};
  auto send = [&] { return client->patch(resources::pods(), {"shop", "a"}, patch, {}, {}); };
  EXPECT_TRUE(send().failed_with(ErrorCode::conflict));
  answer = R"({"kind":"Status","reason":"Invalid","code":422,
               "details":{"causes":[{"field":"spec","message":"bad"}]}})";
  EXPECT_TRUE(send().failed_with(ErrorCode::invalid_input));
}

TEST_F(RestClientTest, StreamsEventsOfAWatch) {
  std::string body = R"({"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"5"}}})"
                     "\n";
  auto client = connect([&](const ScriptedRequest&) { return json(200, body); });
  std::string seen;
  auto sink = [&](WatchEvent event) -> Result<> {
    seen += name_of(event.object);
    return {};
  };
  WatchOptions options{.namespace_name = "shop", .resource_version = "4"};
  EXPECT_EQ(client->watch(resources::pods(), options, sink, {}).value(), WatchEnd::closed);
  EXPECT_EQ(seen, "a");
  EXPECT_EQ(server_->requests().at(0).target,
            "/api/v1/namespaces/shop/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=290"
            "&resourceVersion=4");
  body = R"({"type":"ERROR","object":{"kind":"Status","code":410}})"
         "\n";
  EXPECT_EQ(client->watch(resources::pods(), options, sink, {}).value(), WatchEnd::expired);
}

TEST_F(RestClientTest, FallsBackToDiscoveryOfEachGroup) {
  auto client = connect([](const ScriptedRequest& request) {
    if (request.target == "/api") return json(200, R"({"kind":"APIVersions","versions":["v1"]})");
    if (request.target == "/apis") {
      return json(200, R"({"kind":"APIGroupList","groups":[{"name":"apps","versions":[
        {"groupVersion":"apps/v1"}]},{"name":"dead","versions":[{"groupVersion":"dead/v1"}]}]})");
    }
    if (request.target == "/api/v1") {
      return json(200, R"({"groupVersion":"v1","resources":[{"name":"pods","kind":"Pod",
        "namespaced":true,"verbs":["get"]}]})");
    }
    if (request.target == "/apis/apps/v1") {
      return json(200, R"({"groupVersion":"apps/v1","resources":[{"name":"deployments",
        "kind":"Deployment","namespaced":true,"verbs":["get"]}]})");
    }
    return json(503, "");
  });
  auto discovery = client->discover({});
  ASSERT_TRUE(discovery) << discovery.error().message();
  EXPECT_NE(discovery->find("v1", "Pod"), nullptr);
  EXPECT_NE(discovery->find_kind("apps", "Deployment"), nullptr);
  EXPECT_EQ(discovery->incomplete_groups(), std::vector<std::string>{"dead/v1"});
}

TEST_F(RestClientTest, BelievesAReviewOnlyWithItsAudience) {
  std::string status = R"({"authenticated":true,"user":{"username":"u"}})";
  auto client =
      connect([&](const ScriptedRequest&) { return json(201, R"({"status":)" + status + "}"); });
  EXPECT_FALSE(review_token(*client, "token", "dmaas-gateway", {}).value().authenticated);
  status = R"({"authenticated":true,"audiences":["dmaas-gateway"],"user":{"username":"u",
    "extra":{"authentication.kubernetes.io/pod-uid":["p1"]}}})";
  auto review = review_token(*client, "token", "dmaas-gateway", {}).value();
  EXPECT_TRUE(review.authenticated);
  EXPECT_EQ(review.pod_uid, "p1");
}

TEST_F(RestClientTest, EndsAtOnceWhenStopped) {
  auto client = connect(
      [](const ScriptedRequest&) { return ScriptedReply{.delay = std::chrono::seconds{5}}; });
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(client->get(resources::pods(), {"shop", "a"}, stop.get_token())
                  .failed_with(ErrorCode::cancelled));
}

}  // namespace
}  // namespace dmaas::kube
