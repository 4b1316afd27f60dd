#pragma once

#include <cstddef>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace dmaas {

/// Owns a file descriptor.
class FileDescriptor {
public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor() { reset(); }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  int release();
  void reset();

private:
  int fd_ = -1;
};

/// "open /data/x: Permission denied", classified from `error_number` (errno).
Error system_error(const std::string& what, int error_number);

/// The whole of a small file. Errors: not_found, permission_denied, exhausted (over `max_bytes`).
Result<std::string> read_small_file(const std::string& path, std::size_t max_bytes = 4 << 20);
/// Writes beside the target, syncs, renames: readers see the old or the new content, never a part.
Result<> write_file_atomically(const std::string& path, BytesView content, unsigned mode = 0644);

}  // namespace dmaas
