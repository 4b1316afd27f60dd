#include "base/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace dmaas {
namespace {

ErrorCode code_of(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::not_found;
    case EEXIST:
      return ErrorCode::already_exists;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::permission_denied;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case EFBIG:
      return ErrorCode::exhausted;
    case EINVAL:
    case ENAMETOOLONG:
    case ELOOP:
      return ErrorCode::invalid_input;
    case EOPNOTSUPP:
    case ENOSYS:
      return ErrorCode::unsupported;
    case ETIMEDOUT:
      return ErrorCode::timeout;
    default:
      return ErrorCode::unavailable;
  }
}

Result<> write_all(int fd, BytesView content, const std::string& path) {
  while (!content.empty()) {
    auto written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(system_error("write " + path, errno));
    content = content.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int FileDescriptor::release() {
  return std::exchange(fd_, -1);
}

void FileDescriptor::reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Error system_error(const std::string& what, int error_number) {
  char buffer[128];
  return {code_of(error_number),
          fmt::format("{}: {}", what, ::strerror_r(error_number, buffer, sizeof buffer))};
}

Result<std::string> read_small_file(const std::string& path, std::size_t max_bytes) {
  FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file.is_open()) return fail(system_error("open " + path, errno));
  std::string content;
  char buffer[16384];
  while (true) {
    auto count = ::read(file.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(system_error("read " + path, errno));
    if (count == 0) return content;
    content.append(buffer, static_cast<std::size_t>(count));
    if (content.size() > max_bytes) {
      return fail(ErrorCode::exhausted, fmt::format("{} is larger than {} bytes", path, max_bytes));
    }
  }
}

Result<> write_file_atomically(const std::string& path, BytesView content, unsigned mode) {
  auto temporary = fmt::format("{}.{}.tmp", path, ::getpid());
  FileDescriptor file{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)};
  if (!file.is_open()) return fail(system_error("create " + temporary, errno));
  auto written = write_all(file.get(), content, temporary);
  if (written && ::fsync(file.get()) != 0) written = fail(system_error("sync " + temporary, errno));
  file.reset();
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) {
    written = fail(system_error("rename to " + path, errno));
  }
  if (!written) ::unlink(temporary.c_str());
  return written;
}

}  // namespace dmaas
