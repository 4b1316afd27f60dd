#include "base/json.hpp"

#include <gtest/gtest.h>

#include "base/yaml.hpp"

namespace dmaas {

TEST(JsonTest, FindsNestedMembersAndToleratesMissingOnes) {
  auto pod = *parse_json(R"({"spec":{"nodeName":"n1","replicas":3},"items":[1,2]})");
  EXPECT_EQ(text_at(pod, "spec", "nodeName"), "n1");
  EXPECT_EQ(number_at(pod, "spec", "replicas"), 3);
  EXPECT_EQ(text_at(pod, "spec", "absent", "deeper"), "");
  EXPECT_EQ(items_at(pod, "items").size(), 2u);
}

TEST(JsonTest, CanonicalTextDoesNotDependOnOrder) {
  auto first = *parse_json(R"({"b":[1,{"y":1,"x":2}],"a":null})");
  auto second = *parse_json(R"({"a":null,"b":[1,{"x":2,"y":1}]})");
  EXPECT_EQ(to_canonical_text(first), to_canonical_text(second));
  EXPECT_EQ(to_canonical_text(first), R"({"a":null,"b":[1,{"x":2,"y":1}]})");
}

TEST(JsonTest, RefusesTextBeyondTheLimits) {
  EXPECT_EQ(parse_json("[1]", {.max_bytes = 2}).code(), ErrorCode::exhausted);
  EXPECT_FALSE(parse_json("[[[1]]]", {.max_depth = 2}).has_value());
  EXPECT_EQ(parse_json("{\"a\":").code(), ErrorCode::invalid_input);
}

TEST(JsonTest, MergePatchRemovesNullsAndMergesObjects) {
  auto target = *parse_json(R"({"a":{"b":1,"c":2},"d":3})");
  merge_patch(target, *parse_json(R"({"a":{"b":null,"e":4},"d":[1]})"));
  EXPECT_EQ(to_canonical_text(target), R"({"a":{"c":2,"e":4},"d":[1]})");
}

TEST(YamlTest, ReadsPlainScalarsByTypeAndQuotedOnesAsText) {
  auto json = *parse_yaml("a: 1\nb: \"1\"\nc: true\nd: 'true'\ne: ~\nf: 1.5\ng: 1e3x\n");
  EXPECT_EQ(to_text(json), R"({"a":1,"b":"1","c":true,"d":"true","e":null,"f":1.5E0,"g":"1e3x"})");
}

TEST(YamlTest, KeepsMeaningThroughARoundTrip) {
  auto json = *parse_json(
      R"({"name":"x","number":"007","yes":"true","lines":"a\nb\n","list":[{"k":1},"v"],"empty":{},"none":[]})");
  EXPECT_EQ(to_text(*parse_yaml(to_yaml(json))), to_text(json));
}

TEST(YamlTest, ReportsBadTextAsInvalidInput) {
  EXPECT_EQ(parse_yaml("a: [1").code(), ErrorCode::invalid_input);
  EXPECT_EQ(parse_yaml("a: 1\n---\nb: 2\n").code(), ErrorCode::invalid_input);
}

}  // namespace dmaas
