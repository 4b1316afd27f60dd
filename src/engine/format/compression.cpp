#include "engine/format/compression.hpp"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>

namespace dmaas::engine {

struct Compressor::Context {
  ZSTD_CCtx* zstd = ZSTD_createCCtx();
  ~Context() { ZSTD_freeCCtx(zstd); }
};

Compressor::Compressor(int level) : context_(std::make_unique<Context>()) {
  ENSURE(!ZSTD_isError(ZSTD_CCtx_setParameter(context_->zstd, ZSTD_c_compressionLevel, level)));
}
Compressor::~Compressor() = default;
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;

void Compressor::compress(BytesView plain, Bytes& out) {
  out.resize(ZSTD_compressBound(plain.size()));
  const std::size_t size =
      ZSTD_compress2(context_->zstd, out.data(), out.size(), plain.data(), plain.size());
  ENSURE(!ZSTD_isError(size));  // cannot happen: the buffer holds the bound
  out.resize(size);
}

struct Decompressor::Context {
  ZSTD_DCtx* zstd = ZSTD_createDCtx();
  ~Context() { ZSTD_freeDCtx(zstd); }
};

Decompressor::Decompressor() : context_(std::make_unique<Context>()) {}
Decompressor::~Decompressor() = default;
Decompressor::Decompressor(Decompressor&&) noexcept = default;
Decompressor& Decompressor::operator=(Decompressor&&) noexcept = default;

Result<> Decompressor::decompress(BytesView frames, std::uint64_t size, Bytes& out) {
  out.resize(size);
  const std::size_t got =
      ZSTD_decompressDCtx(context_->zstd, out.data(), out.size(), frames.data(), frames.size());
  if (ZSTD_isError(got) || got != size) {
    return fail(ErrorCode::corrupt, "compressed data does not give what its length says");
  }
  return {};
}

Result<> Decompressor::decompress_unsized(BytesView frames, std::uint64_t max_bytes, Bytes& out) {
  const auto stated = ZSTD_getFrameContentSize(frames.data(), frames.size());
  if (stated == ZSTD_CONTENTSIZE_ERROR) return fail(ErrorCode::corrupt, "no compressed data");
  const auto too_large = [&] {
    return fail(ErrorCode::exhausted, fmt::format("decompresses to more than {} bytes", max_bytes));
  };
  if (stated != ZSTD_CONTENTSIZE_UNKNOWN) {
    return stated > max_bytes ? too_large() : decompress(frames, stated, out);
  }
  ZSTD_DCtx_reset(context_->zstd, ZSTD_reset_session_only);
  ZSTD_inBuffer input{frames.data(), frames.size(), 0};
  out.clear();
  for (std::size_t pending = 1; pending != 0;) {
    const std::size_t done = out.size();
    out.resize(done + std::max<std::size_t>(ZSTD_DStreamOutSize(), done / 2));
    ZSTD_outBuffer output{out.data() + done, out.size() - done, 0};
    pending = ZSTD_decompressStream(context_->zstd, &output, &input);
    out.resize(done + output.pos);
    bool is_stuck = pending != 0 && input.pos == input.size && output.pos == 0;
    if (ZSTD_isError(pending) || is_stuck) {
      return fail(ErrorCode::corrupt, "compressed data is damaged or cut off");
    }
    if (out.size() > max_bytes) return too_large();
  }
  return {};
}

namespace {

constexpr std::uint8_t compressed_marker = 0x02;
constexpr std::uint64_t max_unpacked_bytes = 2ULL << 30;
constexpr int unpacked_level = 3;  // few bytes, read often

}  // namespace

Bytes encode_unpacked(std::string_view json, unsigned repository_version) {
  if (repository_version < 2) return copy_of(bytes_of(json));
  Bytes frame;
  Compressor(unpacked_level).compress(bytes_of(json), frame);
  frame.insert(frame.begin(), compressed_marker);
  return frame;
}

Result<std::string> decode_unpacked(BytesView plain) {
  if (plain.empty()) return fail(ErrorCode::corrupt, "the file is empty");
  const std::uint8_t first = plain.front();
  if (first == '{' || first == '[') return std::string(text_of(plain));
  if (first != compressed_marker) {
    return fail(ErrorCode::unsupported,
                fmt::format("the file begins with byte 0x{:02x}, which this version does not know; "
                            "use a newer one",
                            first));
  }
  Bytes text;
  TRY(Decompressor().decompress_unsized(plain.subspan(1), max_unpacked_bytes, text));
  return std::string(text_of(text));
}

}  // namespace dmaas::engine
