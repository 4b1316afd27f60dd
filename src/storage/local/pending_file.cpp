#include "storage/local/pending_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/encoding.hpp"
#include "crypto/random.hpp"

namespace dmaas::storage {
namespace {

constexpr unsigned file_mode = 0600;

// '~' occurs in no object name.
std::string temporary_name_for(const std::string& path) {
  return path + "~" + hex_encode(crypto::random_bytes(8));
}

}  // namespace

Result<PendingFile> PendingFile::create(const std::string& path) {
  const std::string directory = path.substr(0, path.rfind('/'));
  FileDescriptor nameless{::open(directory.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, file_mode)};
  if (nameless.is_open()) return PendingFile(path, "", std::move(nameless));
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) {
    return fail(system_error("create a file in " + directory, errno));
  }
  std::string temporary = temporary_name_for(path);
  FileDescriptor named{
      ::open(temporary.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, file_mode)};
  if (!named.is_open()) return fail(system_error("create " + temporary, errno));
  return PendingFile(path, std::move(temporary), std::move(named));
}

PendingFile::~PendingFile() {
  if (file_.is_open() && !temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<> PendingFile::link_to(const std::string& target) const {
  const std::string source =
      temporary_.empty() ? fmt::format("/proc/self/fd/{}", file_.get()) : temporary_;
  if (::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, target.c_str(), AT_SYMLINK_FOLLOW) == 0) {
    return {};
  }
  return fail(system_error("create " + target, errno));
}

void PendingFile::begin_sync() const {
  // A file system that cannot do it waits longer in `sync`.
  ::sync_file_range(file_.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
}

Result<> PendingFile::sync() const {
  if (::fsync(file_.get()) != 0) return fail(system_error("sync " + path_, errno));
  return {};
}

Result<> PendingFile::give_name(SaveMode mode) {
  if (temporary_.empty() || mode == SaveMode::create_only) {
    auto linked = link_to(path_);
    const bool exists = linked.failed_with(ErrorCode::already_exists);
    if (linked || !exists || mode == SaveMode::create_only) return linked;
    // A nameless file cannot replace another one; it needs a name to be renamed.
    std::string name = temporary_name_for(path_);
    TRY(link_to(name));
    temporary_ = std::move(name);
  }
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return fail(system_error("create " + path_, errno));
  }
  temporary_.clear();
  return {};
}

Result<> sync_directory(const std::string& path) {
  const FileDescriptor directory{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!directory.is_open()) return fail(system_error("open " + path, errno));
  // Some network file systems cannot sync a directory and do not need it.
  if (::fsync(directory.get()) != 0 && errno != EINVAL) {
    return fail(system_error("sync " + path, errno));
  }
  return {};
}

}  // namespace dmaas::storage
