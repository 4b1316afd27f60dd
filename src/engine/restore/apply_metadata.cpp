#include "engine/restore/apply_metadata.hpp"

#include <fcntl.h>
#include <linux/limits.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <string_view>

#include "base/file.hpp"

namespace dmaas::engine {
namespace {

/// The system calls of one entry, however it is reached. All answer as chown(2) and the like.
struct MetadataCalls {
  std::function<int(const char* name, const void* value, std::size_t size)> set_attribute;
  std::function<int(uid_t user, gid_t group)> set_owner;
  std::function<int(mode_t mode)> set_mode;
  std::function<int(const timespec times[2])> set_times;
  std::function<int(struct stat& status)> stat;
};

bool is_capability(std::string_view name) {
  return name == "security.capability";
}
bool is_acl(std::string_view name) {
  return name.starts_with("system.posix_acl_");
}

timespec time_spec(const FileTime& time) {
  return {.tv_sec = static_cast<time_t>(time.seconds),
          .tv_nsec = static_cast<long>(time.nanoseconds)};
}

class MetadataWriter {
public:
  MetadataWriter(MetadataCalls calls, const Node& node, const std::string& path,
                 RestoreProblems& problems)
      : calls_(std::move(calls)), node_(node), path_(path), problems_(problems) {}

  void write_all() {
    write_attributes([](std::string_view name) { return !is_capability(name) && !is_acl(name); });
    if (calls_.set_owner(node_.uid, node_.gid) != 0)
      report(RestoreProblemKind::ownership, "set the owner", errno);
    if (node_.type != NodeType::symlink) write_mode();
    write_attributes(is_capability);
    write_attributes(is_acl);
    const timespec times[2] = {time_spec(node_.atime), time_spec(node_.mtime)};
    if (calls_.set_times(times) != 0) report(RestoreProblemKind::times, "set the times", errno);
  }

private:
  void write_attributes(const std::function<bool(std::string_view)>& is_wanted) {
    for (const auto& [name, value] : node_.extended_attributes) {
      if (!is_wanted(name)) continue;
      if (calls_.set_attribute(name.c_str(), value.data(), value.size()) != 0)
        report(RestoreProblemKind::attributes, "set " + name, errno);
    }
  }

  void write_mode() {
    const mode_t wanted = permissions_of(node_.mode);
    if (calls_.set_mode(wanted) != 0)
      return report(RestoreProblemKind::permissions, "set the mode", errno);
    const bool may_be_dropped = (wanted & (S_ISUID | S_ISGID)) != 0;
    struct stat status;
    if (!may_be_dropped || calls_.stat(status) != 0 || (status.st_mode & 07777) == wanted) return;
    problems_.add(RestoreProblemKind::permissions, path_,
                  path_ + ": the system dropped setuid or setgid");
  }

  void report(RestoreProblemKind kind, const std::string& action, int error) {
    problems_.add(kind, path_, system_error(path_ + ": " + action, error).message());
  }

  const MetadataCalls calls_;
  const Node& node_;
  const std::string& path_;
  RestoreProblems& problems_;
};

}  // namespace

void apply_metadata(int fd, const Node& node, const std::string& path, RestoreProblems& problems) {
  MetadataCalls calls{
      .set_attribute = [fd](const char* name, const void* value,
                            std::size_t size) { return ::fsetxattr(fd, name, value, size, 0); },
      .set_owner = [fd](uid_t user, gid_t group) { return ::fchown(fd, user, group); },
      .set_mode = [fd](mode_t mode) { return ::fchmod(fd, mode); },
      .set_times = [fd](const timespec times[2]) { return ::futimens(fd, times); },
      .stat = [fd](struct stat& status) { return ::fstat(fd, &status); },
  };
  MetadataWriter{std::move(calls), node, path, problems}.write_all();
}

void drop_attributes(int fd, const Node& node, const std::string& path, RestoreProblems& problems) {
  std::string names(XATTR_LIST_MAX, '\0');
  auto length = ::flistxattr(fd, names.data(), names.size());
  if (length <= 0) return;  // there are none, or the file system knows none
  names.resize(static_cast<std::size_t>(length));
  for (std::size_t begin = 0; begin < names.size();) {
    std::string name = names.c_str() + begin;
    begin += name.size() + 1;
    bool may_go = name.starts_with("user.") || is_capability(name) || is_acl(name);
    bool stays = std::ranges::any_of(node.extended_attributes,
                                     [&](const auto& attribute) { return attribute.name == name; });
    if (!may_go || stays || ::fremovexattr(fd, name.c_str()) == 0) continue;
    problems.add(RestoreProblemKind::attributes, path,
                 system_error(path + ": remove " + name, errno).message());
  }
}

void apply_metadata_at(int directory_fd, const Node& node, const std::string& path,
                       RestoreProblems& problems) {
  FileDescriptor entry{::openat(directory_fd, node.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
  if (!entry.is_open()) {
    problems.add(RestoreProblemKind::entry, path, system_error("open " + path, errno).message());
    return;
  }
  const int fd = entry.get();
  // An O_PATH descriptor takes no fsetxattr and fchmod; its name in /proc does, and leads to
  // nothing else.
  const std::string by_descriptor = "/proc/self/fd/" + std::to_string(fd);
  const std::string by_name = "/proc/self/fd/" + std::to_string(directory_fd) + "/" + node.name;
  const bool is_link = node.type == NodeType::symlink;
  MetadataCalls calls{
      .set_attribute =
          [&](const char* name, const void* value, std::size_t size) {
            return is_link ? ::lsetxattr(by_name.c_str(), name, value, size, 0)
                           : ::setxattr(by_descriptor.c_str(), name, value, size, 0);
          },
      .set_owner =
          [fd](uid_t user, gid_t group) {
            return ::fchownat(fd, "", user, group, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
          },
      .set_mode = [&](mode_t mode) { return ::chmod(by_descriptor.c_str(), mode); },
      .set_times =
          [&](const timespec times[2]) {
            return ::utimensat(directory_fd, node.name.c_str(), times, AT_SYMLINK_NOFOLLOW);
          },
      .stat = [fd](struct stat& status) { return ::fstat(fd, &status); },
  };
  MetadataWriter{std::move(calls), node, path, problems}.write_all();
}

}  // namespace dmaas::engine
