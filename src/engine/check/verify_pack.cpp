#include "engine/check/verify_pack.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/sha256.hpp"

namespace dmaas::engine {
namespace {

constexpr std::uint64_t max_pack_bytes = 4ull << 30;

std::uint32_t read_little_endian(BytesView bytes) {
  return static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8 |
         static_cast<std::uint32_t>(bytes[2]) << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

}  // namespace

bool is_damage(const Error& error) {
  return error.code() == ErrorCode::corrupt || error.code() == ErrorCode::not_found ||
         error.code() == ErrorCode::unsupported;
}

PackVerifier::PackVerifier(Repository& repository)
    : repository_(repository), sealer_(repository.master_key()) {}

Result<std::uint64_t> PackVerifier::verify(const IndexPack& pack, std::stop_token stop) {
  stored_.clear();
  auto collect = [&](BytesView piece) -> Result<> {
    if (stored_.size() + piece.size() > max_pack_bytes)
      return fail(ErrorCode::corrupt, "larger than any pack");
    stored_.insert(stored_.end(), piece.begin(), piece.end());
    return {};
  };
  TRY(repository_.store().load(object_name(pack.id), {}, collect, stop));
  if (crypto::sha256(stored_) != pack.id.digest) {
    return fail(ErrorCode::corrupt, "its bytes do not hash to its name");
  }
  TRY(verify_header(pack));
  for (const auto& blob : pack.blobs) {
    if (stop.stop_requested()) return fail(ErrorCode::cancelled, "check stopped");
    TRY(verify_blob(blob).context("blob " + blob.handle.id.short_hex()));
  }
  return stored_.size();
}

Result<> PackVerifier::verify_header(const IndexPack& pack) {
  BytesView bytes = stored_;
  if (bytes.size() < pack_length_field_bytes) return fail(ErrorCode::corrupt, "too short");
  auto length = read_little_endian(bytes.last(pack_length_field_bytes));
  if (length > max_pack_header_bytes || length + pack_length_field_bytes > bytes.size()) {
    return fail(ErrorCode::corrupt, "length of its header is out of range");
  }
  auto sealed = bytes.subspan(bytes.size() - pack_length_field_bytes - length, length);
  TRY(sealer_.open(sealed, opened_).context("header"));
  auto listed = TRY(decode_pack_header(opened_));
  auto indexed = pack.blobs;
  std::ranges::sort(indexed, {}, &PackedBlob::offset);
  if (listed != indexed) return fail(ErrorCode::corrupt, "its header and the index disagree");
  return {};
}

Result<> PackVerifier::verify_blob(const PackedBlob& blob) {
  if (std::uint64_t{blob.offset} + blob.length > stored_.size()) {
    return fail(ErrorCode::corrupt, "lies beyond the end of the pack");
  }
  TRY(sealer_.open(BytesView(stored_).subspan(blob.offset, blob.length), opened_));
  BytesView plain = opened_;
  if (blob.uncompressed_length != 0) {
    TRY(decompressor_.decompress(opened_, blob.uncompressed_length, plain_));
    plain = plain_;
  }
  if (crypto::sha256(plain) != blob.handle.id.digest)
    return fail(ErrorCode::corrupt, "content does not match its id");
  return {};
}

}  // namespace dmaas::engine
