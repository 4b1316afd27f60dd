#include "base/regular_expression.hpp"

#include <gtest/gtest.h>

#include <string>

namespace dmaas {
namespace {

TEST(RegularExpressionTest, FindsAPartOfTheText) {
  EXPECT_TRUE(*matches_somewhere("rows: 42\n", "rows: [0-9]+"));
  EXPECT_FALSE(*matches_somewhere("rows: none", "^[0-9]+$"));
}

TEST(RegularExpressionTest, AWrongExpressionIsInvalidInput) {
  EXPECT_TRUE(check_regular_expression("a(b").failed_with(ErrorCode::invalid_input));
  EXPECT_TRUE(matches_somewhere("ab", "a(b").failed_with(ErrorCode::invalid_input));
  EXPECT_TRUE(check_regular_expression("a(b)"));
}

TEST(RegularExpressionTest, AnExpressionThatTakesForEverEndsWithAnError) {
  auto found = matches_somewhere(std::string(200, 'a') + "b", "^(a+)+$");
  EXPECT_TRUE(!found ? found.failed_with(ErrorCode::exhausted) : !*found);
}

TEST(RegularExpressionTest, ALongTextNeedsNoDeepStack) {
  EXPECT_TRUE(*matches_somewhere(std::string(64 << 10, 'a') + "b", "^(a|x)*b$"));
}

}  // namespace
}  // namespace dmaas
