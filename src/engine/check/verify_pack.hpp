#pragma once

#include <cstdint>
#include <stop_token>

#include "crypto/seal.hpp"
#include "engine/format/compression.hpp"
#include "engine/format/index_file.hpp"
#include "engine/repository/repository.hpp"

namespace dmaas::engine {

/// Whether an error says that stored bytes are damaged, rather than that they could not be had now.
bool is_damage(const Error& error);

/// Reads whole packs and compares them with what the index says. Holds one pack and one blob in
/// memory. Used by one thread.
class PackVerifier {
public:
  explicit PackVerifier(Repository& repository);

  /// Bytes read. Errors: corrupt (the message says what), not_found, and those of the store.
  Result<std::uint64_t> verify(const IndexPack& pack, std::stop_token stop);

private:
  Result<> verify_header(const IndexPack& pack);
  Result<> verify_blob(const PackedBlob& blob);

  Repository& repository_;
  crypto::Sealer sealer_;
  Decompressor decompressor_;
  Bytes stored_;
  Bytes opened_;
  Bytes plain_;
};

}  // namespace dmaas::engine
