#pragma once

#include <compare>
#include <cstdint>

#include "engine/format/ids.hpp"

namespace dmaas::engine {

enum class BlobType : std::uint8_t { data = 0, tree = 1 };

/// A data blob and a tree blob of equal content are different blobs.
struct BlobHandle {
  BlobType type = BlobType::data;
  BlobId id;

  auto operator<=>(const BlobHandle&) const = default;
};

inline BlobHandle data_blob(const BlobId& id) {
  return {BlobType::data, id};
}
inline BlobHandle tree_blob(const TreeId& id) {
  return {BlobType::tree, BlobId{id.digest}};
}

/// Where a blob lies. Lengths are below 4 GiB by format.
struct BlobLocation {
  PackId pack;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;               // as stored: sealed, perhaps compressed
  std::uint32_t uncompressed_length = 0;  // 0: not compressed

  std::uint32_t plain_length() const {
    return uncompressed_length != 0 ? uncompressed_length : length - 32;  // 32: what sealing adds
  }
  bool operator==(const BlobLocation&) const = default;
};

}  // namespace dmaas::engine

template <>
struct std::hash<dmaas::engine::BlobHandle> {
  std::size_t operator()(const dmaas::engine::BlobHandle& handle) const noexcept {
    return std::hash<dmaas::engine::BlobId>{}(handle.id) + static_cast<std::size_t>(handle.type);
  }
};
