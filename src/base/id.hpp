#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace dmaas {

/// 32 bytes, in practice a SHA-256; text form is 64 lower-case hexadecimal digits.
using Digest = std::array<std::uint8_t, 32>;

std::string hex_of(const Digest& digest);
/// Errors: invalid_input unless `text` is exactly 64 lower-case hexadecimal digits.
Result<Digest> parse_digest(std::string_view text);

/// A digest that names one kind of thing; ids of different kinds do not mix.
template <class Tag>
struct Id {
  Digest digest{};

  std::string hex() const { return hex_of(digest); }
  /// The first 8 hexadecimal digits, for people.
  std::string short_hex() const { return hex().substr(0, 8); }
  bool is_null() const { return digest == Digest{}; }
  auto operator<=>(const Id&) const = default;

  static Result<Id> parse(std::string_view text) {
    auto digest = parse_digest(text);
    if (!digest) return fail(std::move(digest).error());
    return Id{*digest};
  }
};

}  // namespace dmaas

template <class Tag>
struct std::hash<dmaas::Id<Tag>> {
  // The id is a cryptographic hash already: any 8 bytes of it are evenly spread.
  std::size_t operator()(const dmaas::Id<Tag>& id) const noexcept {
    std::size_t value;
    std::memcpy(&value, id.digest.data(), sizeof value);
    return value;
  }
};
