#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "engine/format/node.hpp"
#include "engine/restore/content_writer.hpp"
#include "engine/restore/restore_problems.hpp"
#include "engine/restore/target_directory.hpp"

namespace dmaas::engine {

/// What all entries of one restore share. Thread-safe.
struct RestoreContext {
  Repository& repository;
  TargetDirectories& directories;
  RestoreProblems& problems;
  Progress& progress;
  Verify verify = Verify::none;
  std::atomic<std::uint64_t> files_restored = 0;
  std::atomic<std::uint64_t> files_verified = 0;
  std::atomic<std::uint64_t> bytes_restored = 0;
};

/// A regular file that is made below the target. There is nothing of that name.
class RestoreFile final : public OutputFile {
public:
  RestoreFile(RestoreContext& context, TargetDirectoryPtr directory, Node node)
      : context_(context), directory_(std::move(directory)), node_(std::move(node)) {}

  Result<FileDescriptor> open(Opening opening) override;
  void complete(int fd) override;
  /// A part of a file is worse than none: it is removed.
  void abandon(const Error& error) override;

private:
  std::string path() const { return directory_->path() + "/" + node_.name; }
  Result<> verify(int fd) const;

  RestoreContext& context_;
  const TargetDirectoryPtr directory_;
  const Node node_;
  bool was_made_ = false;
};

}  // namespace dmaas::engine
