#include "engine/format/polynomial.hpp"

#include <gtest/gtest.h>

namespace dmaas::engine {
namespace {

// Polynomials of restic/chunker's tests.
TEST(PolynomialTest, KnowsIrreducibleOnes) {
  for (std::uint64_t polynomial : {0x3DA3358B4DC173ULL, 0x2482734cacca49ULL}) {
    EXPECT_TRUE(is_irreducible(polynomial)) << std::hex << polynomial;
  }
  for (std::uint64_t polynomial :
       {0x38f1e565e288dfULL, 0x30a8295b9d5c91ULL, 0x255f4350b962cbULL, 0x267f776110a235ULL,
        0x2f4dae10d41227ULL, 0x312daf4b284899ULL, 0x29dfb6553d01d1ULL, 0x3548245eb26257ULL, 0ULL,
        1ULL, 0x3DA3358B4DC172ULL, 0x3DA3358B4DC173ULL << 1}) {
    EXPECT_FALSE(is_irreducible(polynomial)) << std::hex << polynomial;
  }
}

TEST(PolynomialTest, DividesByLongDivision) {
  EXPECT_EQ(remainder(0b1011, 0b11), 0b1U);
  EXPECT_EQ(remainder(0b1111, 0b11), 0U);
  EXPECT_EQ(remainder(0b10, 0b111), 0b10U);
  EXPECT_EQ(degree_of(0), -1);
  EXPECT_EQ(degree_of(0x3DA3358B4DC173), 53);
}

TEST(PolynomialTest, RandomOnesAreIrreducibleAndDiffer) {
  const std::uint64_t polynomial = random_polynomial();
  EXPECT_TRUE(is_irreducible(polynomial));
  EXPECT_NE(polynomial, random_polynomial());
}

}  // namespace
}  // namespace dmaas::engine
