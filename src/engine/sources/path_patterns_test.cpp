#include "engine/sources/path_patterns.hpp"

#include <gtest/gtest.h>

namespace dmaas::engine {
namespace {

PathPatterns patterns(const std::vector<std::string>& texts) {
  return *PathPatterns::parse(texts);
}

TEST(PathPatternsTest, UnanchoredPatternMatchesAtAnyDepthAndBelow) {
  auto excluded = patterns({"*.log", "cache/tmp"});
  EXPECT_TRUE(excluded.matches("/a.log"));
  EXPECT_TRUE(excluded.matches("/x/y/a.log"));
  EXPECT_TRUE(excluded.matches("/x/cache/tmp"));
  EXPECT_TRUE(excluded.matches("/x/cache/tmp/deep/file"));
  EXPECT_FALSE(excluded.matches("/x/cache"));
  EXPECT_FALSE(excluded.matches("/x/a.logs"));
}

TEST(PathPatternsTest, AnchoredPatternMatchesFromTheRootOnly) {
  auto excluded = patterns({"/data/*/old"});
  EXPECT_TRUE(excluded.matches("/data/x/old"));
  EXPECT_TRUE(excluded.matches("/data/x/old/file"));
  EXPECT_FALSE(excluded.matches("/more/data/x/old"));
  EXPECT_FALSE(excluded.matches("/data/old"));
}

TEST(PathPatternsTest, DoubleStarStandsForAnyNumberOfSegments) {
  auto excluded = patterns({"/a/**/z"});
  EXPECT_TRUE(excluded.matches("/a/z"));
  EXPECT_TRUE(excluded.matches("/a/b/c/z"));
  EXPECT_FALSE(excluded.matches("/b/z"));
}

TEST(PathPatternsTest, NegationTakesBackEarlierMatches) {
  auto excluded = patterns({"*.txt", "!keep.txt"});
  EXPECT_TRUE(excluded.matches("/x/drop.txt"));
  EXPECT_FALSE(excluded.matches("/x/keep.txt"));
}

TEST(PathPatternsTest, ComparesBytesThatAreNotUtf8) {
  auto excluded = patterns({"bad\xff*"});
  EXPECT_TRUE(excluded.matches("/x/bad\xff.bin"));
  EXPECT_FALSE(excluded.matches("/x/bad\xfe.bin"));
}

TEST(PathPatternsTest, SaysWhichDirectoriesNeedNotBeEntered) {
  auto included = patterns({"/data/x/file"});
  EXPECT_TRUE(included.may_match_below("/data"));
  EXPECT_TRUE(included.may_match_below("/data/x"));
  EXPECT_FALSE(included.may_match_below("/other"));
  EXPECT_TRUE(patterns({"file"}).may_match_below("/anything"));
}

TEST(PathPatternsTest, RefusesEmptyPatterns) {
  EXPECT_TRUE(PathPatterns::parse({"/"}).failed_with(ErrorCode::invalid_input));
  EXPECT_TRUE(PathPatterns::parse({""}).failed_with(ErrorCode::invalid_input));
}

}  // namespace
}  // namespace dmaas::engine
