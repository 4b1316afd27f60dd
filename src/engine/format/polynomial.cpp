#include "engine/format/polynomial.hpp"

#include <array>
#include <bit>
#include <cstring>

#include "crypto/random.hpp"

namespace dmaas::engine {

namespace {

std::uint64_t greatest_common_divisor(std::uint64_t a, std::uint64_t b) {
  while (b != 0) {
    a = remainder(a, b);
    std::swap(a, b);
  }
  return a;
}

// a·b mod modulus; a is already reduced.
std::uint64_t multiply(std::uint64_t a, std::uint64_t b, std::uint64_t modulus) {
  const std::uint64_t top = 1ULL << degree_of(modulus);
  std::uint64_t product = 0;
  for (; b != 0; b >>= 1) {
    if (b & 1) product ^= a;
    a <<= 1;
    if (a & top) a ^= modulus;
  }
  return product;
}

}  // namespace

int degree_of(std::uint64_t polynomial) {
  return 63 - std::countl_zero(polynomial);
}

std::uint64_t remainder(std::uint64_t polynomial, std::uint64_t modulus) {
  const int degree = degree_of(modulus);
  for (int excess = degree_of(polynomial) - degree; excess >= 0;
       excess = degree_of(polynomial) - degree) {
    polynomial ^= modulus << excess;
  }
  return polynomial;
}

// Ben-Or: no factor of degree i divides x^(2^i) - x, for i up to half the degree.
bool is_irreducible(std::uint64_t polynomial) {
  if (degree_of(polynomial) != chunker_polynomial_degree) return false;
  std::uint64_t power = 2;  // x
  for (int i = 1; i <= chunker_polynomial_degree / 2; ++i) {
    power = multiply(power, power, polynomial);
    if (greatest_common_divisor(polynomial, power ^ 2) != 1) return false;
  }
  return true;
}

std::uint64_t random_polynomial() {
  constexpr std::uint64_t top = 1ULL << chunker_polynomial_degree;
  for (;;) {  // one of about 26 candidates is irreducible
    std::array<std::uint8_t, 8> bytes;
    crypto::fill_random(bytes);
    std::uint64_t polynomial;
    std::memcpy(&polynomial, bytes.data(), sizeof polynomial);
    polynomial = (polynomial & (top - 1)) | top | 1;
    if (is_irreducible(polynomial)) return polynomial;
  }
}

}  // namespace dmaas::engine
