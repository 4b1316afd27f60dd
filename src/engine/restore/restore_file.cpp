#include "engine/restore/restore_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "crypto/sha256.hpp"
#include "engine/restore/apply_metadata.hpp"

namespace dmaas::engine {

Result<FileDescriptor> RestoreFile::open(Opening opening) {
  auto directory = TRY(context_.directories.fd_of(directory_));
  const int creation = opening == Opening::first ? O_CREAT | O_EXCL : 0;
  const int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | creation;
  int fd = ::openat(directory->get(), node_.name.c_str(), flags, 0600);
  if (fd < 0) return fail(system_error("open " + path(), errno));
  was_made_ = true;
  return FileDescriptor{fd};
}

void RestoreFile::complete(int fd) {
  if (context_.verify == Verify::content) {
    if (auto verified = verify(fd); !verified) {
      context_.problems.add(RestoreProblemKind::content, path(), verified.error().message());
    } else {
      ++context_.files_verified;
    }
  }
  apply_metadata(fd, node_, path(), context_.problems);
  ++context_.files_restored;
  ++context_.progress.files_done;
  context_.bytes_restored += node_.size;
}

void RestoreFile::abandon(const Error& error) {
  context_.problems.add(RestoreProblemKind::content, path(), path() + ": " + error.message());
  ++context_.progress.problems;
  if (!was_made_) return;
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
