#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/file.hpp"
#include "base/result.hpp"

namespace dmaas::engine {

/// A directory at or below the restore's target: a chain of names, each checked, from the target
/// down. Immutable.
struct TargetDirectory {
  std::shared_ptr<const TargetDirectory> parent;  // null: the target itself
  std::string name;

  /// "/a/b" below the target; "" for the target itself. For messages.
  std::string path() const;
};
using TargetDirectoryPtr = std::shared_ptr<const TargetDirectory>;

/// False for names that lead elsewhere: "", ".", "..", with '/' or NUL.
bool is_safe_name(const std::string& name);

/// Opens directories below the target name by name without following links, and keeps the latest
/// ones open. Thread-safe.
class TargetDirectories {
public:
  static constexpr std::size_t max_open = 256;

  /// Makes the target and what is above it. Errors: those of the file system; not a directory.
  static Result<std::unique_ptr<TargetDirectories>> open(const std::string& target);
  explicit TargetDirectories(FileDescriptor target);

  const TargetDirectoryPtr& root() const { return root_; }
  Result<std::shared_ptr<const FileDescriptor>> fd_of(const TargetDirectoryPtr& directory);

private:
  using Fd = std::shared_ptr<const FileDescriptor>;
  struct Cached {
    TargetDirectoryPtr directory;  // keeps the key's address from being used again
    Fd fd;
  };

  Fd find(const TargetDirectory* directory);
  void keep(const TargetDirectoryPtr& directory, const Fd& fd);

  const TargetDirectoryPtr root_ = std::make_shared<const TargetDirectory>();
  const Fd target_;
  std::mutex mutex_;
  std::list<Cached> cached_;  // the most recently used in front
  std::unordered_map<const TargetDirectory*, std::list<Cached>::iterator> places_;
};

/// Names in an open directory, without "." and "..".
Result<std::vector<std::string>> list_names(const FileDescriptor& directory);
/// Removes `name` and everything below it; links are removed, not followed. Success when it is
/// absent. The number of entries removed.
Result<std::uint64_t> remove_tree(int directory_fd, const std::string& name);

}  // namespace dmaas::engine
