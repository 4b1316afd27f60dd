#include "cli/cluster/output.hpp"

#include <gtest/gtest.h>

namespace dmaas::cli {
namespace {

TEST(OutputTest, ADocumentIsPrintedAsItIs) {
  Json list = JsonArray{JsonObject{{"path", "east/ns/shop/db"}}};
  EXPECT_EQ(*parse_json(format_document(list, OutputFormat::json)), list);
  EXPECT_EQ(format_document(list, OutputFormat::yaml), "- path: east/ns/shop/db\n");
}

TEST(OutputTest, AnObjectIsPrintedWithoutWhoWroteIt) {
  Json object = JsonObject{{"kind", "Snapshot"},
                           {"metadata", {{"name", "a"}, {"managedFields", JsonArray{1}}}}};
  Json shown = JsonObject{{"kind", "Snapshot"}, {"metadata", {{"name", "a"}}}};
  EXPECT_EQ(*parse_json(format_object(object, OutputFormat::json)), shown);
}

}  // namespace
}  // namespace dmaas::cli
