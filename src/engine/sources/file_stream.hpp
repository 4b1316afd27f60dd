#pragma once

#include <sys/stat.h>

#include <memory>
#include <string>

#include "base/file.hpp"
#include "engine/sources/source.hpp"

namespace dmaas::engine {

/// Content of a regular file, holes as holes; `finish` tells whether size, mtime or ctime moved
/// since `opened`.
class RegularFileStream final : public FileStream {
public:
  /// `path` is for messages.
  RegularFileStream(std::shared_ptr<FileDescriptor> file, const struct stat& opened,
                    std::string path);

  Result<FilePiece> read(std::span<std::uint8_t> buffer, std::stop_token stop) override;
  Result<ContentState> finish(std::stop_token stop) override;

private:
  Result<std::uint64_t> seek(std::uint64_t offset, int whence);
  Result<std::uint64_t> find_data_begin();

  std::shared_ptr<FileDescriptor> file_;
  struct stat opened_;
  std::string path_;
  std::uint64_t position_ = 0;
  std::uint64_t data_end_ = 0;  // position_ .. data_end_ is known to be no hole
};

}  // namespace dmaas::engine
