#include "base/glob.hpp"

#include <gtest/gtest.h>

#include <string>

namespace dmaas {
namespace {

TEST(GlobTest, MatchesLiteralsStarsAndQuestionMarks) {
  EXPECT_TRUE(matches_glob("data-mariadb-0", "data-mariadb-0"));
  EXPECT_TRUE(matches_glob("data-*-?", "data-mariadb-0"));
  EXPECT_TRUE(matches_glob("*", ""));
  EXPECT_TRUE(matches_glob("**a*", "bba"));
  EXPECT_TRUE(matches_glob("a*b*c", "aXbXbXc"));
  EXPECT_FALSE(matches_glob("data-?", "data-10"));
  EXPECT_FALSE(matches_glob("", "a"));
  EXPECT_FALSE(matches_glob("a?", "a"));
  EXPECT_FALSE(matches_glob("a*b", "ab1"));
}

TEST(GlobTest, EndsSoonOnHostilePatterns) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a";
  EXPECT_FALSE(matches_glob(pattern + "b", std::string(5000, 'a')));
}

}  // namespace
}  // namespace dmaas
