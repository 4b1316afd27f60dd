#include "applications/restore/dropped_fields.hpp"

#include <gmock/gmock.h>

namespace dmaas::applications {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> dropped(std::string_view sent, std::string_view answer) {
  return dropped_fields(*parse_json(sent), *parse_json(answer));
}

TEST(DroppedFieldsTest, WhatTheAnswerLacksIsNamedByItsPath) {
  EXPECT_THAT(dropped(R"({"spec":{"a":1,"b":{"c":"x"},"d":[{"e":1},{"f":true}]}})",
                      R"({"spec":{"a":1,"b":{},"d":[{"e":1},{}]}})"),
              ElementsAre("spec.b.c", "spec.d[1].f"));
}

TEST(DroppedFieldsTest, WhatTheServerAddsOrWritesOtherwiseIsNoLoss) {
  EXPECT_THAT(dropped(R"({"spec":{"storage":"1024Mi"}})",
                      R"({"metadata":{"uid":"u"},"spec":{"storage":"1Gi","mode":"x"}})"),
              IsEmpty());
}

TEST(DroppedFieldsTest, EmptyValuesAreNotMissed) {
  EXPECT_THAT(dropped(R"({"spec":{"a":null,"b":{},"c":[],"d":"","e":false,"f":0,"g":{"h":{}}}})",
                      R"({"spec":{}})"),
              IsEmpty());
}

TEST(DroppedFieldsTest, StatusAndListsOfOtherLengthAreNotCompared) {
  EXPECT_THAT(dropped(R"({"status":{"a":1},"spec":{"l":[{"a":1}]}})",
                      R"({"spec":{"l":[{"b":1},{"a":1}]}})"),
              IsEmpty());
}

TEST(DroppedFieldsTest, AreToldInOneSentence) {
  EXPECT_EQ(describe_dropped({}), "");
  EXPECT_THAT(describe_dropped({"spec.a", "spec.b"}),
              testing::StartsWith("the cluster drops spec.a, spec.b: "));
}

}  // namespace
}  // namespace dmaas::applications
