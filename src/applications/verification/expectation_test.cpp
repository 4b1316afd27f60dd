#include "applications/verification/expectation.hpp"

#include <gtest/gtest.h>

namespace dmaas::applications {
namespace {

TEST(ExpectationTest, NothingExpectedFitsEveryText) {
  EXPECT_EQ(find_mismatch({}, "anything"), "");
  EXPECT_EQ(find_mismatch({}, ""), "");
}

TEST(ExpectationTest, EqualTextsMayDifferInSpaceAtTheirEnd) {
  EXPECT_EQ(find_mismatch({.equals = "42"}, "42\n"), "");
  EXPECT_EQ(find_mismatch({.equals = ""}, "\n"), "");
  EXPECT_EQ(find_mismatch({.equals = "42"}, "41\n"), "it is '41' and should be '42'");
}

TEST(ExpectationTest, APartIsEnoughForContainsAndMatches) {
  EXPECT_EQ(find_mismatch({.contains = "OK"}, "status OK today"), "");
  EXPECT_EQ(find_mismatch({.contains = "OK"}, "down"), "it is 'down' and should contain 'OK'");
  EXPECT_EQ(find_mismatch({.matches = "[0-9]{2}"}, "rows: 42"), "");
  EXPECT_EQ(find_mismatch({.matches = "^[0-9]+$"}, "none"),
            "it is 'none' and should match '^[0-9]+$'");
}

TEST(ExpectationTest, LongTextsAreCutInTheMiddleOfAMessage) {
  auto text = shortened_quote("begin" + std::string(1000, 'x') + "end");
  EXPECT_LT(text.size(), 220U);
  EXPECT_EQ(text.substr(0, 6), "'begin");
  EXPECT_EQ(text.substr(text.size() - 4), "end'");
  EXPECT_EQ(shortened_quote("two\nlines\n"), "'two lines'");
}

}  // namespace
}  // namespace dmaas::applications
