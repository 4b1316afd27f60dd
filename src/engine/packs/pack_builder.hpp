#pragma once

#include <cstdint>
#include <vector>

#include "base/byte_buffer.hpp"
#include "crypto/seal.hpp"
#include "engine/format/pack_header.hpp"

namespace dmaas::engine {

/// A complete pack in memory, ready for upload.
struct SealedPack {
  PackId id;
  BlobType type = BlobType::data;
  ByteBuffer bytes;
  std::vector<PackedBlob> blobs;
};

/// Seals blobs of one type one behind the other. Used by one thread at a time.
class PackBuilder {
public:
  /// `buffer` lends its capacity.
  PackBuilder(BlobType type, ByteBuffer buffer);

  /// True when a blob of that length would break a limit of the format: header or pack size.
  bool is_beyond_format(std::size_t payload_bytes) const;
  /// `payload`: the blob, or its compressed form when `uncompressed_length` is not 0. Its stored
  /// length.
  std::uint32_t add(const BlobId& id, BytesView payload, std::uint32_t uncompressed_length,
                    crypto::Sealer& sealer);
  /// Adds all blobs of another builder of the same type.
  void absorb(PackBuilder&& other);
  std::size_t size_bytes() const { return pack_.bytes.size(); }
  bool is_empty() const { return pack_.blobs.empty(); }

  /// Adds the header and computes the id. The builder is used up.
  SealedPack finish(crypto::Sealer& sealer) &&;

private:
  SealedPack pack_;
};

}  // namespace dmaas::engine
