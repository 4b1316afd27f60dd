#include "storage/s3/xml_reader.hpp"

#include <gtest/gtest.h>

#include <map>

namespace dmaas::storage {
namespace {

Result<std::multimap<std::string, std::string>> read(std::string_view document) {
  std::multimap<std::string, std::string> found;
  TRY(read_xml(document,
               [&](std::string_view path, const std::string& text) { found.emplace(path, text); }));
  return found;
}

TEST(XmlReaderTest, GivesPathAndTextOfEveryElement) {
  auto found =
      read(R"(<?xml version="1.0"?><!-- > --><A x="1>2"><B>one</B><B/><C><D> t </D></C></A>)");
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, (std::multimap<std::string, std::string>{
                        {"A", ""}, {"A/B", "one"}, {"A/B", ""}, {"A/C", ""}, {"A/C/D", " t "}}));
}

TEST(XmlReaderTest, ResolvesEntitiesAndCharacterData) {
  auto found = read("<A>&lt;a&amp;b&#233;&#x20AC;&quot;<![CDATA[<&>]]></A>");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->find("A")->second, "<a&b\u00e9\u20ac\"<&>");
}

TEST(XmlReaderTest, RefusesWhatIsNotWellFormed) {
  for (const char* document :
       {"", "text", "<A>", "<A></B>", "</A>", "<A><B></A></B>", "<A/><A/>", "<A", "<A>&x;</A>",
        "<A>&amp</A>", "<!DOCTYPE a><A/>", "<A>&#x110000;</A>", "<>x</>", "<A><![CDATA[x</A>"}) {
    EXPECT_TRUE(read(document).failed_with(ErrorCode::invalid_input)) << document;
  }
}

TEST(XmlReaderTest, BoundsTheDepth) {
  std::string deep;
  for (int i = 0; i < 17; ++i) deep += "<A>";
  for (int i = 0; i < 17; ++i) deep += "</A>";
  EXPECT_TRUE(read(deep).failed_with(ErrorCode::invalid_input));
}

}  // namespace
}  // namespace dmaas::storage
