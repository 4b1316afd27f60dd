#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

#include "crypto/seal.hpp"
#include "crypto/sha256.hpp"
#include "engine/format/compression.hpp"
#include "engine/format/index_file.hpp"
#include "engine/repository/repository.hpp"

namespace dmaas::engine {

/// Whether an error says that stored bytes are damaged, rather than that they could not be had now.
bool is_damage(const Error& error);

/// Reads whole packs and compares them with what the index says. Holds one blob in memory, and the
/// header. Used by one thread.
class PackVerifier {
public:
  explicit PackVerifier(Repository& repository);

  /// Bytes read. Errors: corrupt (the message says what), not_found, and those of the store.
  Result<std::uint64_t> verify(const IndexPack& pack, std::stop_token stop);

private:
  Result<> take(BytesView piece);
  Result<std::size_t> take_part(BytesView piece, std::uint64_t position);
  Result<> verify_blob(const PackedBlob& blob, BytesView stored);
  Result<> verify_header();

  Repository& repository_;
  crypto::Sealer sealer_;
  crypto::Sha256 hash_;
  Decompressor decompressor_;
  ByteBuffer opened_;
  ByteBuffer plain_;

  // Of the pack that is read.
  std::vector<PackedBlob> indexed_;  // by offset
  std::size_t next_ = 0;             // of these; all: what comes is the header
  std::uint64_t size_bytes_ = 0;     // so far
  ByteBuffer pending_;               // of the next blob, or of the header
  std::optional<Error> damage_;      // the first one; the rest is hashed only
};

}  // namespace dmaas::engine
