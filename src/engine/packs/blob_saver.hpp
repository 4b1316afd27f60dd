#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>

#include "base/byte_buffer.hpp"
#include "base/result.hpp"
#include "engine/format/blob.hpp"

namespace dmaas::engine {

struct SavedBlob {
  BlobId id;
  bool is_new = false;             // false: the repository (or this run) has it already
  std::uint32_t stored_bytes = 0;  // 0 unless new
};

/// Called on a worker thread, or on the caller's; must be short and must not call the saver.
using SavedCallback = std::move_only_function<void(const SavedBlob&)>;

/// Where blobs go. Thread-safe; for any number of calling threads.
///
/// The first failure (of an upload, say) is final: every later call returns it, and callbacks of
/// blobs still queued are dropped uncalled. A blob counts as stored only after a successful flush.
class BlobSaver {
public:
  virtual ~BlobSaver() = default;

  /// Hashes, deduplicates, compresses, seals and packs on the calling thread. Blocks while the
  /// upload queue is full. Errors: cancelled, and those of ObjectStore::save; exhausted (a blob of
  /// 4 GiB or more).
  virtual Result<SavedBlob> save(BlobType type, BytesView plain, std::stop_token stop) = 0;

  /// The same on the workers: for one large file whose reader should not wait. Blocks while the
  /// queue is full.
  virtual Result<> submit(BlobType type, ByteBuffer plain, SavedCallback done,
                          std::stop_token stop) = 0;

  /// An empty buffer for `submit` with capacity from earlier blobs where there is one.
  virtual ByteBuffer take_buffer() = 0;

  /// Waits for everything submitted, uploads open packs, saves the index. May be called again and
  /// again.
  virtual Result<> flush(std::stop_token stop) = 0;
};

}  // namespace dmaas::engine
