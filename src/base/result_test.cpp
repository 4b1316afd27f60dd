#include "base/result.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace dmaas {
namespace {

Result<std::vector<std::string>> list() {
  return std::vector<std::string>{std::string(100, 'a'), std::string(100, 'b')};
}

TEST(TryTest, TheValueLivesAsLongAsALoopOverIt) {
  auto join = []() -> Result<std::string> {
    std::string joined;
    for (const auto& text : TRY(list())) joined += text;
    return joined;
  };
  EXPECT_EQ(*join(), std::string(100, 'a') + std::string(100, 'b'));
}

TEST(TryTest, MovesWhatCannotBeCopied) {
  auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
  auto use = [&]() -> Result<int> {
    auto pointer = TRY(make());
    return *pointer;
  };
  EXPECT_EQ(*use(), 7);
}

TEST(TryTest, PassesErrorsOnWithContext) {
  auto broken = []() -> Result<> { return fail(ErrorCode::corrupt, "bad bytes"); };
  auto use = [&]() -> Result<int> {
    TRY(broken().context("index 1"));
    return 1;
  };
  EXPECT_EQ(use().error(), Error(ErrorCode::corrupt, "index 1: bad bytes"));
}

}  // namespace
}  // namespace dmaas
