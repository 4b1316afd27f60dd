#pragma once

#include <string>

#include "engine/format/node.hpp"
#include "engine/restore/restore_problems.hpp"

namespace dmaas::engine {

/// Gives an open file or directory what `node` says, in the one order that works: extended
/// attributes, owner, mode (chown clears setuid), capabilities (chown clears them), ACLs (they
/// refine the mode), times. The mode is read back: kernels drop setgid silently. `path` is for
/// messages. Failures go to `problems`.
void apply_metadata(int fd, const Node& node, const std::string& path, RestoreProblems& problems);

/// Takes from an open file or directory that was there before the extended attributes, capabilities
/// and ACLs that `node` does not have. Labels of security modules stay: each system gives its own.
void drop_attributes(int fd, const Node& node, const std::string& path, RestoreProblems& problems);

/// The same as apply_metadata for a link, device or FIFO `node.name` in an open directory, which
/// cannot be opened; links are not followed.
void apply_metadata_at(int directory_fd, const Node& node, const std::string& path,
                       RestoreProblems& problems);

}  // namespace dmaas::engine
