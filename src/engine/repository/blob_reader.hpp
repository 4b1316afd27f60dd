#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <vector>

#include "engine/format/pack_header.hpp"
#include "engine/format/seal.hpp"
#include "engine/index/blob_index.hpp"
#include "engine/repository/pack_blocks.hpp"
#include "storage/object_store.hpp"

namespace dmaas::engine {

/// Blobs out of packs, as Repository's load_blob and load_blobs. Thread-safe.
class BlobReader {
public:
  using BlobSink = std::function<Result<>(const PackedBlob&, BytesView plain)>;

  BlobReader(storage::ObjectStore& store, const MasterKey& key, const BlobIndex& index);
  ~BlobReader();

  Result<Bytes> load_blob(const BlobHandle& handle, std::stop_token stop);
  Result<> load_blobs(const PackId& pack, std::span<const PackedBlob> blobs, const BlobSink& each,
                      std::stop_token stop);

private:
  struct Tools;  // what one thread needs to decode
  class Lease;
  class RunDecoder;

  Result<Bytes> load_sealed(const PackedBlob& blob, const PackId& pack, std::stop_token stop);
  Result<> load_run(const PackId& pack, std::span<const PackedBlob> run, const BlobSink& each,
                    std::stop_token stop);

  storage::ObjectStore& store_;
  const MasterKey key_;
  const BlobIndex& index_;
  PackBlocks tree_blocks_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Tools>> idle_;
};

}  // namespace dmaas::engine
