#include "engine/sources/file_stream.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace dmaas::engine {
namespace {

constexpr std::uint64_t everything = std::numeric_limits<std::uint64_t>::max();

bool may_have_holes(const struct stat& status) {
  return status.st_blocks * 512 <
         status.st_size;  // st_blocks counts 512 bytes on every file system
}

bool same_time(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

RegularFileStream::RegularFileStream(std::shared_ptr<FileDescriptor> file,
                                     const struct stat& opened, std::string path)
    : file_(std::move(file)), opened_(opened), path_(std::move(path)) {
  if (!may_have_holes(opened_)) data_end_ = everything;
}

Result<FilePiece> RegularFileStream::read(std::span<std::uint8_t> buffer, std::stop_token stop) {
  if (stop.stop_requested()) return fail(ErrorCode::cancelled, "reading " + path_ + " was stopped");
  if (position_ >= data_end_) {
    auto data_begin = TRY(find_data_begin());
    if (data_begin > position_) {
      FilePiece hole{.hole_bytes = data_begin - position_};
      position_ = data_begin;
      return hole;
    }
  }
  auto wanted = std::min<std::uint64_t>(buffer.size(), data_end_ - position_);
  ssize_t count;
  do {
    count = ::pread(file_->get(), buffer.data(), wanted, static_cast<off_t>(position_));
  } while (count < 0 && errno == EINTR);
  if (count < 0) return fail(system_error("read " + path_, errno));
  position_ += static_cast<std::uint64_t>(count);
  return FilePiece{.data_bytes = static_cast<std::size_t>(count)};
}

Result<ContentState> RegularFileStream::finish(std::stop_token) {
  struct stat now;
  if (::fstat(file_->get(), &now) != 0) return fail(system_error("stat " + path_, errno));
  bool is_stable = now.st_size == opened_.st_size && same_time(now.st_mtim, opened_.st_mtim) &&
                   same_time(now.st_ctim, opened_.st_ctim);
  return is_stable ? ContentState::stable : ContentState::changed_while_read;
}

/// Where the data at or behind position_ begins; sets data_end_. At the end of the file both are
/// the end.
Result<std::uint64_t> RegularFileStream::find_data_begin() {
  auto begin = seek(position_, SEEK_DATA);
  if (begin.failed_with(ErrorCode::not_found)) {
    auto end = TRY(seek(0, SEEK_END));
    data_end_ = everything;  // a read there answers 0, or what was appended meanwhile
    return std::max(end, position_);
  }
  if (!begin) return begin;
  data_end_ = TRY(seek(*begin, SEEK_HOLE));
  return begin;
}

Result<std::uint64_t> RegularFileStream::seek(std::uint64_t offset, int whence) {
  auto position = ::lseek(file_->get(), static_cast<off_t>(offset), whence);
  if (position >= 0) return static_cast<std::uint64_t>(position);
  if (errno == ENXIO) return fail(ErrorCode::not_found, path_ + ": nothing behind this offset");
  return fail(system_error("seek in " + path_, errno));
}

}  // namespace dmaas::engine
