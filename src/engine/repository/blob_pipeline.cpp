#include "engine/repository/blob_pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "crypto/random.hpp"
#include "crypto/sha256.hpp"
#include "engine/format/compression.hpp"

namespace dmaas::engine {

namespace {

constexpr std::size_t max_blob_bytes = UINT32_MAX - max_pack_header_bytes - (1U << 20);
constexpr std::size_t blobs_per_index_file = 50'000;
constexpr std::chrono::minutes index_file_age{10};
// Few blobs need a larger one.
constexpr std::size_t max_idle_buffer_bytes = 4 << 20;
// So many uploaded packs wait for the disk together. A backup that is killed has to store them
// again.
constexpr std::size_t packs_completed_together = 8;
// A pack is full when it has its size, whatever comes last: in practice no more than a chunk.
constexpr std::size_t max_last_blob_bytes = (8 << 20) + (1 << 20);

// Below this gain decompressing on restore costs more than the bytes are worth.
bool is_worth_compressing(std::size_t plain, std::size_t compressed) {
  return compressed + plain / 64 < plain;
}

// Beside the open packs. A server that is slower than we are has all of them on its way: with many
// connections one less hardly slows it down, but saves the memory of a pack.
std::size_t packs_on_their_way(unsigned connections) {
  return connections > 2 ? connections - 1 : std::max(1U, connections);
}

Error stopped() {
  return {ErrorCode::cancelled, "saving was stopped"};
}

}  // namespace

struct BlobPipeline::Tools {
  Tools(const MasterKey& key, int compression_level) : sealer(key), compressor(compression_level) {}

  crypto::Sealer sealer;
  Compressor compressor;
};

BlobPipeline::BlobPipeline(storage::ObjectStore& store, const MasterKey& key,
                           const StoredFiles& files, BlobIndex& index, Clock& clock,
                           const PipelineOptions& options)
    : store_(store),
      key_(key),
      files_(files),
      index_(index),
      clock_(clock),
      options_(options),
      jobs_(options.workers),
      uploads_(1),
      threads_(std::stop_token{}) {
  for (unsigned i = 0; i < options.workers; ++i) {
    threads_.add([this](std::stop_token stop) { return run_worker(stop); });
  }
  for (unsigned i = 0; i < std::max(1U, store.connections()); ++i) {
    threads_.add([this](std::stop_token stop) { return run_uploader(stop); });
  }
}

BlobPipeline::~BlobPipeline() {
  threads_.request_stop();
  jobs_.close();
  uploads_.close();
}

Result<SavedBlob> BlobPipeline::save(BlobType type, BytesView plain, std::stop_token stop) {
  TRY(check_running());
  if (stop.stop_requested()) return break_down(stopped());
  if (plain.size() > max_blob_bytes) {
    return fail(ErrorCode::exhausted,
                fmt::format("a blob of {} bytes is larger than the format allows", plain.size()));
  }
  const BlobId id{crypto::sha256(plain)};
  if (index_.claim({type, id}) == BlobIndex::Claim::known) return SavedBlob{id, false, 0};
  auto tools = take_tools();
  const Encoded encoded = encode(type, plain, *tools);
  const std::uint32_t stored_bytes = TRY(add_to_pack(type, id, encoded, *tools, stop));
  give_back(std::move(tools));
  return SavedBlob{id, true, stored_bytes};
}

BlobPipeline::Encoded BlobPipeline::encode(BlobType type, BytesView plain, Tools& tools) {
  if (options_.repository_version < 2 || plain.empty()) return {plain, 0};
  const BytesView compressed = tools.compressor.compress(plain);
  // Stock prune packs uncompressed trees again, so they are always compressed.
  const bool is_better =
      type == BlobType::tree || is_worth_compressing(plain.size(), compressed.size());
  return is_better ? Encoded{compressed, static_cast<std::uint32_t>(plain.size())}
                   : Encoded{plain, 0};
}

Result<std::uint32_t> BlobPipeline::add_to_pack(BlobType type, const BlobId& id,
                                                const Encoded& encoded, Tools& tools,
                                                std::stop_token stop) {
  OpenPack& open = open_packs_[type == BlobType::tree ? 2 : crypto::random_bytes(1)[0] & 1];
  std::uint32_t stored_bytes = 0;
  std::optional<PackBuilder> full;
  {
    std::lock_guard lock{open.mutex};
    if (open.builder && open.builder->is_beyond_format(encoded.payload.size())) {
      TRY(enqueue(*std::exchange(open.builder, std::nullopt), tools, stop));
    }
    if (!open.builder) open.builder.emplace(TRY(begin_pack(type, stop)));
    // Sealing into the pack costs less than a copy of the sealed blob into it.
    stored_bytes =
        open.builder->add(id, encoded.payload, encoded.uncompressed_length, tools.sealer);
    if (open.builder->size_bytes() >= options_.pack_size_bytes) {
      full = std::exchange(open.builder, std::nullopt);
    }
  }
  if (full) TRY(enqueue(std::move(*full), tools, stop));
  return stored_bytes;
}

/// Waits for an upload when there are as many packs in memory as there may be.
Result<PackBuilder> BlobPipeline::begin_pack(BlobType type, std::stop_token stop) {
  const std::size_t limit = open_packs_.size() + packs_on_their_way(store_.connections());
  std::unique_lock lock{mutex_};
  const bool has_room =
      changed_.wait(lock, stop, [&] { return failure_.has_value() || packs_in_memory_ < limit; });
  if (failure_) return fail(*failure_);
  if (!has_room) {
    lock.unlock();
    return break_down(stopped());
  }
  ++packs_in_memory_;
  lock.unlock();
  // Fresh pages: an open pack takes only what is in it so far.
  ByteBuffer buffer;
  buffer.reserve(options_.pack_size_bytes + max_last_blob_bytes);
  return PackBuilder{type, std::move(buffer)};
}

Result<> BlobPipeline::enqueue(PackBuilder builder, Tools& tools, std::stop_token stop) {
  SealedPack pack = std::move(builder).finish(tools.sealer);
  {
    std::lock_guard lock{mutex_};
    ++pending_packs_;
  }
  if (!uploads_.push(std::move(pack), stop)) return break_down(stopped());
  return {};
}

Result<> BlobPipeline::submit(BlobType type, ByteBuffer plain, SavedCallback done,
                              std::stop_token stop) {
  TRY(check_running());
  {
    std::lock_guard lock{mutex_};
    ++pending_jobs_;
  }
  if (!jobs_.push({type, std::move(plain), std::move(done)}, stop)) return break_down(stopped());
  return {};
}

Result<> BlobPipeline::run_worker(std::stop_token stop) {
  while (auto job = jobs_.pop(stop)) {
    auto saved = save(job->type, job->plain, stop);
    if (!saved) return break_down(std::move(saved).error());
    job->done(*saved);
    give_back_buffer(std::move(job->plain));
    count_down(pending_jobs_);
  }
  return {};
}

Result<> BlobPipeline::run_uploader(std::stop_token stop) {
  while (auto pack = uploads_.pop(stop)) {
    auto uploaded = upload(std::move(*pack), stop);
    if (!uploaded) return break_down(std::move(uploaded).error());
    count_down(pending_packs_);
  }
  return {};
}

Result<> BlobPipeline::upload(SealedPack pack, std::stop_token stop) {
  using Origin = storage::SaveOptions::Sha256Origin;
  const storage::SaveOptions options{.sha256 = pack.id.digest, .sha256_origin = Origin::computed};
  const auto source = storage::source_of(pack.bytes);
  auto save = TRY(store_.begin_save(object_name(pack.id), *source, options, stop));
  pack.bytes = {};
  end_pack();
  bool is_due = false;
  {
    std::lock_guard lock{mutex_};
    uploaded_.push_back({{pack.id, std::move(pack.blobs), {}}, std::move(save)});
    is_due = uploaded_.size() >= packs_completed_together;
  }
  return is_due ? complete_uploads(stop) : Result<>{};
}

/// Only now may anything refer to these packs.
Result<> BlobPipeline::complete_uploads(std::stop_token stop) {
  std::vector<Uploaded> uploaded;
  {
    std::lock_guard lock{mutex_};
    uploaded.swap(uploaded_);
  }
  std::vector<std::unique_ptr<storage::PendingSave>> saves;
  for (Uploaded& each : uploaded) saves.push_back(std::move(each.save));
  TRY(store_.complete_saves(std::move(saves), stop));
  for (const Uploaded& each : uploaded) {
    index_.publish(each.pack.id, each.pack.blobs);
    TRY(index(each.pack, stop));
  }
  return {};
}

Result<> BlobPipeline::index(const IndexPack& pack, std::stop_token stop) {
  bool is_due = false;
  {
    std::lock_guard lock{mutex_};
    if (pending_index_.blob_count() == 0) pending_index_since_ = clock_.monotonic();
    pending_index_.add(pack);
    is_due = pending_index_.blob_count() >= blobs_per_index_file ||
             clock_.monotonic() - pending_index_since_ >= index_file_age;
  }
  if (is_due) TRY(save_index(stop));
  return {};
}

Result<> BlobPipeline::save_index(std::stop_token stop) {
  std::string text;
  {
    std::lock_guard lock{mutex_};
    if (pending_index_.blob_count() == 0) return {};
    text = pending_index_.take_text();
  }
  TRY(files_.save(FileKind::index, text, stop));
  return {};
}

Result<> BlobPipeline::flush(std::stop_token stop) {
  TRY(wait_for_zero(pending_jobs_, stop));
  TRY(close_open_packs(stop));
  TRY(wait_for_zero(pending_packs_, stop));
  auto saved = complete_uploads(stop);
  if (saved) saved = save_index(stop);
  if (!saved) return break_down(std::move(saved).error());
  return {};
}

Result<> BlobPipeline::close_open_packs(std::stop_token stop) {
  std::array<std::optional<PackBuilder>, 3> builders;
  for (std::size_t slot = 0; slot < builders.size(); ++slot) {
    std::lock_guard lock{open_packs_[slot].mutex};
    builders[slot] = std::exchange(open_packs_[slot].builder, std::nullopt);
  }
  // One small data pack instead of two.
  auto& [first, second, trees] = builders;
  const std::size_t limit = options_.pack_size_bytes;
  if (first && second && first->size_bytes() + second->size_bytes() <= limit) {
    first->absorb(std::move(*second));
    second.reset();
    end_pack();
  }
  auto tools = take_tools();
  for (auto& builder : builders) {
    if (builder) TRY(enqueue(std::move(*builder), *tools, stop));
  }
  give_back(std::move(tools));
  return {};
}

Result<> BlobPipeline::wait_for_zero(const std::size_t& count, std::stop_token stop) {
  std::unique_lock lock{mutex_};
  const bool is_over =
      changed_.wait(lock, stop, [&] { return failure_.has_value() || count == 0; });
  if (failure_) return fail(*failure_);
  if (is_over) return {};
  lock.unlock();
  return break_down(stopped());
}

void BlobPipeline::end_pack() {
  std::lock_guard lock{mutex_};
  --packs_in_memory_;
  changed_.notify_all();
}

void BlobPipeline::count_down(std::size_t& count) {
  std::lock_guard lock{mutex_};
  if (--count == 0) changed_.notify_all();
}

ByteBuffer BlobPipeline::take_buffer() {
  std::lock_guard lock{mutex_};
  if (idle_buffers_.empty()) return {};
  ByteBuffer buffer = std::move(idle_buffers_.back());
  idle_buffers_.pop_back();
  return buffer;
}

void BlobPipeline::give_back_buffer(ByteBuffer buffer) {
  if (buffer.capacity() > max_idle_buffer_bytes) return;
  buffer.clear();
  std::lock_guard lock{mutex_};
  // As many as are queued or in work at once.
  if (idle_buffers_.size() < 2 * options_.workers) idle_buffers_.push_back(std::move(buffer));
}

std::unique_ptr<BlobPipeline::Tools> BlobPipeline::take_tools() {
  {
    std::lock_guard lock{mutex_};
    if (!idle_tools_.empty()) {
      auto tools = std::move(idle_tools_.back());
      idle_tools_.pop_back();
      return tools;
    }
  }
  return std::make_unique<Tools>(key_, options_.compression_level);
}

void BlobPipeline::give_back(std::unique_ptr<Tools> tools) {
  std::lock_guard lock{mutex_};
  idle_tools_.push_back(std::move(tools));
}

Result<> BlobPipeline::check_running() {
  std::lock_guard lock{mutex_};
  if (failure_) return fail(*failure_);
  return {};
}

std::unexpected<Error> BlobPipeline::break_down(Error error) {
  Error final_error = [&] {
    std::lock_guard lock{mutex_};
    if (!failure_) failure_ = std::move(error);
    changed_.notify_all();
    return *failure_;
  }();
  threads_.request_stop();
  jobs_.close();
  uploads_.close();
  return fail(std::move(final_error));
}

}  // namespace dmaas::engine
