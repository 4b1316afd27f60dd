#include "engine/restore/target_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace dmaas::engine {
namespace {

constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr unsigned max_depth = 1'000;  // of directories removed

Result<std::uint64_t> remove_tree(int directory_fd, const std::string& name, unsigned depth) {
  if (::unlinkat(directory_fd, name.c_str(), 0) == 0) return 1;
  if (errno == ENOENT) return 0;
  if (errno != EISDIR && errno != EPERM) return fail(system_error("remove " + name, errno));
  if (depth == max_depth)
    return fail(ErrorCode::exhausted, "directories below " + name + " are nested too deeply");
  std::uint64_t removed = 1;
  {
    FileDescriptor directory{::openat(directory_fd, name.c_str(), directory_flags)};
    if (!directory.is_open()) return fail(system_error("open " + name, errno));
    for (const auto& child : TRY(list_names(directory)))
      removed += TRY(remove_tree(directory.get(), child, depth + 1));
  }
  if (::unlinkat(directory_fd, name.c_str(), AT_REMOVEDIR) != 0)
    return fail(system_error("remove " + name, errno));
  return removed;
}

}  // namespace

std::string TargetDirectory::path() const {
  return parent ? parent->path() + "/" + name : std::string();
}

bool is_safe_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

Result<std::unique_ptr<TargetDirectories>> TargetDirectories::open(const std::string& target) {
  std::error_code error;
  std::filesystem::create_directories(target, error);
  // The target itself may be a link: the person who named it decides.
  FileDescriptor fd{::open(target.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd.is_open())
    return fail(system_error("open the target " + target, error ? error.value() : errno));
  return std::make_unique<TargetDirectories>(std::move(fd));
}

TargetDirectories::TargetDirectories(FileDescriptor target)
    : target_(std::make_shared<const FileDescriptor>(std::move(target))) {}

Result<std::shared_ptr<const FileDescriptor>> TargetDirectories::fd_of(
    const TargetDirectoryPtr& directory) {
  if (directory->parent == nullptr) return target_;
  if (auto fd = find(directory.get())) return fd;
  auto parent = TRY(fd_of(directory->parent));
  int opened = ::openat(parent->get(), directory->name.c_str(), directory_flags);
  if (opened < 0) return fail(system_error("open " + directory->path(), errno));
  auto fd = std::make_shared<const FileDescriptor>(opened);
  keep(directory, fd);
  return fd;
}

TargetDirectories::Fd TargetDirectories::find(const TargetDirectory* directory) {
  std::lock_guard lock{mutex_};
  auto place = places_.find(directory);
  if (place == places_.end()) return nullptr;
  cached_.splice(cached_.begin(), cached_, place->second);
  return place->second->fd;
}

void TargetDirectories::keep(const TargetDirectoryPtr& directory, const Fd& fd) {
  std::lock_guard lock{mutex_};
  if (places_.contains(directory.get())) return;  // another thread was faster
  cached_.push_front({directory, fd});
  places_[directory.get()] = cached_.begin();
  if (cached_.size() <= max_open) return;
  places_.erase(cached_.back().directory.get());
  cached_.pop_back();
}

Result<std::vector<std::string>> list_names(const FileDescriptor& directory) {
  int fresh = ::openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fresh < 0) return fail(system_error("list a directory", errno));
  std::unique_ptr<DIR, int (*)(DIR*)> stream{::fdopendir(fresh), ::closedir};
  if (!stream) {
    ::close(fresh);
    return fail(system_error("list a directory", errno));
  }
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(stream.get())) {
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  return names;
}

Result<std::uint64_t> remove_tree(int directory_fd, const std::string& name) {
  return remove_tree(directory_fd, name, 0);
}

}  // namespace dmaas::engine
