#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "engine/format/blob.hpp"

namespace dmaas::engine {

/// One blob inside a pack, as headers and index files list it.
struct PackedBlob {
  BlobHandle handle;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;               // as stored, with what sealing adds
  std::uint32_t uncompressed_length = 0;  // 0: not compressed

  bool operator==(const PackedBlob&) const = default;
};

/// A pack is blobs, sealed header, little-endian u32 length of the sealed header.
inline constexpr std::uint32_t max_pack_header_bytes = 16 << 20;
inline constexpr std::uint32_t pack_length_field_bytes = 4;

/// Plaintext of the header. The blobs lie one after the other from offset 0.
Bytes encode_pack_header(const std::vector<PackedBlob>& blobs);
/// Errors: corrupt.
Result<std::vector<PackedBlob>> decode_pack_header(BytesView plain);
/// Bytes that the sealed header and its length field take for these blobs.
std::uint64_t stored_header_bytes(const std::vector<PackedBlob>& blobs);

}  // namespace dmaas::engine
