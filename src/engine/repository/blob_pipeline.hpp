#pragma once

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/bounded_queue.hpp"
#include "base/clock.hpp"
#include "base/task_group.hpp"
#include "engine/format/index_file.hpp"
#include "engine/index/blob_index.hpp"
#include "engine/packs/blob_saver.hpp"
#include "engine/packs/pack_builder.hpp"
#include "engine/repository/stored_files.hpp"
#include "storage/object_store.hpp"

namespace dmaas::engine {

struct PipelineOptions {
  unsigned repository_version = 2;
  std::uint32_t pack_size_bytes = 16 << 20;
  int compression_level = 3;
  unsigned workers = 1;
};

/// The repository's writer: hash, deduplicate, compress, seal, pack (on the caller's thread or a
/// worker), upload (one thread for each connection), index.
///
/// Two data packs and one tree pack are open at a time. A blob goes to one of the two at random, so
/// that pack sizes and neighbours tell less about chunk sizes. Only an uploaded pack that has
/// reached the disk enters an index file.
///
/// Memory: packs of pack_size_bytes (3 open, and about one for each connection; who needs one more
/// waits for an upload), a queued blob for each worker, and a compressed blob for each thread that
/// saves.
class BlobPipeline final : public BlobSaver {
public:
  /// All references outlive the pipeline.
  BlobPipeline(storage::ObjectStore& store, const MasterKey& key, const StoredFiles& files,
               BlobIndex& index, Clock& clock, const PipelineOptions& options);
  /// Ends uploads that are under way; what was not flushed is lost.
  ~BlobPipeline() override;

  Result<SavedBlob> save(BlobType type, BytesView plain, std::stop_token stop) override;
  Result<> submit(BlobType type, ByteBuffer plain, SavedCallback done,
                  std::stop_token stop) override;
  ByteBuffer take_buffer() override;
  Result<> flush(std::stop_token stop) override;

private:
  struct Job {
    BlobType type;
    ByteBuffer plain;
    SavedCallback done;
  };
  struct Tools;  // what one thread needs to encode a blob
  struct Encoded {
    BytesView payload;
    std::uint32_t uncompressed_length = 0;
  };
  struct OpenPack {
    std::mutex mutex;
    std::optional<PackBuilder> builder;
  };

  Result<> run_worker(std::stop_token stop);
  Result<> run_uploader(std::stop_token stop);
  struct Uploaded {
    IndexPack pack;
    std::unique_ptr<storage::PendingSave> save;
  };
  Result<> upload(SealedPack pack, std::stop_token stop);
  Result<> complete_uploads(std::stop_token stop);
  Result<> index(const IndexPack& pack, std::stop_token stop);
  Result<> save_index(std::stop_token stop);

  Encoded encode(BlobType type, BytesView plain, Tools& tools);
  Result<std::uint32_t> add_to_pack(BlobType type, const BlobId& id, const Encoded& encoded,
                                    Tools& tools, std::stop_token stop);
  Result<PackBuilder> begin_pack(BlobType type, std::stop_token stop);
  Result<> enqueue(PackBuilder builder, Tools& tools, std::stop_token stop);
  Result<> close_open_packs(std::stop_token stop);
  /// Waits until `count` is zero.
  Result<> wait_for_zero(const std::size_t& count, std::stop_token stop);
  void end_pack();
  void count_down(std::size_t& count);

  std::unique_ptr<Tools> take_tools();
  void give_back(std::unique_ptr<Tools> tools);
  void give_back_buffer(ByteBuffer buffer);

  Result<> check_running();
  /// Makes `error` final and ends all work; returns what is final.
  std::unexpected<Error> break_down(Error error);

  storage::ObjectStore& store_;
  const MasterKey key_;
  const StoredFiles& files_;
  BlobIndex& index_;
  Clock& clock_;
  const PipelineOptions options_;

  std::array<OpenPack, 3> open_packs_;  // data, data, tree
  BoundedQueue<Job> jobs_;
  BoundedQueue<SealedPack> uploads_;

  std::mutex mutex_;  // for all below
  std::condition_variable_any changed_;
  std::optional<Error> failure_;
  std::size_t pending_jobs_ = 0;
  std::size_t pending_packs_ = 0;  // full, not uploaded yet
  std::size_t packs_in_memory_ = 0;
  std::vector<std::unique_ptr<Tools>> idle_tools_;
  std::vector<ByteBuffer> idle_buffers_;
  std::vector<Uploaded> uploaded_;  // not known to be on the disk yet
  IndexFileEncoder pending_index_;
  std::chrono::nanoseconds pending_index_since_{0};

  TaskGroup threads_;
};

}  // namespace dmaas::engine
