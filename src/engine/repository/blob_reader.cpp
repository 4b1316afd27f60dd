#include "engine/repository/blob_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/sha256.hpp"
#include "engine/format/compression.hpp"
#include "engine/repository/stored_files.hpp"

namespace dmaas::engine {

namespace {

// Reading over a small gap is cheaper than another request.
constexpr std::uint32_t max_gap_bytes = 1 << 20;

bool is_damage(ErrorCode code) {
  return code == ErrorCode::corrupt || code == ErrorCode::not_found;
}

// End of the longest run from `begin` that one read serves.
std::size_t end_of_run(const std::vector<PackedBlob>& blobs, std::size_t begin) {
  std::size_t end = begin + 1;
  while (end < blobs.size()) {
    const std::uint64_t previous_end = std::uint64_t{blobs[end - 1].offset} + blobs[end - 1].length;
    if (blobs[end].offset > previous_end + max_gap_bytes) break;
    ++end;
  }
  return end;
}

}  // namespace

struct BlobReader::Tools {
  explicit Tools(const MasterKey& key) : sealer(key) {}

  // The view is valid until the next call.
  Result<BytesView> decode(const PackedBlob& blob, BytesView stored) {
    TRY(sealer.open(stored, opened));
    BytesView content = opened;
    if (blob.uncompressed_length != 0) {
      TRY(decompressor.decompress(opened, blob.uncompressed_length, plain));
      content = plain;
    }
    if (crypto::sha256(content) != blob.handle.id.digest) {
      return fail(ErrorCode::corrupt, "the content does not hash to the blob's id");
    }
    return content;
  }

  crypto::Sealer sealer;
  Decompressor decompressor;
  ByteBuffer sealed;
  ByteBuffer opened;
  ByteBuffer plain;
};

class BlobReader::Lease {
public:
  explicit Lease(BlobReader& reader) : reader_(reader) {
    {
      std::lock_guard lock{reader.mutex_};
      if (!reader.idle_.empty()) {
        tools_ = std::move(reader.idle_.back());
        reader.idle_.pop_back();
      }
    }
    if (!tools_) tools_ = std::make_unique<Tools>(reader.key_);
  }
  ~Lease() {
    std::lock_guard lock{reader_.mutex_};
    reader_.idle_.push_back(std::move(tools_));
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  Tools* operator->() const { return tools_.get(); }

private:
  BlobReader& reader_;
  std::unique_ptr<Tools> tools_;
};

BlobReader::BlobReader(storage::ObjectStore& store, const MasterKey& key, const BlobIndex& index)
    : store_(store), key_(key), index_(index), tree_blocks_(store, index) {}
BlobReader::~BlobReader() = default;

Result<Bytes> BlobReader::load_blob(const BlobHandle& handle, std::stop_token stop) {
  Error last{ErrorCode::not_found,
             fmt::format("blob {} is not in the index", handle.id.short_hex())};
  for (const BlobLocation& at : index_.find_all(handle)) {
    const PackedBlob blob{handle, at.offset, at.length, at.uncompressed_length};
    Lease tools{*this};
    auto sealed = load_sealed(blob, at.pack, stop);
    auto plain = sealed ? tools->decode(blob, *sealed) : Result<BytesView>(fail(sealed.error()));
    if (plain) return copy_of(*plain);
    last = std::move(plain).error().context(
        fmt::format("blob {} in pack {}", handle.id.short_hex(), at.pack.short_hex()));
    if (!is_damage(last.code())) break;
    // A pack that is gone is damage, too: the index promised it.
    last = Error(ErrorCode::corrupt, last.message());
  }
  return fail(std::move(last));
}

Result<Bytes> BlobReader::load_sealed(const PackedBlob& blob, const PackId& pack,
                                      std::stop_token stop) {
  if (blob.handle.type == BlobType::tree) {
    auto sealed = tree_blocks_.read(pack, blob.offset, blob.length, stop);
    // Damage elsewhere in the block does not concern this blob.
    if (sealed || !is_damage(sealed.code())) return sealed;
  }
  return store_.load_range(object_name(pack), blob.offset, blob.length, stop);
}

Result<> BlobReader::load_blobs(const PackId& pack, std::span<const PackedBlob> blobs,
                                const BlobSink& each, std::stop_token stop) {
  std::vector<PackedBlob> sorted(blobs.begin(), blobs.end());
  std::ranges::sort(sorted, {}, &PackedBlob::offset);
  for (std::size_t begin = 0; begin < sorted.size();) {
    const std::size_t end = end_of_run(sorted, begin);
    TRY(load_run(pack, std::span{sorted}.subspan(begin, end - begin), each, stop));
    begin = end;
  }
  return {};
}

/// Cuts a stream of pack bytes into the blobs of a run.
class BlobReader::RunDecoder {
public:
  RunDecoder(BlobReader& reader, std::span<const PackedBlob> run, const BlobSink& each,
             std::stop_token stop)
      : reader_(reader), run_(run), each_(each), stop_(std::move(stop)), tools_(reader) {
    tools_->sealed.clear();
  }

  Result<> take(BytesView piece) {
    while (done_ < run_.size() && !piece.empty()) {
      const PackedBlob& blob = run_[done_];
      ByteBuffer& sealed = tools_->sealed;
      if (sealed.empty() && blob.offset < position()) {
        // Overlaps the blob before: a wrong index.
        TRY(finish(fail(ErrorCode::corrupt, "blobs overlap")));
        continue;
      }
      piece = skip_gap(piece, blob.offset + sealed.size());
      const std::size_t part = std::min<std::size_t>(blob.length - sealed.size(), piece.size());
      sealed.append(piece.first(part));
      piece = piece.subspan(part);
      consumed_ += part;
      if (sealed.size() == blob.length) TRY(finish(tools_->decode(blob, sealed)));
    }
    return {};
  }

  /// What the stream did not give is looked for in other packs.
  Result<> take_rest_elsewhere() {
    while (done_ < run_.size()) TRY(finish(fail(ErrorCode::corrupt, "the pack is damaged")));
    return {};
  }

  /// An error that no reading can mend: of the consumer, or of a blob that has no good copy.
  const std::optional<Error>& final_error() const { return final_error_; }

private:
  std::uint64_t position() const { return run_.front().offset + consumed_; }

  BytesView skip_gap(BytesView piece, std::uint64_t wanted) {
    const auto skipped = std::min<std::uint64_t>(wanted - position(), piece.size());
    consumed_ += skipped;
    return piece.subspan(skipped);
  }

  Result<> finish(const Result<BytesView>& plain) {
    const PackedBlob& blob = run_[done_++];
    auto taken = plain ? each_(blob, *plain) : take_elsewhere(blob);
    tools_->sealed.clear();
    if (!taken) final_error_ = taken.error();
    return taken;
  }

  Result<> take_elsewhere(const PackedBlob& blob) {
    const Bytes plain = TRY(reader_.load_blob(blob.handle, stop_));
    return each_(blob, plain);
  }

  BlobReader& reader_;
  const std::span<const PackedBlob> run_;
  const BlobSink& each_;
  const std::stop_token stop_;
  Lease tools_;
  std::size_t done_ = 0;
  std::uint64_t consumed_ = 0;
  std::optional<Error> final_error_;
};

Result<> BlobReader::load_run(const PackId& pack, std::span<const PackedBlob> run,
                              const BlobSink& each, std::stop_token stop) {
  RunDecoder decoder{*this, run, each, stop};
  const std::uint64_t begin = run.front().offset;
  const std::uint64_t end = std::uint64_t{run.back().offset} + run.back().length;
  auto take = [&](BytesView piece) { return decoder.take(piece); };
  auto loaded = store_.load(object_name(pack), {begin, end - begin}, take, stop);
  if (decoder.final_error()) return fail(*decoder.final_error());
  if (loaded || !is_damage(loaded.code())) return loaded;
  return decoder.take_rest_elsewhere();
}

}  // namespace dmaas::engine
