#pragma once

#include <cstdint>

namespace dmaas::engine {

// Polynomials over GF(2): bit i is the coefficient of x^i.

inline constexpr int chunker_polynomial_degree = 53;

/// True when it has the degree that chunking needs and no factors.
bool is_irreducible(std::uint64_t polynomial);
/// A fresh one for a new repository.
std::uint64_t random_polynomial();

/// -1 for 0.
int degree_of(std::uint64_t polynomial);
/// `modulus` is not 0.
std::uint64_t remainder(std::uint64_t polynomial, std::uint64_t modulus);

}  // namespace dmaas::engine
