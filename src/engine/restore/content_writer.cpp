#include "engine/restore/content_writer.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <tuple>
#include <utility>

#include "base/task_group.hpp"
#include "crypto/sha256.hpp"

namespace dmaas::engine {
namespace {

constexpr std::size_t block_bytes = 4096;
/// Chunks that a thread compares before it takes others: neighbours, so that reads are sequential.
constexpr std::size_t compared_at_once = 32;
constexpr std::size_t max_open_outputs = 512;

bool is_all_zero(BytesView bytes) {
  return bytes.front() == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

Result<> write_fully(int fd, std::uint64_t offset, BytesView bytes) {
  while (!bytes.empty()) {
    auto written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(system_error("write", errno));
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

/// How much of the block at `position` within bytes of a file that begin at `offset`.
std::size_t block_at(std::uint64_t offset, std::size_t position, std::size_t size) {
  auto in_block = (offset + position) % block_bytes;
  return std::min<std::size_t>(block_bytes - in_block, size - position);
}

/// As much as there is, at most as much as fits. Errors: those of pread(2).
Result<std::size_t> read_fully(int fd, std::uint64_t offset, Bytes& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    auto count =
        ::pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(system_error("read", errno));
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

/// Errors that the next file would meet too.
bool concerns_everything(ErrorCode code) {
  return code != ErrorCode::corrupt && code != ErrorCode::not_found;
}

}  // namespace

Result<bool> write_at(int fd, std::uint64_t offset, BytesView bytes, Holes holes) {
  if (holes == Holes::write_zeros) {
    TRY(write_fully(fd, offset, bytes));
    return false;
  }
  bool has_holes = false;
  std::size_t data_begin = 0;
  std::size_t position = 0;
  while (position < bytes.size()) {
    auto length = block_at(offset, position, bytes.size());
    if (is_all_zero(bytes.subspan(position, length))) {
      TRY(write_fully(fd, offset + data_begin, bytes.subspan(data_begin, position - data_begin)));
      data_begin = position + length;
      has_holes = true;
    }
    position += length;
  }
  TRY(write_fully(fd, offset + data_begin, bytes.subspan(data_begin)));
  return has_holes;
}

Result<std::uint64_t> write_differences(int fd, std::uint64_t offset, BytesView bytes) {
  Bytes present(bytes.size());
  auto known = TRY(read_fully(fd, offset, present));
  std::uint64_t written = 0;
  std::size_t begin = 0;  // of what differs
  std::size_t position = 0;
  auto write_until = [&](std::size_t end) -> Result<> {
    TRY(write_fully(fd, offset + begin, bytes.subspan(begin, end - begin)));
    written += end - begin;
    return {};
  };
  while (position < bytes.size()) {
    auto length = block_at(offset, position, bytes.size());
    bool is_equal = position + length <= known &&
                    std::memcmp(bytes.data() + position, present.data() + position, length) == 0;
    if (is_equal) {
      TRY(write_until(position));
      begin = position + length;
    }
    position += length;
  }
  TRY(write_until(bytes.size()));
  return written;
}

/// A file of the plan with what is known of its writing.
struct ContentWriter::Output {
  std::unique_ptr<OutputFile> file;
  std::uint64_t size = 0;

  // Held while bytes are written. The kernel lets one writer into a file at a time, and those that
  // wait for it there burn processor time.
  std::mutex turn;
  std::mutex mutex;
  FileDescriptor fd;
  std::size_t remaining = 0;  // uses of blobs not written yet
  unsigned writers = 0;       // threads between acquire and release
  bool was_opened = false;
  bool has_holes = false;
  bool is_abandoned = false;
};

ContentWriter::ContentWriter(Repository& repository, Holes holes, unsigned workers,
                             Progress& progress)
    : repository_(repository), holes_(holes), workers_(workers), progress_(progress) {}

ContentWriter::~ContentWriter() = default;

void ContentWriter::add(std::unique_ptr<OutputFile> file, const Node& node) {
  auto output = std::make_unique<Output>();
  const auto first_use = uses_.size();
  for (const BlobId& blob : node.content.value_or(std::vector<BlobId>{})) {
    auto location = repository_.find_blob(data_blob(blob));
    if (!location) {
      uses_.resize(first_use);
      file->abandon(Error{ErrorCode::not_found,
                          "blob " + blob.short_hex() + " is not in the repository's index"});
      return;
    }
    if (location->plain_length() == 0) continue;
    uses_.push_back({*location, blob, static_cast<std::uint32_t>(outputs_.size()), output->size});
    output->size += location->plain_length();
  }
  output->file = std::move(file);
  output->remaining = uses_.size() - first_use;
  outputs_.push_back(std::move(output));
}

bool ContentWriter::is_full() const {
  return uses_.size() >= max_planned_uses || outputs_.size() >= max_planned_files;
}

Result<> ContentWriter::write_all(std::stop_token stop) {
  TRY(leave_out_what_is_there(stop));
  std::ranges::sort(uses_, {}, [](const Use& use) {
    return std::tie(use.location.pack, use.location.offset, use.output, use.offset);
  });
  std::vector<Uses> packs;
  for (auto begin = uses_.begin(); begin != uses_.end();) {
    auto end = std::find_if(begin, uses_.end(), [&](const Use& use) {
      return use.location.pack != begin->location.pack;
    });
    packs.emplace_back(begin, end);
    begin = end;
  }
  next_pack_ = next_output_ = 0;
  TaskGroup threads{stop};
  const auto useful = std::clamp<std::size_t>(packs.size() + outputs_.size() / 16, 1, workers_);
  for (std::size_t i = 0; i < useful; ++i)
    threads.add([this, &packs](std::stop_token group) { return run_worker(packs, group); });
  auto result = threads.wait();
  uses_.clear();
  outputs_.clear();
  return result;
}

/// Neither fetched nor written is what files hold already.
Result<> ContentWriter::leave_out_what_is_there(std::stop_token stop) {
  if (std::ranges::none_of(outputs_, [](const auto& o) { return o->file->holds_content(); }))
    return {};
  std::vector<char> is_there(uses_.size());
  next_compared_ = 0;
  TaskGroup threads{stop};
  const auto useful = std::clamp<std::size_t>(uses_.size() / compared_at_once + 1, 1, workers_);
  for (std::size_t i = 0; i < useful; ++i)
    threads.add([&](std::stop_token group) { return compare_some(is_there, group); });
  TRY(threads.wait());
  std::size_t left = 0;
  for (std::size_t i = 0; i < uses_.size(); ++i)
    if (is_there[i] == 0) uses_[left++] = uses_[i];
  uses_.resize(left);
  return {};
}

Result<> ContentWriter::compare_some(std::vector<char>& is_there, std::stop_token stop) {
  Bytes buffer;
  for (std::size_t first; (first = next_compared_.fetch_add(compared_at_once)) < uses_.size();) {
    const auto end = std::min(first + compared_at_once, uses_.size());
    for (auto i = first; i < end; ++i) {
      if (stop.stop_requested()) return fail(ErrorCode::cancelled, "the restore was stopped");
      is_there[i] = this->is_there(uses_[i], buffer) ? 1 : 0;
    }
  }
  return {};
}

/// Counts the use as done when it is. What cannot be read is not there: writing it says why.
bool ContentWriter::is_there(const Use& use, Bytes& buffer) {
  Output& output = *outputs_[use.output];
  if (!output.file->holds_content()) return false;
  buffer.resize(use.location.plain_length());
  auto fd = acquire(output);
  auto length = fd ? read_fully(*fd, use.offset, buffer) : Result<std::size_t>(0);
  bool is_equal = length && *length == buffer.size() && BlobId{crypto::sha256(buffer)} == use.blob;
  if (is_equal) {
    progress_.bytes_done += buffer.size();
    release(output);
    return true;
  }
  std::lock_guard lock{output.mutex};
  --output.writers;
  close_if_idle(output, false);
  return false;
}

Result<> ContentWriter::run_worker(std::span<const Uses> packs, std::stop_token stop) {
  for (std::size_t i; (i = next_pack_++) < packs.size();) TRY(write_pack(packs[i], stop));
  for (std::size_t i; (i = next_output_++) < outputs_.size();) {
    if (stop.stop_requested()) return fail(ErrorCode::cancelled, "the restore was stopped");
    if (outputs_[i]->size == 0) write_empty(*outputs_[i]);
  }
  return {};
}

Result<> ContentWriter::write_pack(Uses uses, std::stop_token stop) {
  std::vector<PackedBlob> blobs;
  std::vector<Uses> uses_of;  // of each of `blobs`
  for (auto begin = uses.begin(); begin != uses.end();) {
    const auto& location = begin->location;
    auto end = std::find_if(begin, uses.end(),
                            [&](const Use& use) { return use.location.offset != location.offset; });
    blobs.push_back(
        {data_blob(begin->blob), location.offset, location.length, location.uncompressed_length});
    uses_of.emplace_back(begin, end);
    begin = end;
  }
  std::size_t done = 0;
  Result<> written;
  auto loaded = repository_.load_blobs(
      uses.front().location.pack, blobs,
      [&](const PackedBlob&, BytesView plain) {
        written = write_everywhere(uses_of[done++], plain);
        if (!written) return written;
        return stop.stop_requested()
                   ? Result<>{fail(ErrorCode::cancelled, "the restore was stopped")}
                   : Result<>{};
      },
      stop);
  if (loaded) return {};
  if (!written || concerns_everything(loaded.code())) return loaded;
  for (; done < uses_of.size(); ++done) TRY(write_one_by_one(uses_of[done], stop));
  return {};
}

/// After a pack turned out to be damaged: other copies of a blob are tried, and only what has none
/// is lost.
Result<> ContentWriter::write_one_by_one(Uses uses, std::stop_token stop) {
  auto plain = repository_.load_blob(data_blob(uses.front().blob), stop);
  if (plain) return write_everywhere(uses, *plain);
  if (concerns_everything(plain.code())) return fail(std::move(plain).error());
  for (const Use& use : uses) {
    Output& output = *outputs_[use.output];
    abandon(output, plain.error());
    static_cast<void>(acquire(output));  // counts the use; an abandoned file is not opened
    release(output);
  }
  return {};
}

Result<> ContentWriter::write_everywhere(Uses uses, BytesView plain) {
  for (const Use& use : uses) TRY(write(*outputs_[use.output], use.offset, plain));
  return {};
}

Result<> ContentWriter::write(Output& output, std::uint64_t offset, BytesView plain) {
  auto fd = acquire(output);
  auto write_in_turn = [&]() -> Result<bool> {
    std::lock_guard turn{output.turn};
    if (output.file->holds_content()) {
      progress_.bytes_written += TRY(write_differences(*fd, offset, plain));
      return false;
    }
    progress_.bytes_written += plain.size();
    return write_at(*fd, offset, plain, holes_);
  };
  Result<bool> wrote = fd ? write_in_turn() : fail(std::move(fd).error());
  if (!wrote) {
    abandon(output, wrote.error());
  } else {
    if (*wrote) {
      std::lock_guard lock{output.mutex};
      output.has_holes = true;
    }
    progress_.bytes_done += plain.size();
  }
  release(output);
  if (wrote.failed_with(ErrorCode::exhausted)) return fail(std::move(wrote).error());
  return {};
}

/// A descriptor that stays open until `release`. Follow every call, failed or not, by `release`.
Result<int> ContentWriter::acquire(Output& output) {
  std::lock_guard lock{output.mutex};
  ++output.writers;
  if (output.is_abandoned) return fail(ErrorCode::cancelled, "the file was given up");
  if (!output.fd.is_open()) {
    auto opening = output.was_opened ? OutputFile::Opening::again : OutputFile::Opening::first;
    output.fd = TRY(output.file->open(opening));
    output.was_opened = true;
    ++open_outputs_;
  }
  return output.fd.get();
}

/// Counts one use as done, whatever came of it; the last one completes the file.
void ContentWriter::release(Output& output) {
  std::lock_guard lock{output.mutex};
  --output.writers;
  if (output.remaining > 0) --output.remaining;  // 0 from the start: an empty file
  const bool is_last = output.remaining == 0;
  if (is_last && !output.is_abandoned) {
    bool ends_short =
        output.has_holes && ::ftruncate(output.fd.get(), static_cast<off_t>(output.size)) != 0;
    if (ends_short) {
      output.file->abandon(system_error("set the size", errno));
    } else {
      output.file->complete(output.fd.get());
    }
  }
  close_if_idle(output, is_last);
}

/// The output's mutex is held.
void ContentWriter::close_if_idle(Output& output, bool is_last) {
  const bool may_close = output.writers == 0 && (is_last || open_outputs_ > max_open_outputs);
  if (may_close && output.fd.is_open()) {
    output.fd.reset();
    --open_outputs_;
  }
}

void ContentWriter::abandon(Output& output, const Error& error) {
  std::lock_guard lock{output.mutex};
  if (!std::exchange(output.is_abandoned, true)) output.file->abandon(error);
}

void ContentWriter::write_empty(Output& output) {
  auto fd = acquire(output);
  if (!fd) abandon(output, fd.error());
  release(output);
}

}  // namespace dmaas::engine
