#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/format/node.hpp"

namespace dmaas::engine {

enum class AccessTime {
  as_modification,  // recorded atime = mtime: reading a file does not change its tree
  record,
};

/// Sets everything in `node` that a stat tells.
void set_stat(Node& node, const struct stat& status, AccessTime access_time);

/// Names and values sorted by name, POSIX ACLs among them; empty where the file system has none.
/// Errors: as of the system calls.
Result<std::vector<ExtendedAttribute>> read_attributes(int fd);
/// The same for what cannot be opened; a symbolic link at the end of `path` is not followed.
Result<std::vector<ExtendedAttribute>> read_attributes_of_path(const std::string& path);

/// A path that names `name` in the open directory whatever is renamed above it. Needs /proc.
std::string path_in_directory(int directory_fd, const std::string& name);

}  // namespace dmaas::engine
