#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <vector>

#include "base/file.hpp"
#include "base/result.hpp"
#include "engine/archive/progress.hpp"
#include "engine/format/node.hpp"
#include "engine/repository/repository.hpp"
#include "engine/restore/restore.hpp"

namespace dmaas::engine {

/// Something that content is written into. Called by one thread at a time.
class OutputFile {
public:
  enum class Opening { first, again };

  virtual ~OutputFile() = default;
  /// Whether it may hold the content already: it is compared, and only what differs is written.
  virtual bool holds_content() const { return false; }
  /// Open for reading and writing. Errors: exhausted ends the whole restore, any other this file
  /// only.
  virtual Result<FileDescriptor> open(Opening opening) = 0;
  /// Everything is written.
  virtual void complete(int fd) = 0;
  /// It stays incomplete. At most once, instead of `complete`.
  virtual void abandon(const Error& error) = 0;
};

/// Collects which blobs go where, then fetches them pack by pack and writes them with several
/// threads. Each blob is fetched once however often it is used. `add` and `write_all` are for one
/// thread.
class ContentWriter {
public:
  /// The plan counts as full at so many uses of blobs (of 96 bytes) or files (of about 600).
  static constexpr std::size_t max_planned_uses = 131'072;
  static constexpr std::size_t max_planned_files = 32'768;

  ContentWriter(Repository& repository, Holes holes, unsigned workers, Progress& progress);
  ~ContentWriter();

  /// Plans the content of `node`; a blob that the index does not know abandons the file.
  void add(std::unique_ptr<OutputFile> file, const Node& node);
  bool is_full() const;
  /// Writes what is planned and forgets it. Errors: cancelled, exhausted, and those of the store.
  Result<> write_all(std::stop_token stop);

private:
  struct Output;
  struct Use {
    BlobLocation location;
    BlobId blob;
    std::uint32_t output = 0;
    std::uint64_t offset = 0;
  };
  using Uses = std::span<const Use>;

  Result<> leave_out_what_is_there(std::stop_token stop);
  Result<> compare_some(std::vector<char>& is_there, std::stop_token stop);
  bool is_there(const Use& use, Bytes& buffer);
  Result<> run_worker(std::span<const Uses> packs, std::stop_token stop);
  Result<> write_pack(Uses uses, std::stop_token stop);
  Result<> write_one_by_one(Uses uses, std::stop_token stop);
  Result<> write_everywhere(Uses uses_of_one_blob, BytesView plain);
  Result<> write(Output& output, std::uint64_t offset, BytesView plain);
  Result<int> acquire(Output& output);
  void release(Output& output);
  void close_if_idle(Output& output, bool is_last);
  void abandon(Output& output, const Error& error);
  void write_empty(Output& output);

  Repository& repository_;
  const Holes holes_;
  const unsigned workers_;
  Progress& progress_;

  std::vector<Use> uses_;
  std::vector<std::unique_ptr<Output>> outputs_;
  std::atomic<std::size_t> next_compared_ = 0;
  std::atomic<std::size_t> next_pack_ = 0;
  std::atomic<std::size_t> next_output_ = 0;
  std::atomic<std::size_t> open_outputs_ = 0;
};

/// Writes `bytes` at `offset`; with Holes::make blocks of 4 KiB (of the file) that are zero are
/// left out. True when some were. Errors: those of pwrite(2).
Result<bool> write_at(int fd, std::uint64_t offset, BytesView bytes, Holes holes);

/// Writes those blocks of 4 KiB (of the file) that are not there yet; how many bytes that were.
/// Errors: those of pread(2) and pwrite(2).
Result<std::uint64_t> write_differences(int fd, std::uint64_t offset, BytesView bytes);

}  // namespace dmaas::engine
