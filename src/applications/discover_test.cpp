#include "applications/discover.hpp"

#include <gmock/gmock.h>

#include "applications/testing/memory_cluster.hpp"
#include "base/yaml.hpp"

namespace dmaas::applications {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

Target named(std::string kind, std::string name) {
  Target target;
  target.name = name;
  target.namespaces = {"shop"};
  target.object = Target::ByName{std::move(kind), std::move(name)};
  return target;
}

Target whole_namespace() {
  Target target;
  target.name = "all";
  target.namespaces = {"shop"};
  target.everything.emplace();
  return target;
}

class DiscoverTest : public testing::Test {
protected:
  DiscoverTest() : cluster_(test_discovery()) { cluster_.put_all(read_test_objects("shop.yaml")); }

  Application found(const std::vector<Target>& targets) {
    auto application = discover(cluster_, targets, {});
    EXPECT_TRUE(application.has_value());
    return *std::move(application);
  }
  static std::vector<std::string> names(const Application& application) {
    std::vector<std::string> names;
    for (const auto& member : application.members) names.push_back(member.id.text());
    return names;
  }
  static std::string reason(const Application& application, const std::string& name) {
    for (const auto& member : application.members) {
      if (member.id.text() == name) return member.reason;
    }
    return "absent";
  }

  MemoryCluster cluster_;
};

TEST_F(DiscoverTest, FindsEverythingThatBelongsToAStatefulSetAndNothingElse) {
  const auto application = found({named("StatefulSet", "db")});
  EXPECT_THAT(
      names(application),
      testing::UnorderedElementsAre(
          "Namespace shop", "StatefulSet shop/db", "ConfigMap shop/db-conf", "Secret shop/db-root",
          "Secret shop/registry", "ServiceAccount shop/db", "Role shop/db-reader",
          "RoleBinding shop/db-reader", "ClusterRoleBinding db-nodes", "ClusterRole node-reader",
          "PersistentVolumeClaim shop/data-db-0", "PersistentVolumeClaim shop/data-db-1",
          "PersistentVolume pv-0", "StorageClass local-path", "PriorityClass important",
          "Service shop/db", "PodDisruptionBudget shop/db", "NetworkPolicy shop/db"));
  EXPECT_THAT(application.missing_targets, IsEmpty());
}

TEST_F(DiscoverTest, SaysWhyEachObjectBelongs) {
  const auto application = found({named("StatefulSet", "db")});
  EXPECT_EQ(reason(application, "StatefulSet shop/db"), "named by the plan");
  EXPECT_EQ(reason(application, "Secret shop/db-root"),
            "env MARIADB_ROOT_PASSWORD of mariadb of StatefulSet shop/db");
  EXPECT_EQ(reason(application, "RoleBinding shop/db-reader"), "acts on ServiceAccount shop/db");
  EXPECT_EQ(reason(application, "PersistentVolumeClaim shop/data-db-1"),
            "claim template data of StatefulSet shop/db");
  EXPECT_EQ(reason(application, "PodDisruptionBudget shop/db"),
            "selects the pods of StatefulSet shop/db");
}

TEST_F(DiscoverTest, FindsIngressAutoscalerAndCustomResourceOfADeployment) {
  const auto application = found({named("deployments", "web")});
  const auto all = names(application);
  for (const char* name :
       {"Deployment shop/web", "Service shop/web", "Ingress shop/web",
        "HorizontalPodAutoscaler shop/web", "Secret shop/web-tls", "Secret shop/web-env",
        "ConfigMap shop/web-conf", "Cache shop/front", "ConfigMap shop/front-generated",
        "CustomResourceDefinition caches.example.com", "ServiceAccount shop/default"}) {
    EXPECT_THAT(all, Contains(name));
  }
  EXPECT_THAT(all, Not(Contains("StatefulSet shop/db")));
  EXPECT_THAT(all, Not(Contains(HasSubstr("ReplicaSet"))));
  EXPECT_THAT(all, Not(Contains(HasSubstr("Pod shop/"))));
}

TEST_F(DiscoverTest, FollowsOwnersUpwardsFromAPod) {
  const auto application = found({named("Pod", "web-5d4f-x")});
  EXPECT_THAT(names(application), Contains("Deployment shop/web"));
  EXPECT_THAT(names(application), Not(Contains("Pod shop/web-5d4f-x")));
}

TEST_F(DiscoverTest, TakesAWholeNamespaceButNeverWhatTheClusterMakesByItself) {
  const auto application = found({whole_namespace()});
  const auto all = names(application);
  EXPECT_THAT(all, Contains("ConfigMap shop/unrelated"));
  for (const char* name :
       {"ConfigMap shop/kube-root-ca.crt", "Secret shop/db-token-abcde", "Endpoints shop/db",
        "Pod shop/db-0", "ReplicaSet shop/web-5d4f", "Event shop/db-0.17"}) {
    EXPECT_THAT(all, Not(Contains(name)));
  }
  EXPECT_EQ(application.never_stored.at("its controller makes it again"), 4u);
}

TEST_F(DiscoverTest, FindsTheObjectsOfAHelmReleaseByAnnotationAndByItsRecords) {
  cluster_.put(*parse_json(
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"r","namespace":"shop",
    "annotations":{"meta.helm.sh/release-name":"mine"}}})"));
  cluster_.put(
      *parse_json(R"({"apiVersion":"v1","kind":"Secret","type":"helm.sh/release.v1","metadata":{
    "name":"sh.helm.release.v1.mine.v1","namespace":"shop","labels":{"owner":"helm","name":"mine"}}})"));
  Target target;
  target.namespaces = {"shop"};
  target.helm_release = "mine";
  EXPECT_THAT(names(found({target})),
              testing::UnorderedElementsAre("Namespace shop", "ConfigMap shop/r",
                                            "Secret shop/sh.helm.release.v1.mine.v1"));
}

TEST_F(DiscoverTest, LeavesOutWhatARuleExcludesAndWhatOnlyThatNeeds) {
  auto target = named("StatefulSet", "db");
  target.selection.exclude = {{.kinds = {"serviceaccounts"}}};
  const auto application = found({target});
  EXPECT_THAT(names(application), Not(Contains("ServiceAccount shop/db")));
  EXPECT_THAT(names(application), Not(Contains("Role shop/db-reader")));
  ASSERT_THAT(application.left_out, SizeIs(1));
  EXPECT_EQ(application.left_out[0].id.text(), "ServiceAccount shop/db");
}

TEST_F(DiscoverTest, LeavesOutWhatAnAnnotationExcludesWhateverElseKubectlKeepsThere) {
  cluster_.put(*parse_json(
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"scratch","namespace":"shop","annotations":
    {"example.org/backup":"no","kubectl.kubernetes.io/last-applied-configuration":"{}"}}})"));
  auto target = whole_namespace();
  target.selection.exclude = {{.annotations = {{"example.org/backup", "n*"}}}};
  EXPECT_THAT(names(found({target})), Not(Contains("ConfigMap shop/scratch")));
  target.selection.exclude = {
      {.annotations = {{"kubectl.kubernetes.io/last-applied-configuration", "*"}}}};
  EXPECT_THAT(names(found({target})), Contains("ConfigMap shop/scratch"));
}

TEST_F(DiscoverTest, IncludeRulesNarrowWithoutCuttingTheWay) {
  auto target = named("StatefulSet", "db");
  target.selection.include = {{.kinds = {"Role"}}};
  EXPECT_THAT(names(found({target})),
              testing::UnorderedElementsAre("Namespace shop", "Role shop/db-reader"));
}

TEST_F(DiscoverTest, StoresNoSecretWhenSecretsAreLeftOutAndSaysWhichAreNeeded) {
  auto target = whole_namespace();
  target.selection.secrets = Secrets::leave_out;
  cluster_.put(JsonObject{
      {"apiVersion", "v1"},
      {"kind", "ConfigMap"},
      {"metadata", JsonObject{{"name", "sh.helm.release.v1.web.v1"}, {"namespace", "shop"}}}});
  const auto application = found({target});
  EXPECT_THAT(names(application), Not(Contains(HasSubstr("Secret "))));
  EXPECT_THAT(names(application), Not(Contains(HasSubstr("sh.helm.release"))));
  std::vector<std::string> needed;
  for (const auto& id : application.needed_secrets) needed.push_back(id.text());
  EXPECT_THAT(needed, testing::UnorderedElementsAre("Secret shop/db-root", "Secret shop/registry",
                                                    "Secret shop/web-env", "Secret shop/web-tls"));
}

TEST_F(DiscoverTest, WhatWeMadeDoesNotBelong) {
  cluster_.put(*parse_json(R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole",
    "metadata":{"name":"dmaas-hooks"}})"));
  cluster_.put(*parse_json(R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding",
    "metadata":{"name":"dmaas-hooks","namespace":"shop",
    "labels":{"app.kubernetes.io/managed-by":"dmaas"}},
    "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"dmaas-hooks"}})"));
  EXPECT_THAT(names(found({whole_namespace()})), Not(Contains(HasSubstr("dmaas-hooks"))));
}

TEST_F(DiscoverTest, OneTargetsExclusionDoesNotTakeFromAnother) {
  auto first = named("StatefulSet", "db");
  first.selection.exclude = {{.names = {"db-c*"}}};
  EXPECT_THAT(names(found({first})), Not(Contains("ConfigMap shop/db-conf")));
  const auto application = found({first, whole_namespace()});
  EXPECT_THAT(names(application), Contains("ConfigMap shop/db-conf"));
  EXPECT_THAT(application.left_out, IsEmpty());
}

TEST_F(DiscoverTest, DescribesClaimsWithVolumeAndUsers) {
  const auto application = found({named("StatefulSet", "db")});
  ASSERT_THAT(application.claims, SizeIs(2));
  const Claim& bound = application.claims[0];
  EXPECT_EQ(bound.key.text(), "shop/data-db-0");
  EXPECT_TRUE(bound.is_bound());
  EXPECT_EQ(bound.storage_class, "local-path");
  EXPECT_EQ(bound.requested_size, "1Gi");
  EXPECT_EQ(bound.target, "db");
  ASSERT_THAT(bound.users, SizeIs(1));
  EXPECT_EQ(bound.users[0], (ClaimUser{"db-0", "pod-db-0", "east"}));
  EXPECT_FALSE(application.claims[1].is_bound());
}

TEST_F(DiscoverTest, KeepsTheClaimButNotItsDataWhenTheVolumeIsExcluded) {
  auto target = named("StatefulSet", "db");
  target.excluded_claims = {"data-db-*"};
  const auto application = found({target});
  EXPECT_THAT(application.claims, IsEmpty());
  EXPECT_THAT(names(application), Contains("PersistentVolumeClaim shop/data-db-0"));
  EXPECT_THAT(application.left_out, SizeIs(2));
}

TEST_F(DiscoverTest, ReportsATargetThatMatchesNothing) {
  const auto application = found({named("StatefulSet", "absent")});
  EXPECT_THAT(application.missing_targets, testing::ElementsAre("StatefulSet absent in shop"));
  EXPECT_THAT(application.members, IsEmpty());
}

TEST_F(DiscoverTest, AMissingClaimThatAPodNeedsIsAnObstacleUnlessItsDataIsExcluded) {
  cluster_.remove({"", "PersistentVolumeClaim", {"shop", "data-db-0"}});
  EXPECT_THAT(found({whole_namespace()}).obstacles,
              ElementsAre(HasSubstr("claim shop/data-db-0 does not exist")));
  auto target = whole_namespace();
  target.excluded_claims = {"data-db-0"};
  EXPECT_THAT(found({target}).obstacles, IsEmpty());
}

TEST_F(DiscoverTest, ANamespaceThatIsBeingDeletedIsAnObstacle) {
  cluster_.remove({"", "Namespace", {"", "shop"}});
  cluster_.put(*parse_json(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop",
    "deletionTimestamp":"2026-01-02T03:04:05Z"}})"));
  EXPECT_THAT(found({whole_namespace()}).obstacles, ElementsAre("namespace shop is being deleted"));
}

TEST_F(DiscoverTest, WarnsOfReferencesToNothing) {
  cluster_.remove({"", "Secret", {"shop", "web-env"}});
  const auto application = found({named("Deployment", "web")});
  EXPECT_THAT(application.warnings,
              Contains(HasSubstr("Secret shop/web-env (envFrom of web of Deployment shop/web)")));
}

TEST_F(DiscoverTest, AForbiddenKindIsAWarningAndAnUnavailableOneAnError) {
  cluster_.refuse("ingresses", ErrorCode::permission_denied);
  EXPECT_THAT(found({named("Deployment", "web")}).warnings, Contains(HasSubstr("ingresses")));
  cluster_.refuse("ingresses", ErrorCode::unavailable);
  EXPECT_EQ(discover(cluster_, {named("Deployment", "web")}, {}).code(), ErrorCode::unavailable);
}

TEST_F(DiscoverTest, NamesClusterScopedObjectsOnlyWhereTheTargetMayReachThem) {
  auto target = named("ClusterRole", "node-*");
  target.namespaces = {};
  EXPECT_THAT(found({target}).members, IsEmpty());
  target.reach = Reach::cluster;
  EXPECT_THAT(names(found({target})), testing::ElementsAre("ClusterRole node-reader"));
}

/// A database of an operator, with what it refers to in the ways of several operators.
constexpr std::string_view operated_database = R"(
{apiVersion: example.org/v1, kind: Database, metadata: {name: main, namespace: shop}, spec: {
  version: 8-custom, authSecret: {name: main-auth}, tls: {secretName: main-tls}, configuration: {configMapRef: {name: main-conf}},
  imageListRef: {apiGroup: example.org, kind: ImageList, name: own}, backup: {secret: not-a-name}}}
---
{apiVersion: v1, kind: Secret, metadata: {name: main-auth, namespace: shop}}
---
{apiVersion: v1, kind: Secret, metadata: {name: main-tls, namespace: shop}}
---
{apiVersion: v1, kind: Secret, metadata: {name: not-a-name, namespace: shop}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: main-conf, namespace: shop}}
---
{apiVersion: example.org/v1, kind: ImageList, metadata: {name: own, namespace: shop}}
---
{apiVersion: example.org/v1, kind: ImageList, metadata: {name: other, namespace: shop}}
---
{apiVersion: catalog.example.org/v1, kind: DatabaseVersion, metadata: {name: 8-custom}}
---
{apiVersion: catalog.example.org/v1, kind: DatabaseVersion, metadata: {name: 9-custom}}
)";

TEST_F(DiscoverTest, FindsWhatTheCustomResourceOfADatabaseRefersTo) {
  cluster_.put_all(*parse_yaml_documents(operated_database));
  const auto application = found({named("Database", "main")});
  EXPECT_THAT(names(application),
              testing::IsSupersetOf({"Database shop/main", "Secret shop/main-auth",
                                     "Secret shop/main-tls", "ConfigMap shop/main-conf",
                                     "ImageList shop/own", "DatabaseVersion 8-custom"}));
  for (const char* other :
       {"Secret shop/not-a-name", "ImageList shop/other", "DatabaseVersion 9-custom"}) {
    EXPECT_THAT(names(application), Not(Contains(other)));
  }
  EXPECT_EQ(reason(application, "DatabaseVersion 8-custom"), "spec.version of Database shop/main");
  EXPECT_THAT(application.warnings, IsEmpty());
}

TEST_F(DiscoverTest, AnExclusionOfSecretsWinsAndSaysWhichTheDatabaseNeeds) {
  cluster_.put_all(*parse_yaml_documents(operated_database));
  auto target = named("Database", "main");
  target.selection.secrets = Secrets::leave_out;
  const auto application = found({target});
  EXPECT_THAT(names(application), Not(Contains(HasSubstr("Secret "))));
  ASSERT_THAT(application.needed_secrets, SizeIs(2));
  EXPECT_EQ(application.needed_secrets[0].text(), "Secret shop/main-auth");
  EXPECT_EQ(application.needed_secrets[1].text(), "Secret shop/main-tls");
}

TEST_F(DiscoverTest, ACustomResourceLeadsToNoOtherNamespaceAndOfTheClusterToItsCatalogueAlone) {
  cluster_.put_all(*parse_yaml_documents(R"(
{apiVersion: example.org/v1, kind: Database, metadata: {name: main, namespace: shop}, spec: {
  authSecret: {name: admin, namespace: vault}, a: {kind: Secret, name: admin, namespace: vault}, b: {kind: ClusterRole, name: node-reader, apiGroup: rbac.authorization.k8s.io},
  c: {kind: CacheClass, name: fast, apiGroup: example.com}, d: {kind: Namespace, name: vault, apiVersion: v1}, e: {kind: ClusterStore, name: vault}}}
---
{apiVersion: example.org/v1, kind: ClusterStore, metadata: {name: vault}}
---
{apiVersion: v1, kind: Secret, metadata: {name: admin, namespace: vault}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: vault}}
---
{apiVersion: example.com/v1, kind: CacheClass, metadata: {name: fast}}
)"));
  EXPECT_THAT(names(found({named("Database", "main")})),
              testing::UnorderedElementsAre("Database shop/main", "Namespace shop"));
}

TEST_F(DiscoverTest, KeepsEndpointsThatAPersonWrote) {
  cluster_.put(*parse_json(
      R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"outside","namespace":"shop"},"spec":{}})"));
  cluster_.put(*parse_json(
      R"({"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"outside","namespace":"shop"}})"));
  EXPECT_THAT(names(found({named("Service", "outside")})), Contains("Endpoints shop/outside"));
}

TEST_F(DiscoverTest, ManyObjectsCostOneListPerKind) {
  for (int i = 0; i < 10'000; ++i) {
    cluster_.put(Json(JsonObject{
        {"apiVersion", "v1"},
        {"kind", "ConfigMap"},
        {"metadata", JsonObject{{"name", "c" + std::to_string(i)}, {"namespace", "shop"}}}}));
  }
  EXPECT_GT(found({whole_namespace()}).members.size(), 10'000u);
  EXPECT_LT(cluster_.lists(), 40u);
}

}  // namespace
}  // namespace dmaas::applications
