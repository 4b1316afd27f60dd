#include "applications/capture.hpp"

#include <gmock/gmock.h>

#include "applications/discover.hpp"
#include "applications/resource_path.hpp"
#include "applications/testing/memory_cluster.hpp"
#include "base/encoding.hpp"

namespace dmaas::applications {
namespace {

class CaptureTest : public testing::Test {
protected:
  CaptureTest() : cluster_(test_discovery()) { cluster_.put_all(read_test_objects("shop.yaml")); }

  Application all(Secrets secrets = Secrets::keep) {
    Target target;
    target.namespaces = {"shop"};
    target.everything.emplace();
    target.selection.secrets = secrets;
    return *discover(cluster_, {target}, {});
  }
  Result<CaptureSummary> take(const Application& application, Secrets secrets = Secrets::keep) {
    return capture(cluster_, application, secrets,
                   [this](const std::string& path, std::string_view content) -> Result<> {
                     EXPECT_TRUE(files_.emplace(path, content).second) << path;
                     return {};
                   },
                   {});
  }

  MemoryCluster cluster_;
  std::map<std::string, std::string> files_;
};

TEST_F(CaptureTest, WritesOneFilePerObjectAndVersion) {
  const auto application = all();
  const auto summary = take(application);
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(summary->objects, application.members.size());
  EXPECT_EQ(summary->files, files_.size());
  EXPECT_TRUE(files_.contains("/core/configmaps/v1/shop/db-conf.json"));
  EXPECT_TRUE(files_.contains("/core/namespaces/v1/_cluster/shop.json"));
  EXPECT_TRUE(files_.contains("/autoscaling/horizontalpodautoscalers/v1/shop/web.json"));
  EXPECT_TRUE(files_.contains("/autoscaling/horizontalpodautoscalers/v2/shop/web.json"));
  EXPECT_EQ(files_.at("/core/configmaps/v1/shop/db-conf.json"),
            R"({"apiVersion":"v1","data":{"my.cnf":"[mysqld]\nlog_bin=1\n"},"kind":"ConfigMap",)"
            R"("metadata":{"name":"db-conf","namespace":"shop","uid":"cm-db"}})");
}

TEST_F(CaptureTest, IndexNamesPreferredAndOtherVersions) {
  ASSERT_TRUE(take(all()).has_value());
  const auto index = *parse_json(files_.at("/index.json"));
  bool seen = false;
  for (const auto& resource : items_at(index, "resources")) {
    if (text_at(resource, "resource") != "horizontalpodautoscalers") continue;
    seen = true;
    EXPECT_EQ(text_at(resource, "preferred"), "v2");
    EXPECT_EQ(to_text(*find(resource, "versions")), R"(["v1","v2"])");
  }
  EXPECT_TRUE(seen);
  EXPECT_TRUE(files_.contains("/discovery.json"));
}

TEST_F(CaptureTest, ReadsManyObjectsByOneList) {
  for (int i = 0; i < 1000; ++i) {
    cluster_.put(Json(JsonObject{
        {"apiVersion", "v1"},
        {"kind", "ConfigMap"},
        {"metadata", JsonObject{{"name", "c" + std::to_string(i)}, {"namespace", "shop"}}}}));
  }
  const auto application = all();
  const auto lists_before = cluster_.lists();
  const auto summary = take(application);
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(summary->objects, application.members.size());
  EXPECT_EQ(cluster_.lists() - lists_before, 1u);
}

TEST_F(CaptureTest, ObjectsDeletedMeanwhileAreReportedNotFatal) {
  const auto application = all();
  cluster_.remove({"", "ConfigMap", {"shop", "db-conf"}});
  cluster_.remove({"autoscaling", "HorizontalPodAutoscaler", {"shop", "web"}});
  const auto summary = take(application);
  ASSERT_TRUE(summary.has_value());
  EXPECT_THAT(
      summary->vanished,
      testing::ElementsAre(ObjectId{"", "ConfigMap", {"shop", "db-conf"}},
                           ObjectId{"autoscaling", "HorizontalPodAutoscaler", {"shop", "web"}}));
}

TEST_F(CaptureTest, WithoutSecretsNoOtherObjectHoldsTheirValues) {
  const std::string value = "correct-horse-battery";
  cluster_.put(JsonObject{{"apiVersion", "v1"},
                          {"kind", "Secret"},
                          {"metadata", JsonObject{{"name", "unused"}, {"namespace", "shop"}}},
                          {"data", JsonObject{{"token", base64_encode(bytes_of(value))}}}});
  cluster_.put(JsonObject{{"apiVersion", "v1"},
                          {"kind", "ConfigMap"},
                          {"metadata", JsonObject{{"name", "web-env"}, {"namespace", "shop"}}},
                          {"data", JsonObject{{"TOKEN", value}}}});
  ASSERT_TRUE(take(all()).has_value());
  EXPECT_THAT(files_.at("/core/configmaps/v1/shop/web-env.json"), testing::HasSubstr(value));
  EXPECT_FALSE(files_.contains("/left-out.json"));
  files_.clear();

  const auto summary = take(all(Secrets::leave_out), Secrets::leave_out);
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(summary->removed_values, 1u);
  for (const auto& [path, content] : files_) {
    EXPECT_THAT(path, testing::Not(testing::HasSubstr("/secrets/")));
    EXPECT_THAT(content, testing::Not(testing::HasSubstr(value))) << path;
  }
  EXPECT_THAT(files_.at("/left-out.json"),
              testing::HasSubstr(R"({"field":"data.TOKEN","key":"token",)"
                                 R"("object":"ConfigMap shop/web-env","secret":"shop/unused"})"));
}

TEST_F(CaptureTest, AnErrorOfTheSinkEndsIt) {
  auto refuse = [](const std::string&, std::string_view) -> Result<> {
    return fail(ErrorCode::exhausted, "full");
  };
  EXPECT_EQ(capture(cluster_, all(), Secrets::keep, refuse, {}).code(), ErrorCode::exhausted);
}

TEST(StoredFormTest, DropsTheRecordOfWritersButNotOfServicesWithNodePorts) {
  auto plain = *parse_json(R"({"kind":"ConfigMap","metadata":{"name":"a","managedFields":[]}})");
  EXPECT_EQ(to_text(stored_form(plain)), R"({"kind":"ConfigMap","metadata":{"name":"a"}})");
  auto service = *parse_json(
      R"({"kind":"Service","metadata":{"managedFields":[]},"spec":{"type":"NodePort"}})");
  EXPECT_NE(find(stored_form(service), "metadata", "managedFields"), nullptr);
}

TEST(ResourcePathTest, ReadsBackWhatItWrites) {
  const ResourcePath path{"rbac.authorization.k8s.io", "roles", "v1", {"shop", "system:a.b"}};
  EXPECT_EQ(path.text(), "/rbac.authorization.k8s.io/roles/v1/shop/system:a.b.json");
  EXPECT_EQ(*ResourcePath::parse(path.text()), path);
  EXPECT_EQ(ResourcePath::parse("/core/namespaces/v1/_cluster/shop.json")->key,
            (kube::ObjectKey{"", "shop"}));
  for (const char* text :
       {"/index.json", "/core/namespaces/v1/_cluster/.json", "/a//b/c/d.json", "/a/b/c/d/e", ""}) {
    EXPECT_EQ(ResourcePath::parse(text).code(), ErrorCode::invalid_input) << text;
  }
}

}  // namespace
}  // namespace dmaas::applications
