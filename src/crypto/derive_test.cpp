#include "crypto/derive.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "base/encoding.hpp"

namespace dmaas::crypto {
namespace {

TEST(DeriveTest, ScryptMatchesRfc7914) {
  auto key = scrypt("password", bytes_of("NaCl"), {.n = 1024, .r = 8, .p = 16}, 64);
  ASSERT_TRUE(key);
  EXPECT_EQ(hex_encode(*key),
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
            "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640");
}

TEST(DeriveTest, ScryptTakesTheLeastCostForRandomPasswords) {
  EXPECT_TRUE(scrypt("x", bytes_of("salt"), {.n = 2, .r = 1, .p = 1}, 64));
}

TEST(DeriveTest, ScryptRefusesCostsThatAreInvalidOrEatTheMemory) {
  for (const ScryptCost& cost : {ScryptCost{1000, 8, 1}, ScryptCost{1, 8, 1}, ScryptCost{2, 0, 1},
                                 ScryptCost{1ULL << 40, 8, 1}, ScryptCost{1 << 20, 64, 1}}) {
    EXPECT_TRUE(scrypt("x", {}, cost, 64).failed_with(ErrorCode::invalid_input));
  }
}

std::size_t resident_peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) << 10;
  }
  return 0;
}

TEST(DeriveTest, ManyAtOnceDoNotNeedTheMemoryOfAll) {
  std::ofstream("/proc/self/clear_refs") << "5";
  const auto before = resident_peak_bytes();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 24; ++i)
      threads.emplace_back([] { EXPECT_TRUE(scrypt("x", bytes_of("salt"), {}, 64)); });
  }
  EXPECT_LT(resident_peak_bytes() - before, 200U << 20);
}

TEST(DeriveTest, HkdfMatchesRfc5869) {
  const Bytes key(22, 0x0b);
  const Bytes salt = *hex_decode("000102030405060708090a0b0c");
  const Bytes info = *hex_decode("f0f1f2f3f4f5f6f7f8f9");
  EXPECT_EQ(hex_encode(hkdf_sha256(key, salt, text_of(info), 42)),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
}

}  // namespace
}  // namespace dmaas::crypto
