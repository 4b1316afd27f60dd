#pragma once

#include <memory>
#include <string>

#include "storage/object_store.hpp"

namespace dmaas::storage {

/// Objects as files below `directory`, which need not exist yet: directories are made by the first
/// save into them (mode 0700, files 0600). A saved object has reached the disk. A killed save
/// leaves nothing behind on file systems with O_TMPFILE (ext4, XFS, btrfs, tmpfs), else a file
/// "<name>~<random>" that listings leave out. Further errors: exhausted when the disk or quota is
/// full.
std::unique_ptr<ObjectStore> open_local_store(std::string directory, unsigned connections);

/// Makes a directory and those above it (mode 0700); success when it is there.
Result<> make_directories(const std::string& path);

}  // namespace dmaas::storage
