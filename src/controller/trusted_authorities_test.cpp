#include "controller/trusted_authorities.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <thread>

#include "base/file.hpp"

namespace dmaas::controller {
namespace {

using namespace std::chrono_literals;

class TrustedAuthoritiesTest : public testing::Test {
protected:
  void SetUp() override { write("first"); }
  void TearDown() override { std::remove(file.c_str()); }
  void write(const std::string& text) const {
    ASSERT_TRUE(write_file_atomically(file, bytes_of(text)));
  }

  const std::string file = testing::TempDir() + "trusted_authorities_test";
  ManualClock clock{Timestamp(1'800'000'000s)};
};

TEST_F(TrustedAuthoritiesTest, OthersInTheFileEndTheWatch) {
  Result<> ended;
  std::jthread watch([&] { ended = watch_trusted_authorities(file, "first", clock, {}); });
  write("second first");
  std::jthread time([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      clock.advance(1min);
      std::this_thread::sleep_for(1ms);
    }
  });
  watch.join();
  EXPECT_EQ(ended.code(), ErrorCode::conflict);
}

TEST_F(TrustedAuthoritiesTest, OthersThatWereThereBeforeEndItAtOnce) {
  EXPECT_EQ(watch_trusted_authorities(file, "older", clock, {}).code(), ErrorCode::conflict);
}

TEST_F(TrustedAuthoritiesTest, FileThatCannotBeReadChangesNothing) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(watch_trusted_authorities(file + ".absent", "first", clock, stop.get_token()));
  EXPECT_TRUE(watch_trusted_authorities(file, "first", clock, stop.get_token()));
}

}  // namespace
}  // namespace dmaas::controller
