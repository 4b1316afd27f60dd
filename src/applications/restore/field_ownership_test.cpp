#include "applications/restore/field_ownership.hpp"

#include <gtest/gtest.h>

namespace dmaas::applications {
namespace {

Json object_with(std::string_view managed_fields) {
  return *parse_json(R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web",)"
                     R"("managedFields":)" +
                     std::string(managed_fields) + "}}");
}

TEST(FieldOwnershipTest, UnitesWhatOthersHaveWritten) {
  const auto patch = take_over_patch(
      object_with(
          R"([{"manager":"kubectl","operation":"Update","apiVersion":"apps/v1","fieldsV1":)"
          R"({"f:spec":{"f:replicas":{},"f:template":{"f:a":{}}}}},)"
          R"({"manager":"helm","operation":"Apply","apiVersion":"apps/v1","fieldsV1":)"
          R"({"f:spec":{"f:template":{"f:b":{}}}}},)"
          R"({"manager":"hpa","operation":"Update","apiVersion":"apps/v1","subresource":"scale",)"
          R"("fieldsV1":{"f:spec":{"f:replicas":{}}}},)"
          R"({"manager":"kube-controller-manager","operation":"Update","apiVersion":"apps/v1",)"
          R"("fieldsV1":{"f:metadata":{}}}])"),
      "dmaas");
  ASSERT_TRUE(patch.is_array());
  const auto& entries = items_at(patch.at(0), "value");
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(text_at(entries[0], "manager"), "hpa");
  EXPECT_EQ(text_at(entries[1], "manager"), "kube-controller-manager");
  EXPECT_EQ(to_text(entries[2]), R"({"manager":"dmaas","operation":"Apply","apiVersion":"apps/v1",)"
                                 R"("fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:replicas":{},)"
                                 R"("f:template":{"f:a":{},"f:b":{}}}}})");
}

TEST(FieldOwnershipTest, NothingIsTakenFromOneself) {
  EXPECT_TRUE(take_over_patch(object_with(R"([{"manager":"dmaas","operation":"Apply",)"
                                          R"("apiVersion":"apps/v1","fieldsV1":{"f:spec":{}}}])"),
                              "dmaas")
                  .is_null());
  EXPECT_TRUE(take_over_patch(*parse_json(R"({"apiVersion":"v1","metadata":{}})"), "d").is_null());
}

TEST(FieldOwnershipTest, WhatAnotherVersionSaysStays) {
  EXPECT_TRUE(take_over_patch(object_with(R"([{"manager":"old","operation":"Update",)"
                                          R"("apiVersion":"apps/v1beta1","fieldsV1":{}}])"),
                              "dmaas")
                  .is_null());
}

}  // namespace
}  // namespace dmaas::applications
