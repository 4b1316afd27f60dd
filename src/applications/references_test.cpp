#include "applications/references.hpp"

#include <gmock/gmock.h>

#include "applications/testing/memory_cluster.hpp"

namespace dmaas::applications {
namespace {

TEST(ReferencesTest, RewritesEveryPlaceThatItReports) {
  // Renaming all and reading again must find the new name everywhere: no place is only read or only
  // written.
  for (Json object : read_test_objects("shop.yaml")) {
    const auto before = references_of(object);
    rewrite_references(object, [](const Reference& reference) {
      return kube::ObjectKey{reference.object.key.namespace_name,
                             "new-" + reference.object.key.name};
    });
    const auto after = references_of(object);
    ASSERT_EQ(after.size(), before.size());
    for (std::size_t i = 0; i < after.size(); ++i) {
      EXPECT_EQ(after[i].object.key.name, "new-" + before[i].object.key.name) << before[i].where;
    }
  }
}

TEST(ReferencesTest, FindsThePodSpecOfCronJobsAndCustomResources) {
  const auto cron_job = *parse_json(
      R"({"apiVersion":"batch/v1","kind":"CronJob","metadata":{"namespace":"n"},"spec":{"jobTemplate":
    {"spec":{"template":{"spec":{"containers":[{"name":"c","envFrom":[{"configMapRef":{"name":"settings"}}]}]}}}}}})");
  ASSERT_THAT(references_of(cron_job), testing::SizeIs(1));
  EXPECT_EQ(references_of(cron_job)[0].object.text(), "ConfigMap n/settings");
  const auto custom = *parse_json(
      R"({"apiVersion":"example.com/v1","kind":"Thing","metadata":{"namespace":"n"},"spec":{"template":
    {"spec":{"containers":[],"volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"data"}}]}}}})");
  ASSERT_THAT(references_of(custom), testing::SizeIs(1));
  EXPECT_EQ(references_of(custom)[0].object.text(), "PersistentVolumeClaim n/data");
}

TEST(ReferencesTest, WhatACustomResourceNamesIsRenamedWithIt) {
  auto database = *parse_json(
      R"({"apiVersion":"example.org/v1","kind":"Database","metadata":{"name":"main","namespace":"n"},"spec":{
    "authSecret":{"name":"main-auth"},"users":[{"passwordSecretRef":{"name":"user","key":"p"}}],"secret":"text","pullSecrets":[{"name":"registry"}],
    "caRef":{"kind":"Secret","name":"ca","namespace":"n"},"of":{"kind":"Secret","name":"ca","namespace":"elsewhere"}}})");
  rewrite_references(database, [](const Reference& reference) {
    return kube::ObjectKey{"m", "new-" + reference.object.key.name};
  });
  EXPECT_EQ(
      to_text(*find(database, "spec")),
      R"({"authSecret":{"name":"new-main-auth"},"users":[{"passwordSecretRef":{"name":"new-user","key":"p"}}],"secret":"text",)"
      R"("pullSecrets":[{"name":"new-registry"}],)"
      R"("caRef":{"kind":"Secret","name":"new-ca","namespace":"m"},"of":{"kind":"Secret","name":"ca","namespace":"elsewhere"}})");
}

TEST(ReferencesTest, OurOwnResourcesLeadToNoPassword) {
  const auto storage = *parse_json(
      R"({"apiVersion":"dmaas.io/v1alpha1","kind":"BackupStorage","metadata":{"name":"s","namespace":"n"},
    "spec":{"recoveryPasswordSecretRef":{"name":"recovery"}}})");
  EXPECT_THAT(references_of(storage), testing::IsEmpty());
}

TEST(ReferencesTest, WritesNamespacesOnlyWhereThePlaceNamesOne) {
  auto binding = *parse_json(
      R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"b","namespace":"n"},
    "roleRef":{"kind":"Role","name":"r"},"subjects":[{"kind":"ServiceAccount","name":"s","namespace":"n"},{"kind":"User","name":"u"}]})");
  rewrite_references(binding, [](const Reference& reference) {
    return kube::ObjectKey{"m", reference.object.key.name};
  });
  EXPECT_EQ(to_text(*find(binding, "subjects")),
            R"([{"kind":"ServiceAccount","name":"s","namespace":"m"},{"kind":"User","name":"u"}])");
  EXPECT_EQ(to_text(*find(binding, "roleRef")), R"({"kind":"Role","name":"r"})");
}

TEST(ReferencesTest, ToleratesDocumentsOfAnyShape) {
  for (const char* text :
       {"null", "[]", R"({"kind":1})",
        R"({"kind":"Pod","spec":{"volumes":{"a":1},"containers":[3,{"env":"x"}]}})",
        R"({"kind":"Ingress","spec":{"rules":[null,{"http":[]}]}})"}) {
    EXPECT_THAT(references_of(*parse_json(text)), testing::IsEmpty()) << text;
  }
}

}  // namespace
}  // namespace dmaas::applications
