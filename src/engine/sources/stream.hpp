#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/result.hpp"
#include "engine/sources/source.hpp"

namespace dmaas::engine {

/// One file whose content comes out of a pipe: a dump. Content that ends early fails the backup.
/// `path` is where it lies in the tree, "/dump.sql". Errors: invalid_input.
Result<std::unique_ptr<Source>> open_stream(FileDescriptor input, const std::string& path,
                                            Clock& clock);

/// The same with the standard output of a program, which is started when the backup begins to read.
/// An exit status other than 0 fails the backup with the end of its standard error, and so does
/// output of no byte at all; the program is killed when the backup ends before it.
Result<std::unique_ptr<Source>> open_command(std::vector<std::string> arguments,
                                             const std::string& path, Clock& clock);

}  // namespace dmaas::engine
