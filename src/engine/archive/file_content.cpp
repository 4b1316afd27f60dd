#include "engine/archive/file_content.hpp"

#include <algorithm>
#include <cstring>

namespace dmaas::engine {
namespace {

/// Below this a file is stored by the thread that reads it: handing over would cost more than it
/// wins.
constexpr std::uint64_t large_file_bytes = 4 << 20;
/// Read at a time: stays in the processor's cache until it is scanned and hashed.
constexpr std::size_t piece_bytes = 256 << 10;

bool is_all_zero(BytesView bytes) {
  return bytes.front() == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace

/// Blob ids in the order of the file, filled in by the saver's workers in any order.
class ContentStorer::PendingIds {
public:
  void add(const BlobId& id) {
    std::lock_guard lock{mutex_};
    ids_.push_back(id);
  }
  std::size_t reserve() {
    std::lock_guard lock{mutex_};
    ids_.emplace_back();
    ++pending_;
    return ids_.size() - 1;
  }
  void resolve(std::size_t index, const std::optional<BlobId>& id) {
    std::lock_guard lock{mutex_};
    if (id) ids_[index] = *id;
    is_broken_ = is_broken_ || !id;
    if (--pending_ == 0) resolved_.notify_all();
  }
  /// All ids; nothing when a blob was dropped or `stop` was requested.
  std::optional<std::vector<BlobId>> take(std::stop_token stop) {
    std::unique_lock lock{mutex_};
    bool all = resolved_.wait(lock, stop, [this] { return pending_ == 0; });
    if (!all || is_broken_) return std::nullopt;
    return std::move(ids_);
  }

private:
  std::mutex mutex_;
  std::condition_variable_any resolved_;
  std::vector<BlobId> ids_;
  std::size_t pending_ = 0;
  bool is_broken_ = false;
};

ContentStorer::ContentStorer(BlobSaver& saver, CuttingRule rule,
                             std::shared_ptr<BackupCounters> counters, Progress& progress)
    : saver_(saver),
      rule_(rule),
      counters_(std::move(counters)),
      progress_(progress),
      max_chunk_bytes_(rule.chunker.max_bytes()) {}

ContentStorer::~ContentStorer() = default;

Result<StoredContent> ContentStorer::store(FileStream& stream, std::uint64_t expected_bytes,
                                           std::stop_token stop) {
  buffer_.clear();
  scan_ = {};
  size_bytes_ = 0;
  ids_ = std::make_shared<PendingIds>();
  is_large_ = expected_bytes >= large_file_bytes;
  stop_ = stop;

  StoredContent content;
  content.source_error = TRY(read_all(stream));
  if (content.source_error) return content;
  auto state = stream.finish(stop);
  if (state.failed_with(ErrorCode::cancelled) && stop.stop_requested())
    return fail(std::move(state).error());
  if (!state) {
    content.source_error = std::move(state).error();
    return content;
  }
  content.state = *state;
  content.size_bytes = size_bytes_;
  auto ids = ids_->take(stop);
  if (!ids) {
    TRY(saver_.flush(stop));  // tells why the saver dropped a blob
    return fail(ErrorCode::cancelled, "the backup was stopped");
  }
  content.blobs = std::move(*ids);
  return content;
}

/// The error of the stream, if it has one; its own errors are the saver's.
Result<std::optional<Error>> ContentStorer::read_all(FileStream& stream) {
  for (;;) {
    const std::size_t former = buffer_.size();
    auto piece = stream.read(buffer_.extend(piece_bytes), stop_);
    buffer_.truncate(former + (piece ? piece->data_bytes : 0));
    if (piece.failed_with(ErrorCode::cancelled) && stop_.stop_requested())
      return fail(std::move(piece).error());
    if (!piece) return std::move(piece).error();
    if (piece->data_bytes == 0 && piece->hole_bytes == 0) break;
    size_bytes_ += piece->data_bytes + piece->hole_bytes;
    progress_.bytes_done += piece->data_bytes + piece->hole_bytes;
    is_large_ = is_large_ || size_bytes_ >= large_file_bytes;
    TRY(cut_ready());
    if (piece->hole_bytes != 0) TRY(add_hole(piece->hole_bytes));
  }
  TRY(cut_rest());
  return std::optional<Error>{};
}

Result<> ContentStorer::add_hole(std::uint64_t length) {
  using enum CuttingRule::Holes;
  if (rule_.holes == as_zeros || length < 2 * max_chunk_bytes_) return add_zeros(length);
  if (rule_.holes == cut_around) TRY(cut_rest());
  if (rule_.holes == whole_blocks) {
    const std::uint64_t to_boundary = buffer_.empty() ? 0 : max_chunk_bytes_ - buffer_.size();
    TRY(add_zeros(to_boundary));
    length -= to_boundary;
  }
  for (; length >= max_chunk_bytes_; length -= max_chunk_bytes_) TRY(store_zero_chunk());
  return add_zeros(length);
}

Result<> ContentStorer::add_zeros(std::uint64_t length) {
  while (length > 0) {
    auto room = buffer_.extend(std::min<std::uint64_t>(length, piece_bytes));
    std::ranges::fill(room, std::uint8_t{0});
    length -= room.size();
    TRY(cut_ready());
  }
  return {};
}

/// Cuts as long as the chunker finds where.
Result<> ContentStorer::cut_ready() {
  while (const auto length = rule_.chunker.find_cut(buffer_, scan_)) TRY(store_first(length));
  return {};
}

Result<> ContentStorer::cut_rest() {
  TRY(cut_ready());
  return buffer_.empty() ? Result<>{} : store_first(buffer_.size());
}

/// Stores so many bytes from the front of the buffer, of which the rest remains.
Result<> ContentStorer::store_first(std::size_t length) {
  const BytesView chunk = buffer_.view().first(length);
  const BytesView rest = buffer_.view().subspan(length);
  const bool is_zero_chunk = length == max_chunk_bytes_ && is_all_zero(chunk);
  if (is_zero_chunk) TRY(store_zero_chunk());
  if (is_large_ && !is_zero_chunk) {
    // The buffer itself goes to a worker: a copy would cost as much as reading did.
    ByteBuffer next = saver_.take_buffer();
    next.append(rest);
    std::swap(next, buffer_);
    next.truncate(length);
    TRY(store_on_workers(std::move(next)));
  } else {
    if (!is_zero_chunk) TRY(store_here(chunk));
    std::ranges::copy(rest, buffer_.data());
    buffer_.truncate(rest.size());
  }
  scan_ = {};
  return {};
}

Result<> ContentStorer::store_zero_chunk() {
  if (stop_.stop_requested()) return fail(ErrorCode::cancelled, "the backup was stopped");
  if (!zero_chunk_) {
    Bytes zeros(max_chunk_bytes_);
    auto saved = TRY(saver_.save(BlobType::data, zeros, stop_));
    counters_->count_blob(BlobType::data, saved, zeros.size());
    zero_chunk_ = saved.id;
  }
  ids_->add(*zero_chunk_);
  return {};
}

Result<> ContentStorer::store_here(BytesView chunk) {
  auto saved = TRY(saver_.save(BlobType::data, chunk, stop_));
  counters_->count_blob(BlobType::data, saved, chunk.size());
  ids_->add(saved.id);
  return {};
}

Result<> ContentStorer::store_on_workers(ByteBuffer chunk) {
  /// Tells the file also when the saver drops the blob without calling back.
  struct Ticket {
    std::shared_ptr<PendingIds> ids;
    std::size_t index;
    std::optional<BlobId> id;

    Ticket(std::shared_ptr<PendingIds> owner, std::size_t place)
        : ids(std::move(owner)), index(place) {}
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket() { ids->resolve(index, id); }
  };
  auto ticket = std::make_unique<Ticket>(ids_, ids_->reserve());
  auto done = [counters = counters_, size = chunk.size(),
               ticket = std::move(ticket)](const SavedBlob& saved) {
    counters->count_blob(BlobType::data, saved, size);
    ticket->id = saved.id;
  };
  return saver_.submit(BlobType::data, std::move(chunk), std::move(done), stop_);
}

}  // namespace dmaas::engine
