#include "crypto/sha256.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"

namespace dmaas::crypto {
namespace {

TEST(Sha256Test, MatchesFips180Vectors) {
  EXPECT_EQ(hex_of(sha256(bytes_of("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex_of(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256Test, PiecesGiveTheSameAsTheWholeAndFinishBeginsAnew) {
  Sha256 hash;
  for (int round = 0; round < 2; ++round) {
    hash.update(bytes_of("a"));
    hash.update(bytes_of("bc"));
    EXPECT_EQ(hash.finish(), sha256(bytes_of("abc")));
  }
}

TEST(Sha256Test, HmacMatchesRfc4231) {
  EXPECT_EQ(hex_of(hmac_sha256(bytes_of("Jefe"), bytes_of("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

}  // namespace
}  // namespace dmaas::crypto
