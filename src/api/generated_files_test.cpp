#include "api/generated_files.hpp"

#include <gtest/gtest.h>

#include "base/file.hpp"

namespace dmaas::api {
namespace {

TEST(GeneratedFilesTest, AreCurrent) {
  for (const auto& [path, text] : generated_files()) {
    auto present = read_small_file(path);
    ASSERT_TRUE(present) << present.error().message() << ": run dmaas_generate";
    EXPECT_TRUE(*present == text) << path << " is stale: run dmaas_generate";
  }
}

}  // namespace
}  // namespace dmaas::api
