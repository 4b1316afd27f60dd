#pragma once

#include <atomic>
#include <cstdint>

#include "engine/packs/blob_saver.hpp"

namespace dmaas::engine {

/// Counts of one backup, as the snapshot's summary has them. Thread-safe.
struct BackupCounters {
  using Count = std::atomic<std::uint64_t>;

  Count files_new = 0;
  Count files_changed = 0;
  Count files_unmodified = 0;
  Count dirs_new = 0;
  Count dirs_changed = 0;
  Count dirs_unmodified = 0;
  Count other_entries = 0;
  Count data_blobs = 0;
  Count tree_blobs = 0;
  Count data_bytes_added = 0;
  Count tree_bytes_added = 0;
  Count bytes_stored = 0;
  Count bytes_processed = 0;

  void count_blob(BlobType type, const SavedBlob& saved, std::uint64_t plain_bytes) {
    if (!saved.is_new) return;
    (type == BlobType::data ? data_blobs : tree_blobs) += 1;
    (type == BlobType::data ? data_bytes_added : tree_bytes_added) += plain_bytes;
    bytes_stored += saved.stored_bytes;
  }
};

}  // namespace dmaas::engine
