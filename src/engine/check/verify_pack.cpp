#include "engine/check/verify_pack.hpp"

#include <algorithm>
#include <string_view>

namespace dmaas::engine {
namespace {

constexpr std::uint64_t max_pack_bytes = 4ull << 30;
constexpr std::string_view contradiction = "its header and the index disagree";

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
  hash_ = {};
  indexed_ = pack.blobs;
  std::ranges::sort(indexed_, {}, &PackedBlob::offset);
  next_ = 0;
  size_bytes_ = 0;
  pending_.clear();
  damage_.reset();
  auto take_piece = [this](BytesView piece) { return take(piece); };
  TRY(repository_.store().load(object_name(pack.id), {}, take_piece, stop));
  if (hash_.finish() != pack.id.digest) {
    return fail(ErrorCode::corrupt, "its bytes do not hash to its name");
  }
  if (damage_) return fail(std::move(*damage_));
  TRY(verify_header());
  return size_bytes_;
}

/// The next bytes of the pack. Damage is told when all of it is hashed: a wrong hash says more.
Result<> PackVerifier::take(BytesView piece) {
  hash_.update(piece);
  std::uint64_t position = size_bytes_;
  size_bytes_ += piece.size();
  if (size_bytes_ > max_pack_bytes) return fail(ErrorCode::corrupt, "larger than any pack");
  while (!piece.empty() && !damage_) {
    auto taken = take_part(piece, position);
    if (!taken) {
      damage_ = std::move(taken).error();
      return {};
    }
    position += *taken;
    piece = piece.subspan(*taken);
  }
  return {};
}

/// How much of `piece`, which begins at `position`, belongs to what comes next: blob or header.
Result<std::size_t> PackVerifier::take_part(BytesView piece, std::uint64_t position) {
  const bool is_header = next_ == indexed_.size();
  const std::size_t whole = is_header ? max_pack_header_bytes + pack_length_field_bytes
                                      : std::size_t{indexed_[next_].length};
  if (!is_header && indexed_[next_].offset != position - pending_.size()) {
    return fail(ErrorCode::corrupt, std::string(contradiction));
  }
  const std::size_t length = std::min(piece.size(), whole - pending_.size());
  if (length == 0) return fail(ErrorCode::corrupt, std::string(contradiction));
  const BytesView part = piece.first(length);
  // Mostly a blob is not within one piece; one that is need not be copied.
  BytesView stored = part;
  if (is_header || length < whole) {
    pending_.append(part);
    stored = pending_;
  }
  if (is_header || stored.size() < whole) return length;
  const PackedBlob& blob = indexed_[next_++];
  TRY(verify_blob(blob, stored).context("blob " + blob.handle.id.short_hex()));
  pending_.clear();
  return length;
}

Result<> PackVerifier::verify_header() {
  BytesView bytes = pending_;
  if (next_ < indexed_.size() || bytes.size() < pack_length_field_bytes) {
    return fail(ErrorCode::corrupt, "too short");
  }
  auto sealed = bytes.first(bytes.size() - pack_length_field_bytes);
  if (read_little_endian(bytes.last(pack_length_field_bytes)) != sealed.size()) {
    return fail(ErrorCode::corrupt, std::string(contradiction));
  }
  TRY(sealer_.open(sealed, opened_).context("header"));
  auto listed = TRY(decode_pack_header(opened_));
  if (listed != indexed_) return fail(ErrorCode::corrupt, std::string(contradiction));
  return {};
}

Result<> PackVerifier::verify_blob(const PackedBlob& blob, BytesView stored) {
  TRY(sealer_.open(stored, opened_));
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
