#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "base/result.hpp"
#include "engine/archive/backup_counters.hpp"
#include "engine/archive/progress.hpp"
#include "engine/chunking/chunker.hpp"
#include "engine/packs/blob_saver.hpp"
#include "engine/sources/source.hpp"

namespace dmaas::engine {

/// The content of one file as stored.
struct StoredContent {
  std::vector<BlobId> blobs;
  std::uint64_t size_bytes = 0;
  ContentState state = ContentState::stable;
  /// The source failed: the rest says nothing.
  std::optional<Error> source_error;
};

/// How content is cut.
struct CuttingRule {
  const Chunker& chunker;
  enum class Holes {
    cut_around,    // a large hole begins a chunk and becomes repetitions of one chunk of zeros,
                   // unread and unhashed
    as_zeros,      // boundaries are as if the zeros were data: restic's own
    whole_blocks,  // fixed blocks: boundaries stay where they are
  };
  Holes holes = Holes::as_zeros;
};

/// Reads streams, cuts them into chunks and stores those. One per reading thread: it keeps a buffer
/// for one chunk. Small files are stored on the calling thread, large ones by the
/// saver's workers.
class ContentStorer {
public:
  ContentStorer(BlobSaver& saver, CuttingRule rule, std::shared_ptr<BackupCounters> counters,
                Progress& progress);
  ~ContentStorer();

  /// The whole stream, `finish` of it included. `expected_bytes`: a guess.
  /// Errors: only those of the saver, and cancelled.
  Result<StoredContent> store(FileStream& stream, std::uint64_t expected_bytes,
                              std::stop_token stop);

private:
  class PendingIds;

  Result<std::optional<Error>> read_all(FileStream& stream);
  Result<> add_hole(std::uint64_t length);
  Result<> add_zeros(std::uint64_t length);
  Result<> cut_ready();
  Result<> cut_rest();
  Result<> store_first(std::size_t length);
  Result<> store_zero_chunk();
  Result<> store_here(BytesView chunk);
  Result<> store_on_workers(ByteBuffer chunk);

  BlobSaver& saver_;
  const CuttingRule rule_;
  const std::shared_ptr<BackupCounters>
      counters_;  // shared with callbacks, which may outlive a stopped backup
  Progress& progress_;
  const std::size_t max_chunk_bytes_;

  ByteBuffer buffer_;                 // since the last cut
  Chunker::Scan scan_;                // for the next one
  std::optional<BlobId> zero_chunk_;  // the id of max_chunk_bytes_ zeros, once stored

  // Of the file being stored.
  std::shared_ptr<PendingIds> ids_;
  std::uint64_t size_bytes_ = 0;
  bool is_large_ = false;
  std::stop_token stop_;
};

}  // namespace dmaas::engine
