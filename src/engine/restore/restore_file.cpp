#include "engine/restore/restore_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "crypto/sha256.hpp"
#include "engine/restore/apply_metadata.hpp"

namespace dmaas::engine {

Result<FileDescriptor> RestoreFile::open(Opening opening) {
  auto directory = TRY(context_.directories.fd_of(directory_));
  const bool is_made = opening == Opening::first && origin_ == Origin::made;
  const int creation = is_made ? O_CREAT | O_EXCL : 0;
  const int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | creation;
  FileDescriptor file{::openat(directory->get(), node_.name.c_str(), flags, 0600)};
  if (!file.is_open()) return fail(system_error("open " + path(), errno));
  was_opened_ = true;
  if (opening == Opening::first && origin_ == Origin::there) TRY(set_size(file.get()));
  return file;
}

/// What is longer is cut off; what is missing reads as zeros, and is compared like everything else.
Result<> RestoreFile::set_size(int fd) const {
  struct stat status;
  if (::fstat(fd, &status) != 0) return fail(system_error("stat " + path(), errno));
  if (static_cast<std::uint64_t>(status.st_size) == node_.size) return {};
  if (::ftruncate(fd, static_cast<off_t>(node_.size)) != 0)
    return fail(system_error("set the size of " + path(), errno));
  return {};
}

void RestoreFile::complete(int fd) {
  if (context_.verify == Verify::content) {
    if (auto verified = verify(fd); !verified) {
      context_.problems.add(RestoreProblemKind::content, path(), verified.error().message());
    } else {
      ++context_.files_verified;
    }
  }
  if (origin_ == Origin::there) drop_attributes(fd, node_, path(), context_.problems);
  apply_metadata(fd, node_, path(), context_.problems);
  ++context_.files_restored;
  ++context_.progress.files_done;
  context_.bytes_restored += node_.size;
}

void RestoreFile::abandon(const Error& error) {
  context_.problems.add(RestoreProblemKind::content, path(), path() + ": " + error.message());
  ++context_.progress.problems;
  if (!was_opened_) return;
  if (auto directory = context_.directories.fd_of(directory_))
    ::unlinkat((*directory)->get(), node_.name.c_str(), 0);
}

Result<> RestoreFile::verify(int fd) const {
  Bytes chunk;
  off_t offset = 0;
  for (const BlobId& blob : *node_.content) {
    auto location = context_.repository.find_blob(data_blob(blob));
    if (!location)
      return fail(ErrorCode::not_found, path() + ": blob " + blob.short_hex() + " left the index");
    chunk.resize(location->plain_length());
    auto count = ::pread(fd, chunk.data(), chunk.size(), offset);
    if (count < 0) return fail(system_error("read back " + path(), errno));
    if (static_cast<std::size_t>(count) != chunk.size() || BlobId{crypto::sha256(chunk)} != blob)
      return fail(ErrorCode::corrupt,
                  path() + ": what was read back at byte " + std::to_string(offset) +
                      " is not what was written; check the disk and restore this file again");
    offset += count;
  }
  return {};
}

}  // namespace dmaas::engine
