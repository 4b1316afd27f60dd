#include "kube/object/object.hpp"

#include <gtest/gtest.h>

#include "base/time_text.hpp"

namespace dmaas::kube {
namespace {

Json parse(std::string_view text) {
  return parse_json(text).value();
}
Timestamp at(std::string_view text) {
  return parse_timestamp(text).value();
}

TEST(ResourceTest, NamesGroupAndVersionAsObjectsAndPeopleDo) {
  EXPECT_EQ(resources::pods().api_version(), "v1");
  EXPECT_EQ(resources::pods().name(), "pods");
  EXPECT_EQ(resources::deployments().api_version(), "apps/v1");
  EXPECT_EQ(resources::deployments().name(), "deployments.apps");
  EXPECT_EQ(parse_api_version("v1"), (GroupVersion{"", "v1"}));
  EXPECT_EQ(parse_api_version("apps/v1"), (GroupVersion{"apps", "v1"}));
}

TEST(ObjectTest, ReadsIdentityAndToleratesMissingParts) {
  auto object = parse(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"namespace":"shop",
    "name":"settings","uid":"u1","resourceVersion":"7","generation":3,"labels":{"app":"web"},
    "deletionTimestamp":"2026-01-02T03:04:05Z","finalizers":["a/b"]}})");
  EXPECT_EQ(describe(object), "ConfigMap shop/settings");
  EXPECT_EQ(uid_of(object), "u1");
  EXPECT_EQ(resource_version_of(object), "7");
  EXPECT_EQ(generation_of(object), 3);
  EXPECT_EQ(label_of(object, "app"), "web");
  EXPECT_TRUE(is_terminating(object));
  EXPECT_TRUE(has_finalizer(object, "a/b"));
  EXPECT_FALSE(has_finalizer(object, "a"));

  EXPECT_EQ(key_of(parse("[]")), ObjectKey{});
  EXPECT_TRUE(labels_of(parse(R"({"metadata":7})")).empty());
  EXPECT_FALSE(is_terminating(parse("{}")));
}

TEST(ObjectTest, WritesLabelsAndAnnotationsIntoAnEmptyObject) {
  auto object = make_object(resources::secrets(), {"shop", "key"});
  set_label(object, "app.kubernetes.io/name", "web");
  set_annotation(object, "note", "x");
  EXPECT_EQ(to_text(object),
            R"({"apiVersion":"v1","kind":"Secret","metadata":{"namespace":"shop","name":"key",)"
            R"("labels":{"app.kubernetes.io/name":"web"},"annotations":{"note":"x"}}})");
}

TEST(ObjectTest, ClusterScopedObjectsHaveNoNamespace) {
  EXPECT_EQ(namespace_of(make_object(resources::nodes(), {"ignored", "n1"})), "");
}

TEST(OwnerReferenceTest, ReplacesTheReferenceWithTheSameUid) {
  auto owner = parse(R"({"apiVersion":"dmaas.io/v1alpha1","kind":"BackupSession",
    "metadata":{"name":"s","uid":"u9"}})");
  Json pod = JsonObject{};
  add_owner_reference(pod, owner_reference_to(owner));
  add_owner_reference(pod, owner_reference_to(owner));
  ASSERT_EQ(owner_references_of(pod).size(), 1u);
  EXPECT_EQ(controller_of(pod), owner_reference_to(owner));
  EXPECT_EQ(controller_of(JsonObject{}), std::nullopt);
}

TEST(ConditionTest, KeepsTransitionTimeWhileTheStatusStays) {
  Json object = JsonObject{};
  auto first = at("2026-01-01T00:00:00.5Z");
  auto later = at("2026-01-01T01:00:00Z");
  Condition ready{.type = "Ready", .status = ConditionStatus::no, .reason = "Waiting"};
  EXPECT_TRUE(set_condition(object, ready, first));
  EXPECT_FALSE(set_condition(object, ready, later));
  ready.message = "for the storage";
  EXPECT_TRUE(set_condition(object, ready, later));
  EXPECT_EQ(find_condition(object, "Ready")->last_transition_time, at("2026-01-01T00:00:00Z"));
  EXPECT_FALSE(is_condition_true(object, "Ready"));

  ready.status = ConditionStatus::yes;
  EXPECT_TRUE(set_condition(object, ready, later));
  EXPECT_EQ(find_condition(object, "Ready")->last_transition_time, later);
  EXPECT_TRUE(is_condition_true(object, "Ready"));
  EXPECT_EQ(conditions_of(object).size(), 1u);
}

TEST(LabelValueTest, CutsAndReplacesWhatLabelsCannotHold) {
  EXPECT_EQ(to_label_value("system:serviceaccount:a/b"), "system-serviceaccount-a-b");
  EXPECT_EQ(to_label_value("--x--"), "x");
  EXPECT_EQ(to_label_value(std::string(62, 'a') + ":b").size(), 62u);
  EXPECT_EQ(to_label_value("///"), "");
}

}  // namespace
}  // namespace dmaas::kube
