#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/sources/file_attributes.hpp"
#include "engine/sources/path_patterns.hpp"
#include "engine/sources/source.hpp"

namespace dmaas::engine {

struct FileSystemOptions {
  enum class Layout {
    absolute_paths,  // the tree mirrors the paths from the root down, as restic's
    contents,  // the tree's root is the one target directory, whose own owner and mode are not kept
    named,     // the one target directory is "/<name>" in the tree, wherever it is mounted
  };
  Layout layout = Layout::absolute_paths;
  std::string name = {};
  /// Matched against the path in the tree.
  PathPatterns exclude = {};
  enum class OtherFileSystems { enter, leave_out };
  /// leave_out: a mount point is stored as the empty directory that it covers.
  OtherFileSystems other_file_systems = OtherFileSystems::enter;
  AccessTime access_time = AccessTime::as_modification;
};

/// Files and directories of this machine. Every step below a target goes through its directory's
/// descriptor without following symbolic links, so renames during the walk cannot lead outside.
/// Sockets are left out. Holes are reported as holes. Memory: the names of the directories on the
/// path being walked. Errors: invalid_input (no target; `contents` with anything but one
/// directory), and those of opening a target.
Result<std::unique_ptr<Source>> open_file_system(const std::vector<std::string>& targets,
                                                 const FileSystemOptions& options);

}  // namespace dmaas::engine
