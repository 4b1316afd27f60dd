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

/// A regular file below the target: one that is made, where there is nothing of that name, or one
/// that is there and becomes what it was.
class RestoreFile final : public OutputFile {
public:
  enum class Origin { made, there };

  RestoreFile(RestoreContext& context, TargetDirectoryPtr directory, Node node, Origin origin)
      : context_(context),
        directory_(std::move(directory)),
        node_(std::move(node)),
        origin_(origin) {}

  bool holds_content() const override { return origin_ == Origin::there; }
  Result<FileDescriptor> open(Opening opening) override;
  void complete(int fd) override;
  /// A part of a file is worse than none: it is removed.
  void abandon(const Error& error) override;

private:
  std::string path() const { return directory_->path() + "/" + node_.name; }
  Result<> set_size(int fd) const;
  Result<> verify(int fd) const;

  RestoreContext& context_;
  const TargetDirectoryPtr directory_;
  const Node node_;
  const Origin origin_;
  bool was_opened_ = false;
};

}  // namespace dmaas::engine
