#pragma once

#include <string>

#include "base/file.hpp"
#include "base/result.hpp"
#include "storage/object_store.hpp"

namespace dmaas::storage {

/// A file that is not visible under its name until it is complete and on the disk. Removed unless
/// it got its name.
class PendingFile {
public:
  /// Errors: not_found when the directory is missing.
  static Result<PendingFile> create(const std::string& path);
  PendingFile(PendingFile&& other) noexcept = default;
  PendingFile& operator=(PendingFile&& other) noexcept = default;
  ~PendingFile();

  int fd() const { return file_.get(); }
  const std::string& path() const { return path_; }
  std::string directory() const { return path_.substr(0, path_.rfind('/')); }

  // The three steps of its end; nothing is safe before the last.
  /// Has the disk write what is there, without waiting for it.
  void begin_sync() const;
  Result<> sync() const;
  /// Errors: already_exists with create_only.
  Result<> give_name(SaveMode mode);

private:
  PendingFile(std::string path, std::string temporary, FileDescriptor file)
      : path_(std::move(path)), temporary_(std::move(temporary)), file_(std::move(file)) {}

  Result<> link_to(const std::string& target) const;

  std::string path_;
  std::string temporary_;  // empty while the file has no name at all
  FileDescriptor file_;
};

/// Names of files in it reach the disk.
Result<> sync_directory(const std::string& path);

}  // namespace dmaas::storage
