#include "kube/object/selector.hpp"

#include <gtest/gtest.h>

#include "kube/object/field_path.hpp"

namespace dmaas::kube {
namespace {

using Labels = std::map<std::string, std::string>;

bool matches(std::string_view selector, const Labels& labels) {
  return LabelSelector::parse(selector).value().matches(labels);
}

TEST(LabelSelectorTest, MatchesAsKubectlDoes) {
  Labels labels{{"app", "web"}, {"tier", "front"}};
  EXPECT_TRUE(matches("", labels));
  EXPECT_TRUE(matches("app=web", labels));
  EXPECT_TRUE(matches("app == web , tier in (front, back)", labels));
  EXPECT_TRUE(matches("app,!legacy", labels));
  EXPECT_TRUE(matches("track!=canary", labels));
  EXPECT_TRUE(matches("track notin (canary)", labels));
  EXPECT_FALSE(matches("app!=web", labels));
  EXPECT_FALSE(matches("app notin (web,db)", labels));
  EXPECT_FALSE(matches("!app", labels));
  EXPECT_FALSE(matches("app=", labels));
  EXPECT_TRUE(matches("empty=", {{"empty", ""}}));
}

TEST(LabelSelectorTest, RefusesWhatItCannotRead) {
  for (auto text :
       {"=web", "app web", "app in web", "app in (web", "app=a b", ",app", "app,", "!"}) {
    auto parsed = LabelSelector::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.code(), ErrorCode::invalid_input);
  }
}

TEST(LabelSelectorTest, TextReadsBackAsTheSameSelector) {
  for (auto text : {"app=web", "app in (a,b),!x,y", "z notin (a,b),k!=v", ""}) {
    auto selector = LabelSelector::parse(text).value();
    EXPECT_EQ(selector.text(), text);
    EXPECT_EQ(LabelSelector::parse(selector.text()).value(), selector);
  }
}

TEST(LabelSelectorTest, ReadsTheJsonForm) {
  auto json = parse_json(R"({"matchLabels":{"app":"web"},"matchExpressions":[
    {"key":"tier","operator":"NotIn","values":["back"]},
    {"key":"legacy","operator":"DoesNotExist"}]})")
                  .value();
  auto selector = LabelSelector::from_json(json).value();
  EXPECT_EQ(selector.text(), "app=web,tier!=back,!legacy");
  EXPECT_TRUE(selector.matches({{"app", "web"}}));
  EXPECT_FALSE(selector.matches({{"app", "web"}, {"tier", "back"}}));
}

TEST(LabelSelectorTest, RefusesExpressionsWithoutTheirValues) {
  auto json = parse_json(R"({"matchExpressions":[{"key":"a","operator":"In"}]})").value();
  EXPECT_TRUE(LabelSelector::from_json(json).failed_with(ErrorCode::invalid_input));
  json = parse_json(R"({"matchExpressions":[{"key":"a","operator":"Exists","values":["x"]}]})")
             .value();
  EXPECT_TRUE(LabelSelector::from_json(json).failed_with(ErrorCode::invalid_input));
}

TEST(FieldPathTest, FindsKeysIndicesAndQuotedKeys) {
  auto document = parse_json(R"({"spec":{"containers":[{"name":"a"},{"name":"b"}]},
    "metadata":{"labels":{"app.kubernetes.io/name":"web"}}})")
                      .value();
  auto name = FieldPath::parse("spec.containers[1].name").value();
  ASSERT_NE(name.find_in(std::as_const(document)), nullptr);
  EXPECT_EQ(*name.find_in(std::as_const(document)), "b");
  auto label = FieldPath::parse(".metadata.labels['app.kubernetes.io/name']").value();
  EXPECT_EQ(*label.find_in(std::as_const(document)), "web");
  EXPECT_EQ(label.pointer(), "/metadata/labels/app.kubernetes.io~1name");
  *name.find_in(document) = "c";
  EXPECT_EQ(*name.find_in(std::as_const(document)), "c");
  EXPECT_EQ(FieldPath::parse("spec.containers[7].name").value().find_in(document), nullptr);
  EXPECT_EQ(FieldPath::parse("spec.name[0]").value().find_in(document), nullptr);
}

TEST(FieldPathTest, RefusesBrokenPaths) {
  for (auto text : {"a..b", "a[", "a[x]", "a.", "a[0]b", "a['x]"}) {
    EXPECT_TRUE(FieldPath::parse(text).failed_with(ErrorCode::invalid_input)) << text;
  }
}

}  // namespace
}  // namespace dmaas::kube
