#include "engine/archive/dry_run_saver.hpp"

#include "crypto/sha256.hpp"

namespace dmaas::engine {

Result<SavedBlob> DryRunSaver::save(BlobType type, BytesView plain, std::stop_token stop) {
  if (stop.stop_requested()) return fail(ErrorCode::cancelled, "the dry run was stopped");
  SavedBlob saved{.id = BlobId{crypto::sha256(plain)}};
  BlobHandle handle{type, saved.id};
  if (repository_.has_blob(handle)) return saved;
  std::lock_guard lock{mutex_};
  saved.is_new = seen_.insert(handle).second;
  return saved;
}

Result<> DryRunSaver::submit(BlobType type, ByteBuffer plain, SavedCallback done,
                             std::stop_token stop) {
  done(TRY(save(type, plain, stop)));
  return {};
}

}  // namespace dmaas::engine
