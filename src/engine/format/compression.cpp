#include "engine/format/compression.hpp"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>

namespace dmaas::engine {

namespace {

// With tables as large as those of level 4, large blobs become 0.4 % smaller for a tenth more
// processor time; what else level 4 does costs twice that and gives half as much again.
constexpr int level_with_larger_tables = 3;
constexpr std::size_t large_blob_bytes = 256 << 10;
constexpr int table_log = 18;

}  // namespace

struct Compressor::Context {
  explicit Context(int compression_level) : level(compression_level) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  void set(ZSTD_cParameter parameter, int value) {
    ENSURE(!ZSTD_isError(ZSTD_CCtx_setParameter(zstd, parameter, value)));
  }

  const int level;
  ZSTD_CCtx* zstd = ZSTD_createCCtx();
  // Not initialised: only the pages that frames reach are ever touched.
  std::unique_ptr<std::uint8_t[]> frame;
  std::size_t capacity = 0;

  ~Context() { ZSTD_freeCCtx(zstd); }
};

Compressor::Compressor(int level) : context_(std::make_unique<Context>(level)) {
  context_->set(ZSTD_c_compressionLevel, level);
}
Compressor::~Compressor() = default;
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;

BytesView Compressor::compress(BytesView plain) {
  Context& context = *context_;
  const std::size_t bound = ZSTD_compressBound(plain.size());
  if (context.capacity < bound) {
    context.frame = std::make_unique_for_overwrite<std::uint8_t[]>(bound);
    context.capacity = bound;
  }
  if (context.level == level_with_larger_tables) {
    const int log = plain.size() > large_blob_bytes ? table_log : 0;
    context.set(ZSTD_c_hashLog, log);
    context.set(ZSTD_c_chainLog, log);
  }
  const std::size_t size = ZSTD_compress2(context.zstd, context.frame.get(), context.capacity,
                                          plain.data(), plain.size());
  ENSURE(!ZSTD_isError(size));  // cannot happen: the buffer holds the bound
  return {context.frame.get(), size};
}

struct Decompressor::Context {
  ZSTD_DCtx* zstd = ZSTD_createDCtx();
  ~Context() { ZSTD_freeDCtx(zstd); }
};

Decompressor::Decompressor() : context_(std::make_unique<Context>()) {}
Decompressor::~Decompressor() = default;
Decompressor::Decompressor(Decompressor&&) noexcept = default;
Decompressor& Decompressor::operator=(Decompressor&&) noexcept = default;

namespace {

// What the JSON parser wants behind a text; reserved here, it need not copy the text.
constexpr std::size_t parser_padding_bytes = 64;

Result<> decompress_exactly(ZSTD_DCtx* context, BytesView frames, std::span<std::uint8_t> out) {
  const std::size_t got =
      ZSTD_decompressDCtx(context, out.data(), out.size(), frames.data(), frames.size());
  if (ZSTD_isError(got) || got != out.size()) {
    return fail(ErrorCode::corrupt, "compressed data does not give what its length says");
  }
  return {};
}

}  // namespace

Result<> Decompressor::decompress(BytesView frames, std::uint64_t size, ByteBuffer& out) {
  out.clear();
  return decompress_exactly(context_->zstd, frames, out.extend(size));
}

Result<> Decompressor::decompress_unsized(BytesView frames, std::uint64_t max_bytes,
                                          std::string& out) {
  const auto stated = ZSTD_getFrameContentSize(frames.data(), frames.size());
  if (stated == ZSTD_CONTENTSIZE_ERROR) return fail(ErrorCode::corrupt, "no compressed data");
  const auto too_large = [&] {
    return fail(ErrorCode::exhausted, fmt::format("decompresses to more than {} bytes", max_bytes));
  };
  if (stated != ZSTD_CONTENTSIZE_UNKNOWN) {
    if (stated > max_bytes) return too_large();
    out.reserve(stated + parser_padding_bytes);
    out.resize(stated);
    return decompress_exactly(context_->zstd, frames,
                              {reinterpret_cast<std::uint8_t*>(out.data()), out.size()});
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
  Compressor compressor{unpacked_level};
  const BytesView frame = compressor.compress(bytes_of(json));
  Bytes encoded;
  encoded.reserve(1 + frame.size());
  encoded.push_back(compressed_marker);
  encoded.insert(encoded.end(), frame.begin(), frame.end());
  return encoded;
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
  std::string text;
  TRY(Decompressor().decompress_unsized(plain.subspan(1), max_unpacked_bytes, text));
  return text;
}

}  // namespace dmaas::engine
