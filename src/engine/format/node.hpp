#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "engine/format/ids.hpp"

namespace dmaas::engine {

enum class NodeType : std::uint8_t {
  file,
  directory,
  symlink,
  block_device,
  character_device,
  fifo,
  socket,
  irregular,  // or a type that we do not know: not restored
};

/// A file's time. Covers the years 0 to 9999, which Timestamp does not.
struct FileTime {
  std::int64_t seconds = 0;  // since 1970-01-01 UTC
  std::uint32_t nanoseconds = 0;
  /// Kept only so that a tree encodes to the bytes it was decoded from; no part of comparisons.
  std::int16_t zone_offset_minutes = 0;

  /// Clamped to what Timestamp can hold (1678 to 2262).
  Timestamp timestamp() const;
  static FileTime of(Timestamp time);

  friend bool operator==(const FileTime& a, const FileTime& b) {
    return a.seconds == b.seconds && a.nanoseconds == b.nanoseconds;
  }
  friend auto operator<=>(const FileTime& a, const FileTime& b) {
    if (auto order = a.seconds <=> b.seconds; order != 0) return order;
    return a.nanoseconds <=> b.nanoseconds;
  }
};

struct ExtendedAttribute {
  std::string name;
  Bytes value;

  bool operator==(const ExtendedAttribute&) const = default;
};

/// One entry of a directory, with every field of the format. Strings are raw bytes, not necessarily
/// UTF-8.
struct Node {
  std::string name;
  NodeType type = NodeType::file;
  std::uint32_t mode = 0;  // Go's FileMode bits, see go_mode_of()
  FileTime mtime;
  FileTime atime;
  FileTime ctime;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string user;
  std::string group;
  std::uint64_t inode = 0;
  std::uint64_t device_id = 0;  // st_dev; written only when links > 1
  std::uint64_t size = 0;
  std::uint64_t links = 0;
  std::string link_target;
  std::vector<ExtendedAttribute> extended_attributes;
  /// Values are JSON text; known names begin with "windows.".
  std::map<std::string, std::string> generic_attributes;
  std::uint64_t device = 0;  // st_rdev of a device
  std::optional<std::vector<BlobId>>
      content;                    // always present for a file, absent for everything else
  std::optional<TreeId> subtree;  // of a directory
  std::string error;

  bool operator==(const Node&) const = default;
};

/// Go's FileMode of a Unix st_mode, and the permission bits with setuid, setgid and sticky back
/// (07777).
std::uint32_t go_mode_of(std::uint32_t unix_mode);
std::uint32_t permissions_of(std::uint32_t go_mode);
NodeType node_type_of(std::uint32_t unix_mode);
/// "file", "dir", "symlink", "dev", "chardev", "fifo", "socket", "irregular".
std::string_view name_of(NodeType type);

/// Builds the plaintext of a tree blob node by node, exactly as Go's encoder writes it (the blob's
/// id is its hash).
class TreeEncoder {
public:
  TreeEncoder();
  /// Errors: invalid_input unless `node.name` is above the last one by bytes (so names are unique),
  /// not empty, not "." or "..", and without '/' and NUL.
  Result<> add(const Node& node);
  /// Size of the text so far.
  std::size_t size_bytes() const { return text_.size(); }
  /// The whole text; the encoder is empty again.
  std::string take_text();

private:
  std::string text_;
  std::string last_name_;
  bool is_empty_ = true;
};

/// Calls `each` for the nodes of a tree in order, one node in memory at a time; an error of `each`
/// ends it. Names are as stored: a reader that turns them into paths must refuse "", ".", ".." and
/// '/'. Errors: corrupt.
Result<> for_each_node(BytesView tree, const std::function<Result<>(Node&&)>& each);
/// All nodes; for small trees.
Result<std::vector<Node>> decode_tree(BytesView tree);

}  // namespace dmaas::engine
