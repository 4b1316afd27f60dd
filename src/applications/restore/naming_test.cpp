#include "applications/restore/naming.hpp"

#include <gtest/gtest.h>

namespace dmaas::applications {
namespace {

const kube::Resource secrets{"", "v1", "secrets", "Secret", true};
const kube::Resource roles{"rbac.authorization.k8s.io", "v1", "roles", "Role", true};

Naming naming_of(NamingRules rules, const std::vector<std::pair<kube::Resource, Json>>& objects) {
  std::vector<ObjectFacts> facts;
  for (const auto& [resource, object] : objects) facts.push_back(facts_of(resource, object));
  std::vector<const ObjectFacts*> restored;
  for (const auto& entry : facts) restored.push_back(&entry);
  return Naming(std::move(rules), restored);
}

TEST(NamingTest, ReferencesToObjectsOutsideTheRestoreStay) {
  const Json secret = *parse_json(
      R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"mine","namespace":"n"}})");
  const Naming naming = naming_of({.prefix = "new-"}, {{secrets, secret}});
  Json pod = *parse_json(
      R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"n"},"spec":{"containers":[],
    "imagePullSecrets":[{"name":"mine"},{"name":"shared"}]}})");
  naming.rename(pod);
  EXPECT_EQ(to_text(*find(pod, "spec", "imagePullSecrets")),
            R"([{"name":"new-mine"},{"name":"shared"}])");
}

TEST(NamingTest, RulesOfRolesFollowTheObjectsTheyName) {
  const Json secret = *parse_json(
      R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"mine","namespace":"n"}})");
  Json role = *parse_json(
      R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"r","namespace":"n"},
    "rules":[{"apiGroups":[""],"resources":["configmaps","secrets"],"resourceNames":["mine","other"],"verbs":["get"]}]})");
  const Naming naming = naming_of({.prefix = "new-"}, {{secrets, secret}, {roles, role}});
  naming.rename(role);
  EXPECT_EQ(text_at(role, "metadata", "name"), "new-r");
  EXPECT_EQ(to_text(*find(items_at(role, "rules")[0], "resourceNames")), R"(["new-mine","other"])");
}

TEST(NamingTest, GroupsOfServiceAccountsFollowTheirNamespace) {
  Json binding = *parse_json(
      R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"b","namespace":"n"},
    "roleRef":{"kind":"ClusterRole","name":"view"},"subjects":[{"kind":"Group","name":"system:serviceaccounts:n"},{"kind":"Group","name":"people"}]})");
  naming_of({.namespaces = {{"n", "m"}}}, {}).rename(binding);
  EXPECT_EQ(
      to_text(*find(binding, "subjects")),
      R"([{"kind":"Group","name":"system:serviceaccounts:m"},{"kind":"Group","name":"people"}])");
}

TEST(NamingTest, TheTextThatKubectlAppliedGoesWhenItsNamesAreNotTrueAnyMore) {
  const char* text =
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"n","annotations":
    {"kubectl.kubernetes.io/last-applied-configuration":"{}"}}})";
  Json moved = *parse_json(text), same = *parse_json(text);
  naming_of({.namespaces = {{"n", "m"}}}, {}).rename(moved);
  naming_of({}, {}).rename(same);
  EXPECT_EQ(to_text(*find(moved, "metadata", "annotations")), "{}");
  EXPECT_NE(to_text(*find(same, "metadata", "annotations")), "{}");
}

TEST(NamingTest, ServicesForPodsThatAreNotRestoredKeepTheirSelector) {
  Json service = *parse_json(
      R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"s","namespace":"n"},"spec":{"selector":{"app":"by-operator"}}})");
  const kube::Resource services{"", "v1", "services", "Service", true};
  naming_of({.prefix = "new-"}, {{services, service}}).rename(service);
  EXPECT_EQ(to_text(*find(service, "spec", "selector")), R"({"app":"by-operator"})");
}

TEST(NamingTest, ACopyDoesNotAskForTheNodePortsOfTheOriginal) {
  const char* text = R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"s","namespace":"n"},
    "spec":{"ports":[{"port":80,"nodePort":31234}]}})";
  Json copy = *parse_json(text), same = *parse_json(text);
  naming_of({.prefix = "new-"}, {}).rename(copy);
  naming_of({}, {}).rename(same);
  EXPECT_EQ(to_text(*find(copy, "spec", "ports")), R"([{"port":80}])");
  EXPECT_EQ(to_text(*find(same, "spec", "ports")), R"([{"port":80,"nodePort":31234}])");
}

TEST(NamingTest, TheOldAnnotationOfAClassBecomesTheField) {
  Json claim = *parse_json(
      R"({"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"c","namespace":"n","annotations":
    {"volume.beta.kubernetes.io/storage-class":"slow"}},"spec":{}})");
  naming_of({.storage_classes = {{"slow", "fast"}}}, {}).rename(claim);
  EXPECT_EQ(text_at(claim, "spec", "storageClassName"), "fast");
}

}  // namespace
}  // namespace dmaas::applications
