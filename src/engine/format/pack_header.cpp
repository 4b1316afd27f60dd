#include "engine/format/pack_header.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/seal.hpp"

namespace dmaas::engine {

namespace {

// type u8 | length u32le | (uncompressed length u32le when compressed) | id 32 bytes
constexpr std::size_t plain_entry_bytes = 37;
constexpr std::size_t compressed_entry_bytes = 41;
constexpr std::uint8_t compressed_bit = 2;  // types: 0 data, 1 tree, 2 data zstd, 3 tree zstd

void append_u32(Bytes& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8)
    out.push_back(static_cast<std::uint8_t>(value >> shift));
}

std::uint32_t read_u32(BytesView bytes) {
  return bytes[0] | std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[2]} << 16 |
         std::uint32_t{bytes[3]} << 24;
}

std::size_t entry_bytes(const PackedBlob& blob) {
  return blob.uncompressed_length != 0 ? compressed_entry_bytes : plain_entry_bytes;
}

}  // namespace

Bytes encode_pack_header(const std::vector<PackedBlob>& blobs) {
  Bytes out;
  out.reserve(blobs.size() * compressed_entry_bytes);
  for (const PackedBlob& blob : blobs) {
    const bool is_compressed = blob.uncompressed_length != 0;
    out.push_back(static_cast<std::uint8_t>(static_cast<std::uint8_t>(blob.handle.type) |
                                            (is_compressed ? compressed_bit : 0)));
    append_u32(out, blob.length);
    if (is_compressed) append_u32(out, blob.uncompressed_length);
    out.insert(out.end(), blob.handle.id.digest.begin(), blob.handle.id.digest.end());
  }
  return out;
}

Result<std::vector<PackedBlob>> decode_pack_header(BytesView plain) {
  std::vector<PackedBlob> blobs;
  std::uint64_t offset = 0;
  while (!plain.empty()) {
    const std::uint8_t type = plain[0];
    if (type > 3) {
      return fail(ErrorCode::corrupt,
                  fmt::format("a pack header holds unknown blob type {}", type));
    }
    const bool is_compressed = (type & compressed_bit) != 0;
    const std::size_t size = is_compressed ? compressed_entry_bytes : plain_entry_bytes;
    if (plain.size() < size) return fail(ErrorCode::corrupt, "a pack header ends inside an entry");
    PackedBlob blob;
    blob.handle.type = static_cast<BlobType>(type & 1);
    blob.length = read_u32(plain.subspan(1));
    if (is_compressed) blob.uncompressed_length = read_u32(plain.subspan(5));
    std::ranges::copy(plain.subspan(size - 32, 32), blob.handle.id.digest.begin());
    blob.offset = static_cast<std::uint32_t>(offset);
    offset += blob.length;
    if (blob.length < crypto::seal_overhead_bytes || offset > UINT32_MAX) {
      return fail(ErrorCode::corrupt, "a pack header holds an impossible blob length");
    }
    blobs.push_back(blob);
    plain = plain.subspan(size);
  }
  return blobs;
}

std::uint64_t stored_header_bytes(const std::vector<PackedBlob>& blobs) {
  std::uint64_t size = crypto::seal_overhead_bytes + pack_length_field_bytes;
  for (const PackedBlob& blob : blobs) size += entry_bytes(blob);
  return size;
}

}  // namespace dmaas::engine
