#include "applications/restore/changes.hpp"

#include <gmock/gmock.h>

#include "base/yaml.hpp"
#include "kube/object/object.hpp"

namespace dmaas::applications {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ChangesTest : public testing::Test {
protected:
  static Changes changes(std::string_view yaml) {
    auto json = parse_yaml(yaml);
    EXPECT_TRUE(json) << json.error().message();
    auto wanted = from_json<api::RestoreChanges>(*json);
    EXPECT_TRUE(wanted) << wanted.error().message();
    return Changes(*std::move(wanted));
  }

  /// The document as text, or the error's message.
  std::string apply(std::string_view yaml, const kube::Resource& resource, Json document) {
    name_ = kube::name_of(document);
    const std::map<std::string, std::string> labels = kube::labels_of(document);
    auto applied = changes(yaml).apply({resource, namespace_, name_, labels, {}}, document);
    if (!applied) return applied.error().message();
    return to_canonical_text(*find(document, "spec"));
  }

  static Json claim() {
    return *parse_json(R"({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"namespace": "shop", "name": "data-db-0"},
        "spec": {"storageClassName": "slow", "accessModes": ["ReadWriteOnce"],
                 "resources": {"requests": {"storage": "1Gi"}, "limits": {"storage": "1Gi"}}}})");
  }
  static Json database() {
    return *parse_json(R"({"apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"namespace": "shop", "name": "db", "labels": {"tier": "data"}},
        "spec": {"replicas": 3, "volumeClaimTemplates": [
            {"metadata": {"name": "data"}, "spec": {"storageClassName": "slow"}}]}})");
  }

  const kube::Resource claims_ = kube::resources::persistent_volume_claims();
  const kube::Resource sets_ = kube::resources::stateful_sets();
  const std::string namespace_ = "shop";
  std::string name_;
};

TEST_F(ChangesTest, AClaimGetsAnotherSizeClassAndAccessModes) {
  EXPECT_EQ(
      apply("claims: [{size: 5Gi, storageClass: fast, accessModes: [ReadWriteMany]}]", claims_,
            claim()),
      R"({"accessModes":["ReadWriteMany"],"resources":{"requests":{"storage":"5Gi"}},"storageClassName":"fast"})");
  EXPECT_THAT(apply("claims: [{storageClass: ''}]", claims_, claim()),
              testing::Not(HasSubstr("storageClassName")));
}

TEST_F(ChangesTest, TheFirstChangeThatNamesAClaimIsItsOwn) {
  EXPECT_THAT(apply("claims: [{claims: [x], size: 9Gi}, {claims: ['data-*'], size: 5Gi}, {size: "
                    "7Gi}]",
                    claims_, claim()),
              HasSubstr(R"("storage":"5Gi")"));
}

TEST_F(ChangesTest, TemplatesOfAStatefulSetGoWithItsFirstClaim) {
  EXPECT_THAT(apply("claims: [{claims: [data-db-0], storageClass: fast}]", sets_, database()),
              HasSubstr(R"("storageClassName":"fast")"));
}

TEST_F(ChangesTest, AWorkloadGetsAnotherNumberOfReplicas) {
  EXPECT_THAT(apply("replicas: [{name: db, replicas: 1}]", sets_, database()),
              HasSubstr(R"("replicas":1)"));
  EXPECT_THAT(apply("replicas: [{name: web, replicas: 1}]", sets_, database()),
              HasSubstr(R"("replicas":3)"));
}

TEST_F(ChangesTest, PatchesChangeWhatTheyMatchOneAfterTheOther) {
  EXPECT_THAT(apply(R"(
transformations:
  - {match: {labelSelector: {matchLabels: {tier: data}}}, mergePatch: {spec: {serviceName: db}}}
  - match: {kinds: [StatefulSet], namespaces: [shop]}
    jsonPatch:
      - {op: test, path: /spec/serviceName, value: db}
      - {op: replace, path: /spec/replicas, value: 5}
  - {match: {names: [other]}, mergePatch: {spec: null}}
)",
                    sets_, database()),
              testing::AllOf(HasSubstr(R"("replicas":5)"), HasSubstr(R"("serviceName":"db")")));
}

TEST_F(ChangesTest, APatchThatDoesNotFitNamesItsFieldAndTheRemedy) {
  auto message = apply(
      "transformations: [{match: {names: [db]}, jsonPatch: [{op: remove, path: /spec/nothing}]}]",
      sets_, database());
  EXPECT_THAT(message, HasSubstr("spec.changes.transformations[0].jsonPatch does not fit "
                                 "StatefulSet shop/db: "));
  EXPECT_THAT(message, HasSubstr("/spec/nothing"));
  EXPECT_THAT(message, HasSubstr("Correct the path, or match fewer objects"));
}

TEST_F(ChangesTest, APatchCannotMakeAnotherObject) {
  for (auto patch : {"{metadata: {namespace: kube-system}}", "{metadata: {name: x}}",
                     "{kind: ClusterRole}", "{metadata: {labels: {dmaas.io/restored-by: x}}}"}) {
    EXPECT_EQ(
        apply(fmt::format("transformations: [{{match: {{names: [db]}}, mergePatch: {}}}]", patch),
              sets_, database()),
        "spec.changes.transformations[0] would change what StatefulSet shop/db is called: use "
        "namespaceMap or namePrefix");
  }
}

TEST_F(ChangesTest, WhatMeansNoObjectIsToldByItsField) {
  const std::map<std::string, std::string> labels;
  const std::string db = "db", data = "data-db-0";
  auto unused =
      changes(R"(
claims: [{claims: [data-db-0], size: 1Gi}, {claims: [x], size: 1Gi}]
replicas: [{name: web, replicas: 1}]
transformations: [{match: {kinds: [StatefulSet]}, mergePatch: {a: 1}}, {match: {names: [q]}, mergePatch: {a: 1}}]
)")
          .unused({{sets_, namespace_, db, labels, {}}, {claims_, namespace_, data, labels, {}}});
  EXPECT_THAT(unused, ElementsAre("spec.changes.claims[1]", "spec.changes.replicas[0]",
                                  "spec.changes.transformations[1]"));
}

}  // namespace
}  // namespace dmaas::applications
