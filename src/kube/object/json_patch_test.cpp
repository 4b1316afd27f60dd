#include "kube/object/json_patch.hpp"

#include <gtest/gtest.h>

namespace dmaas::kube {
namespace {

Json parse(std::string_view text) {
  return parse_json(text).value();
}

std::string patched(std::string_view document, std::string_view operations) {
  auto json = parse(document);
  auto result = apply_json_patch(json, parse(operations));
  return result ? to_text(json) : std::string(name_of(result.code()));
}

TEST(JsonPatchTest, DoesAllOperations) {
  EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"add","path":"/b","value":[1]}])"),
            R"({"a":1,"b":[1]})");
  EXPECT_EQ(patched(R"({"a":[1,3]})", R"([{"op":"add","path":"/a/1","value":2}])"),
            R"({"a":[1,2,3]})");
  EXPECT_EQ(patched(R"({"a":[1]})", R"([{"op":"add","path":"/a/-","value":2}])"), R"({"a":[1,2]})");
  EXPECT_EQ(patched(R"({"a":[1,2]})", R"([{"op":"remove","path":"/a/0"}])"), R"({"a":[2]})");
  EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"replace","path":"/a","value":null}])"),
            R"({"a":null})");
  EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"move","from":"/a","path":"/b"}])"), R"({"b":1})");
  EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"copy","from":"/a","path":"/b"}])"),
            R"({"a":1,"b":1})");
  EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"replace","path":"","value":7}])"), "7");
  EXPECT_EQ(patched(R"({"x/y":{"~":1}})", R"([{"op":"remove","path":"/x~1y/~0"}])"),
            R"({"x/y":{}})");
}

TEST(JsonPatchTest, AFailedTestIsAConflict) {
  EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"test","path":"/a","value":2}])"), "conflict");
  EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"test","path":"/b/c","value":2}])"), "conflict");
  EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"test","path":"/b","value":null}])"), R"({"a":1})");
}

TEST(JsonPatchTest, RefusesWhatHasNoPlace) {
  for (auto operation :
       {R"({"op":"remove","path":"/b"})", R"({"op":"replace","path":"/b","value":1})",
        R"({"op":"add","path":"/b/c","value":1})", R"({"op":"add","path":"/l/3","value":1})",
        R"({"op":"add","path":"/a/x","value":1})", R"({"op":"add","path":"/b"})",
        R"({"op":"remove","path":"/l/01x"})", R"({"op":"turn","path":"/a"})",
        R"({"op":"remove","path":"a"})", R"({"op":"copy","from":"/b","path":"/c"})",
        R"({"op":"remove","path":""})"}) {
    EXPECT_EQ(patched(R"({"a":1,"l":[1]})", "[" + std::string(operation) + "]"), "invalid_input")
        << operation;
  }
  EXPECT_EQ(patched("{}", "{}"), "invalid_input");
}

TEST(JsonPatchTest, ChangesNothingUnlessAllHolds) {
  auto json = parse(R"({"a":1})");
  EXPECT_FALSE(apply_json_patch(
      json, parse(R"([{"op":"remove","path":"/a"},{"op":"test","path":"/a","value":1}])")));
  EXPECT_EQ(to_text(json), R"({"a":1})");
}

}  // namespace
}  // namespace dmaas::kube
