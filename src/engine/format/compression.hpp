#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/byte_buffer.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"

namespace dmaas::engine {

/// zstd with a context that is reused: one per thread, used by one thread at a time.
class Compressor {
public:
  /// `level` as in zstd, 1 to 19.
  explicit Compressor(int level);
  ~Compressor();
  Compressor(Compressor&&) noexcept;
  Compressor& operator=(Compressor&&) noexcept;

  /// One frame with its content size in it and without checksum; valid until the next call.
  BytesView compress(BytesView plain);

private:
  struct Context;
  std::unique_ptr<Context> context_;
};

class Decompressor {
public:
  Decompressor();
  ~Decompressor();
  Decompressor(Decompressor&&) noexcept;
  Decompressor& operator=(Decompressor&&) noexcept;

  /// Replaces `out` by exactly `size` bytes. Errors: corrupt (no zstd, or another size).
  Result<> decompress(BytesView frames, std::uint64_t size, ByteBuffer& out);
  /// For frames of unknown content size. Errors: corrupt, exhausted (over `max_bytes`).
  Result<> decompress_unsized(BytesView frames, std::uint64_t max_bytes, std::string& out);

private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// Index, snapshot and lock files are JSON, in format version 2 behind a 0x02 byte and compressed;
/// then sealed.
Bytes encode_unpacked(std::string_view json, unsigned repository_version);
/// Errors: corrupt, unsupported (a leading byte that a newer format defined), exhausted (over 2
/// GiB).
Result<std::string> decode_unpacked(BytesView plain);

}  // namespace dmaas::engine
