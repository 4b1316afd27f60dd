#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/format/node.hpp"

namespace dmaas::engine {

/// What one read of a file yields: bytes in the caller's buffer, or a hole that needs no buffer.
/// Both 0: the end.
struct FilePiece {
  std::size_t data_bytes = 0;
  std::uint64_t hole_bytes = 0;
};

enum class ContentState {
  stable,              // what was read is one version of the file
  changed_while_read,  // the file was written to meanwhile
};

/// The content of one file from begin to end. Used by one thread at a time.
class FileStream {
public:
  virtual ~FileStream() = default;
  /// Blocks for the next piece. Errors: those of the source; cancelled.
  virtual Result<FilePiece> read(std::span<std::uint8_t> buffer, std::stop_token stop) = 0;
  /// To be called once after the end; may wait for a producer. An error means that what was read is
  /// not the whole content.
  virtual Result<ContentState> finish(std::stop_token stop) = 0;
};

class Directory;

/// One thing to back up. Holds what it needs to be opened later, by any one thread.
class Entry {
public:
  virtual ~Entry() = default;

  /// Name, type and what a stat tells; no content, subtree, extended attributes, link target, user
  /// and group name yet.
  Node node;

  /// Completes `node`. For files, `open_file` comes first: the attributes are then those of the
  /// opened file. Errors: as of the source; `node` is usable all the same.
  virtual Result<> load_attributes() { return {}; }
  /// Only for directories.
  virtual Result<std::unique_ptr<Directory>> open_directory() = 0;
  /// Only for regular files. Brings the stat part of `node` up to date. May be called again to read
  /// again.
  virtual Result<std::unique_ptr<FileStream>> open_file() = 0;
};

/// The entries of one directory in ascending order of their names' bytes. Used by one thread at a
/// time.
class Directory {
public:
  virtual ~Directory() = default;
  /// The next entry; null at the end. An error concerns one entry: the walk may go on.
  virtual Result<std::unique_ptr<Entry>> next() = 0;
};

/// What to do with content that cannot be read.
enum class OnReadError {
  list,  // leave the file out and list it in the summary
  fail,  // the backup fails: the source is one thing, complete or worthless
};

enum class ChunkBoundaries {
  by_content,  // as the repository's chunker cuts
  fixed,  // images: blocks of fixed_block_bytes, so that changed blocks can be replaced in place
};
constexpr std::uint64_t fixed_block_bytes = 4 << 20;

/// A tree to back up. Opened once per backup; directories and entries may be used from different
/// threads, each by one at a time.
class Source {
public:
  virtual ~Source() = default;
  /// Absolute paths as the snapshot names them, sorted.
  virtual std::vector<std::string> paths() const = 0;
  virtual Result<std::unique_ptr<Directory>> open_root() = 0;
  virtual OnReadError on_read_error() const { return OnReadError::list; }
  virtual ChunkBoundaries chunk_boundaries() const { return ChunkBoundaries::by_content; }
};

}  // namespace dmaas::engine
