#include "engine/chunking/chunker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "crypto/sha256.hpp"

namespace dmaas::engine {
namespace {

constexpr std::uint64_t polynomial = 0x3DA3358B4DC173;

// SHA-256 of 0, 1, 2, … as little-endian u64: the same bytes in any language.
Bytes reproducible_bytes(std::size_t size) {
  Bytes bytes;
  for (std::uint64_t counter = 0; bytes.size() < size; ++counter) {
    std::array<std::uint8_t, 8> text;
    std::memcpy(text.data(), &counter, sizeof counter);
    const Digest digest = crypto::sha256(text);
    bytes.insert(bytes.end(), digest.begin(), digest.end());
  }
  bytes.resize(size);
  return bytes;
}

std::vector<std::size_t> cut_all(const Chunker& chunker, BytesView data) {
  std::vector<std::size_t> lengths;
  while (!data.empty()) {
    lengths.push_back(chunker.cut(data.first(std::min(data.size(), chunker.max_bytes()))));
    data = data.subspan(lengths.back());
  }
  return lengths;
}

std::set<Digest> chunk_ids(const Chunker& chunker, BytesView data) {
  std::set<Digest> ids;
  for (std::size_t length : cut_all(chunker, data)) {
    ids.insert(crypto::sha256(data.first(length)));
    data = data.subspan(length);
  }
  return ids;
}

MasterKey key_of(std::uint8_t byte) {
  MasterKey key;
  key.encrypt.fill(byte);
  key.mac_k.fill(byte);
  key.mac_r.fill(byte);
  return key;
}

Bytes gear_of_key(std::uint8_t byte) {
  return derive_gear(key_of(byte));
}

// Lengths computed by github.com/restic/chunker v0.4.0.
TEST(RabinChunkerTest, CutsWhereResticCuts) {
  const std::vector<std::size_t> golden{
      1015968, 1087132, 693439,  2344058, 903280, 1709091, 1791277, 1802453, 1190352, 528291,
      868679,  1105126, 1847403, 1069115, 789535, 691238,  1662910, 569729,  3496748};
  EXPECT_EQ(cut_all(*make_rabin_chunker(polynomial), reproducible_bytes(24 << 20)), golden);
}

TEST(RabinChunkerTest, CutsZerosAtTheMinimum) {
  const Bytes zeros(4 * (512 << 10));
  EXPECT_EQ(cut_all(*make_rabin_chunker(polynomial), zeros),
            std::vector<std::size_t>(4, 512 << 10));
}

TEST(FastCdcChunkerTest, KeepsItsBounds) {
  const auto lengths = cut_all(*make_fastcdc_chunker(gear_of_key(1)), reproducible_bytes(16 << 20));
  for (std::size_t i = 0; i + 1 < lengths.size(); ++i) {
    EXPECT_GE(lengths[i], 512U << 10);
    EXPECT_LE(lengths[i], 8U << 20);
  }
  const std::size_t mean = (16U << 20) / lengths.size();
  EXPECT_GT(mean, 900U << 10);
  EXPECT_LT(mean, 1700U << 10);
}

TEST(FastCdcChunkerTest, CutsSameContentBehindAnInsertionAlike) {
  const auto chunker = make_fastcdc_chunker(gear_of_key(1));
  const Bytes original = reproducible_bytes(12 << 20);
  Bytes changed = original;
  changed.insert(changed.begin() + (4 << 20), {1, 2, 3});
  const auto before = chunk_ids(*chunker, original);
  std::size_t fresh = 0;
  for (const Digest& id : chunk_ids(*chunker, changed)) fresh += before.contains(id) ? 0 : 1;
  EXPECT_GE(fresh, 1U);
  EXPECT_LE(fresh, 3U);
}

TEST(FastCdcChunkerTest, CutsElsewhereUnderAnotherKey) {
  const Bytes data = reproducible_bytes(4 << 20);
  EXPECT_NE(cut_all(*make_fastcdc_chunker(gear_of_key(1)), data),
            cut_all(*make_fastcdc_chunker(gear_of_key(2)), data));
}

// Repositories live longer than programs: other cuts would store everything again.
TEST(FastCdcChunkerTest, NeverChangesItsCuts) {
  const std::vector<std::size_t> golden{565153,  765123,  1097801, 1598762,
                                        2127622, 1133792, 1100355};
  EXPECT_EQ(cut_all(*make_fastcdc_chunker(gear_of_key(1)), reproducible_bytes(8 << 20)), golden);
}

// A reader hands over what has come so far.
std::vector<std::size_t> cut_piece_by_piece(const Chunker& chunker, BytesView data,
                                            std::size_t piece) {
  std::vector<std::size_t> lengths;
  Chunker::Scan scan;
  for (std::size_t known = 0; !data.empty();) {
    known = std::min(known + piece, data.size());
    std::size_t length = chunker.find_cut(data.first(known), scan);
    if (length == 0 && known == data.size()) length = known;
    if (length == 0) continue;
    lengths.push_back(length);
    data = data.subspan(length);
    known -= length;
    scan = {};
  }
  return lengths;
}

TEST(ChunkerTest, CutsInPiecesAsItCutsTheWhole) {
  Bytes data = reproducible_bytes(12 << 20);
  data.insert(data.begin() + 1'000'000, 9 << 20, 7);  // without a cut of its own
  for (const auto& chunker : {make_rabin_chunker(polynomial), make_fastcdc_chunker(gear_of_key(1)),
                              make_fixed_chunker(4 << 20)}) {
    const auto expected = cut_all(*chunker, data);
    for (const std::size_t piece : {std::size_t{4'099}, std::size_t{256} << 10})
      EXPECT_EQ(cut_piece_by_piece(*chunker, data, piece), expected);
  }
}

TEST(FixedChunkerTest, CutsBlocksAndTheRest) {
  const Bytes data(10);
  EXPECT_EQ(cut_all(*make_fixed_chunker(4), data), (std::vector<std::size_t>{4, 4, 2}));
}

TEST(ChunkerTest, CutsByTheTableOfTheConfigBeforeThatOfTheKey) {
  const Bytes data = reproducible_bytes(8 << 20);
  Config config;
  config.chunker = ChunkerKind::fastcdc;
  config.gear = gear_of_key(1);
  EXPECT_EQ(cut_all(*make_chunker(config, key_of(2)), data),
            cut_all(*make_fastcdc_chunker(gear_of_key(1)), data));
}

TEST(ChunkerTest, ShortDataIsOneChunkForEveryKind) {
  const Bytes data = reproducible_bytes(1000);
  for (ChunkerKind kind : {ChunkerKind::rabin, ChunkerKind::fastcdc}) {
    Config config;
    config.chunker_polynomial = polynomial;
    config.chunker = kind;
    EXPECT_EQ(cut_all(*make_chunker(config, key_of(1)), data), (std::vector<std::size_t>{1000}));
  }
}

}  // namespace
}  // namespace dmaas::engine
