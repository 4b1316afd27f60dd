#pragma once

#include <mutex>
#include <unordered_set>

#include "engine/packs/blob_saver.hpp"
#include "engine/repository/repository.hpp"

namespace dmaas::engine {

/// Says what would be new and stores nothing. Memory: about 60 bytes for each blob that would be
/// new.
class DryRunSaver final : public BlobSaver {
public:
  explicit DryRunSaver(const Repository& repository) : repository_(repository) {}

  Result<SavedBlob> save(BlobType type, BytesView plain, std::stop_token stop) override;
  Result<> submit(BlobType type, ByteBuffer plain, SavedCallback done,
                  std::stop_token stop) override;
  ByteBuffer take_buffer() override { return {}; }
  Result<> flush(std::stop_token) override { return {}; }

private:
  const Repository& repository_;
  std::mutex mutex_;
  std::unordered_set<BlobHandle> seen_;
};

}  // namespace dmaas::engine
