#include "engine/sources/file_attributes.hpp"

#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>
#include <functional>

#include "base/file.hpp"

namespace dmaas::engine {
namespace {

// The kernel's own limits: XATTR_LIST_MAX and XATTR_SIZE_MAX are 64 KiB.
constexpr std::size_t max_attribute_bytes = 64 << 10;

/// The two system calls, bound to a file. Both answer as listxattr(2) and getxattr(2) do.
struct AttributeCalls {
  std::function<ssize_t(char* buffer, std::size_t size)> list;
  std::function<ssize_t(const char* name, void* buffer, std::size_t size)> value;
};

Result<std::vector<ExtendedAttribute>> read_attributes(const AttributeCalls& calls) {
  char small_list[1024];
  std::string large_list;
  const char* names = small_list;
  ssize_t length = calls.list(small_list, sizeof small_list);
  if (length < 0 && errno == ERANGE) {
    large_list.resize(max_attribute_bytes);
    length = calls.list(large_list.data(), large_list.size());
    names = large_list.data();
  }
  if (length < 0 && (errno == ENOTSUP || errno == ENOSYS)) return std::vector<ExtendedAttribute>{};
  if (length < 0) return fail(system_error("list extended attributes", errno));

  std::vector<ExtendedAttribute> attributes;
  Bytes buffer;
  for (const char* name = names; name < names + length;
       name += std::char_traits<char>::length(name) + 1) {
    buffer.resize(max_attribute_bytes);
    ssize_t size = calls.value(name, buffer.data(), buffer.size());
    if (size < 0 && errno == ENODATA) continue;  // removed since it was listed
    if (size < 0) return fail(system_error(std::string("read extended attribute ") + name, errno));
    attributes.push_back({name, Bytes(buffer.begin(), buffer.begin() + size)});
  }
  std::ranges::sort(attributes, {}, &ExtendedAttribute::name);
  return attributes;
}

FileTime file_time(const timespec& time) {
  return {.seconds = time.tv_sec, .nanoseconds = static_cast<std::uint32_t>(time.tv_nsec)};
}

}  // namespace

void set_stat(Node& node, const struct stat& status, AccessTime access_time) {
  node.type = node_type_of(status.st_mode);
  node.mode = go_mode_of(status.st_mode);
  node.mtime = file_time(status.st_mtim);
  node.atime = access_time == AccessTime::record ? file_time(status.st_atim) : node.mtime;
  node.ctime = file_time(status.st_ctim);
  node.uid = status.st_uid;
  node.gid = status.st_gid;
  node.inode = status.st_ino;
  if (node.type == NodeType::file) node.size = static_cast<std::uint64_t>(status.st_size);
  // As restic: directories and FIFOs have no link count.
  if (node.type != NodeType::directory && node.type != NodeType::fifo) node.links = status.st_nlink;
  node.device_id = node.links > 1 ? status.st_dev : 0;
  bool is_device = node.type == NodeType::block_device || node.type == NodeType::character_device;
  node.device = is_device ? status.st_rdev : 0;
}

Result<std::vector<ExtendedAttribute>> read_attributes(int fd) {
  return read_attributes(
      {[fd](char* buffer, std::size_t size) { return ::flistxattr(fd, buffer, size); },
       [fd](const char* name, void* buffer, std::size_t size) {
         return ::fgetxattr(fd, name, buffer, size);
       }});
}

Result<std::vector<ExtendedAttribute>> read_attributes_of_path(const std::string& path) {
  const char* text = path.c_str();
  return read_attributes(
      {[text](char* buffer, std::size_t size) { return ::llistxattr(text, buffer, size); },
       [text](const char* name, void* buffer, std::size_t size) {
         return ::lgetxattr(text, name, buffer, size);
       }});
}

std::string path_in_directory(int directory_fd, const std::string& name) {
  return "/proc/self/fd/" + std::to_string(directory_fd) + "/" + name;
}

}  // namespace dmaas::engine
