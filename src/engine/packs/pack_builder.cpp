#include "engine/packs/pack_builder.hpp"

#include <utility>

#include "crypto/sha256.hpp"

namespace dmaas::engine {

namespace {

// 41 bytes for each entry; far below the format's limit of 16 MiB.
constexpr std::size_t max_blobs_in_pack = 100'000;

}  // namespace

PackBuilder::PackBuilder(BlobType type, ByteBuffer buffer) {
  pack_.type = type;
  pack_.bytes = std::move(buffer);
  pack_.bytes.clear();
}

bool PackBuilder::is_beyond_format(std::size_t payload_bytes) const {
  return pack_.blobs.size() >= max_blobs_in_pack ||
         pack_.bytes.size() + payload_bytes + crypto::seal_overhead_bytes + max_pack_header_bytes >
             UINT32_MAX;
}

std::uint32_t PackBuilder::add(const BlobId& id, BytesView payload,
                               std::uint32_t uncompressed_length, crypto::Sealer& sealer) {
  const auto offset = static_cast<std::uint32_t>(pack_.bytes.size());
  sealer.seal(payload, pack_.bytes);
  const auto length = static_cast<std::uint32_t>(pack_.bytes.size() - offset);
  pack_.blobs.push_back({{pack_.type, id}, offset, length, uncompressed_length});
  return length;
}

void PackBuilder::absorb(PackBuilder&& other) {
  const auto shift = static_cast<std::uint32_t>(pack_.bytes.size());
  pack_.bytes.append(other.pack_.bytes);
  for (PackedBlob& blob : other.pack_.blobs) {
    blob.offset += shift;
    pack_.blobs.push_back(blob);
  }
}

SealedPack PackBuilder::finish(crypto::Sealer& sealer) && {
  const std::size_t header_start = pack_.bytes.size();
  sealer.seal(encode_pack_header(pack_.blobs), pack_.bytes);
  const auto length = static_cast<std::uint32_t>(pack_.bytes.size() - header_start);
  const auto field = pack_.bytes.extend(sizeof length);
  for (std::size_t i = 0; i < field.size(); ++i) {
    field[i] = static_cast<std::uint8_t>(length >> (8 * i));
  }
  pack_.id = PackId{crypto::sha256(pack_.bytes)};
  return std::move(pack_);
}

}  // namespace dmaas::engine
