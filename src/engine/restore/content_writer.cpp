#include "engine/restore/content_writer.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <tuple>
#include <utility>

#include "base/task_group.hpp"

namespace dmaas::engine {
namespace {

constexpr std::size_t hole_block_bytes = 4096;
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
    auto in_block = (offset + position) % hole_block_bytes;
    auto length = std::min<std::size_t>(hole_block_bytes - in_block, bytes.size() - position);
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
