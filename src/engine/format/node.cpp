#include "engine/format/node.hpp"

#include <sys/stat.h>

#include <limits>

namespace dmaas::engine {

namespace {

// Go's FileMode bits (io/fs): not those of Unix.
constexpr std::uint32_t go_directory = 1U << 31;
constexpr std::uint32_t go_symlink = 1U << 27;
constexpr std::uint32_t go_device = 1U << 26;
constexpr std::uint32_t go_fifo = 1U << 25;
constexpr std::uint32_t go_socket = 1U << 24;
constexpr std::uint32_t go_setuid = 1U << 23;
constexpr std::uint32_t go_setgid = 1U << 22;
constexpr std::uint32_t go_character_device = 1U << 21;
constexpr std::uint32_t go_sticky = 1U << 20;
constexpr std::uint32_t go_irregular = 1U << 19;

std::uint32_t go_type_bits(NodeType type) {
  switch (type) {
    case NodeType::file:
      return 0;
    case NodeType::directory:
      return go_directory;
    case NodeType::symlink:
      return go_symlink;
    case NodeType::block_device:
      return go_device;
    case NodeType::character_device:
      return go_device | go_character_device;
    case NodeType::fifo:
      return go_fifo;
    case NodeType::socket:
      return go_socket;
    case NodeType::irregular:
      return go_irregular;
  }
  return go_irregular;
}

}  // namespace

Timestamp FileTime::timestamp() const {
  using namespace std::chrono;
  constexpr std::int64_t limit = std::numeric_limits<std::int64_t>::max() / 1'000'000'000 - 1;
  if (seconds > limit) return Timestamp::max();
  if (seconds < -limit) return Timestamp::min();
  return Timestamp{std::chrono::seconds{seconds} + std::chrono::nanoseconds{nanoseconds}};
}

FileTime FileTime::of(Timestamp time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  return {whole.time_since_epoch().count(), static_cast<std::uint32_t>((time - whole).count()), 0};
}

NodeType node_type_of(std::uint32_t unix_mode) {
  switch (unix_mode & S_IFMT) {
    case S_IFREG:
      return NodeType::file;
    case S_IFDIR:
      return NodeType::directory;
    case S_IFLNK:
      return NodeType::symlink;
    case S_IFBLK:
      return NodeType::block_device;
    case S_IFCHR:
      return NodeType::character_device;
    case S_IFIFO:
      return NodeType::fifo;
    case S_IFSOCK:
      return NodeType::socket;
    default:
      return NodeType::irregular;
  }
}

std::uint32_t go_mode_of(std::uint32_t unix_mode) {
  std::uint32_t mode = (unix_mode & 0777) | go_type_bits(node_type_of(unix_mode));
  if (unix_mode & S_ISUID) mode |= go_setuid;
  if (unix_mode & S_ISGID) mode |= go_setgid;
  if (unix_mode & S_ISVTX) mode |= go_sticky;
  return mode;
}

std::uint32_t permissions_of(std::uint32_t go_mode) {
  std::uint32_t mode = go_mode & 0777;
  if (go_mode & go_setuid) mode |= S_ISUID;
  if (go_mode & go_setgid) mode |= S_ISGID;
  if (go_mode & go_sticky) mode |= S_ISVTX;
  return mode;
}

std::string_view name_of(NodeType type) {
  switch (type) {
    case NodeType::file:
      return "file";
    case NodeType::directory:
      return "dir";
    case NodeType::symlink:
      return "symlink";
    case NodeType::block_device:
      return "dev";
    case NodeType::character_device:
      return "chardev";
    case NodeType::fifo:
      return "fifo";
    case NodeType::socket:
      return "socket";
    case NodeType::irregular:
      return "irregular";
  }
  return "irregular";
}

}  // namespace dmaas::engine
