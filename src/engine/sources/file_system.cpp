#include "engine/sources/file_system.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <utility>

#include "base/file.hpp"
#include "engine/sources/account_names.hpp"
#include "engine/sources/file_stream.hpp"
#include "engine/sources/single_entry.hpp"

namespace dmaas::engine {
namespace {

/// What all directories and entries of one walk share; immutable.
struct Walk {
  FileSystemOptions options;
  AccountNames accounts = AccountNames::load();
};

/// A directory that entries found in it are opened through; lives as long as one of them.
struct OpenDirectory {
  FileDescriptor fd;
  std::string path;  // in the tree
  dev_t file_system = 0;
};

std::string join(const std::string& directory, const std::string& name) {
  return directory.ends_with('/') ? directory + name : directory + "/" + name;
}

/// Opens without a trace in the access time where the kernel lets us (owner or CAP_FOWNER).
Result<FileDescriptor> open_quietly(int directory_fd, const std::string& name, int flags,
                                    const std::string& path) {
  flags |= O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  int fd = ::openat(directory_fd, name.c_str(), flags | O_NOATIME);
  if (fd < 0 && errno == EPERM) fd = ::openat(directory_fd, name.c_str(), flags);
  if (fd < 0) return fail(system_error("open " + path, errno));
  return FileDescriptor{fd};
}

class FileSystemDirectory;
Result<std::unique_ptr<Directory>> open_directory_at(std::shared_ptr<const Walk> walk,
                                                     int parent_fd, const std::string& name,
                                                     std::string path, int flags);

class FileSystemEntry final : public Entry {
public:
  FileSystemEntry(std::shared_ptr<const Walk> walk, std::shared_ptr<const OpenDirectory> parent,
                  const struct stat& status, std::string name)
      : walk_(std::move(walk)), parent_(std::move(parent)) {
    node.name = std::move(name);
    set_stat(node, status, walk_->options.access_time);
    is_other_file_system_ = status.st_dev != parent_->file_system;
  }

  Result<> load_attributes() override {
    node.user = walk_->accounts.user(node.uid);
    node.group = walk_->accounts.group(node.gid);
    if (node.type == NodeType::symlink) node.link_target = TRY(read_link());
    if (file_ && file_->is_open()) {
      node.extended_attributes = TRY(read_attributes(file_->get()).context(path()));
    } else {
      auto reliable_path = path_in_directory(parent_->fd.get(), node.name);
      node.extended_attributes = TRY(read_attributes_of_path(reliable_path).context(path()));
    }
    return {};
  }

  Result<std::unique_ptr<Directory>> open_directory() override;

  Result<std::unique_ptr<FileStream>> open_file() override {
    file_ = std::make_shared<FileDescriptor>(
        TRY(open_quietly(parent_->fd.get(), node.name, O_NOFOLLOW, path())));
    struct stat status;
    if (::fstat(file_->get(), &status) != 0) return fail(system_error("stat " + path(), errno));
    if (!S_ISREG(status.st_mode))
      return fail(ErrorCode::conflict, path() + " is no longer a regular file");
    set_stat(node, status, walk_->options.access_time);
    return std::make_unique<RegularFileStream>(file_, status, path());
  }

private:
  std::string path() const { return join(parent_->path, node.name); }

  Result<std::string> read_link() const {
    std::string target(PATH_MAX, '\0');
    ssize_t length =
        ::readlinkat(parent_->fd.get(), node.name.c_str(), target.data(), target.size());
    if (length < 0) return fail(system_error("read link " + path(), errno));
    target.resize(static_cast<std::size_t>(length));
    return target;
  }

  std::shared_ptr<const Walk> walk_;
  std::shared_ptr<const OpenDirectory> parent_;
  std::shared_ptr<FileDescriptor> file_;
  bool is_other_file_system_ = false;
};

/// Names of one directory, in one block of memory: a million names must not cost a million
/// allocations.
class NameList {
public:
  void add(const char* name) {
    begins_.push_back(text_.size());
    text_.append(name).push_back('\0');
  }
  void sort() {
    std::ranges::sort(begins_, [this](std::size_t a, std::size_t b) { return view(a) < view(b); });
  }
  bool at_end() const { return next_ == begins_.size(); }
  std::string take_next() { return std::string(view(begins_[next_++])); }

private:
  std::string_view view(std::size_t begin) const { return text_.c_str() + begin; }

  std::string text_;
  std::vector<std::size_t> begins_;
  std::size_t next_ = 0;
};

Result<NameList> list_names(const OpenDirectory& directory) {
  int copy = ::fcntl(directory.fd.get(), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return fail(system_error("list " + directory.path, errno));
  std::unique_ptr<DIR, int (*)(DIR*)> stream{::fdopendir(copy), ::closedir};
  if (!stream) {
    ::close(copy);
    return fail(system_error("list " + directory.path, errno));
  }
  NameList names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr && errno != 0) return fail(system_error("list " + directory.path, errno));
    if (entry == nullptr) break;
    std::string_view name = entry->d_name;
    if (name != "." && name != ".." && entry->d_type != DT_SOCK) names.add(entry->d_name);
  }
  names.sort();
  return names;
}

class FileSystemDirectory final : public Directory {
public:
  FileSystemDirectory(std::shared_ptr<const Walk> walk,
                      std::shared_ptr<const OpenDirectory> directory, NameList names)
      : walk_(std::move(walk)), directory_(std::move(directory)), names_(std::move(names)) {}

  Result<std::unique_ptr<Entry>> next() override {
    while (!names_.at_end()) {
      std::string name = names_.take_next();
      const auto& exclude = walk_->options.exclude;
      if (!exclude.empty() && exclude.matches(join(directory_->path, name))) continue;
      struct stat status;
      if (::fstatat(directory_->fd.get(), name.c_str(), &status,
                    AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0) {
        if (errno == ENOENT)
          continue;  // removed since the directory was listed: it is as if it had never been there
        return fail(system_error("stat " + join(directory_->path, name), errno));
      }
      if (S_ISSOCK(status.st_mode)) continue;
      return std::make_unique<FileSystemEntry>(walk_, directory_, status, std::move(name));
    }
    return std::unique_ptr<Entry>{};
  }

private:
  std::shared_ptr<const Walk> walk_;
  std::shared_ptr<const OpenDirectory> directory_;
  NameList names_;
};

class EmptyDirectory final : public Directory {
public:
  Result<std::unique_ptr<Entry>> next() override { return std::unique_ptr<Entry>{}; }
};

Result<std::unique_ptr<Directory>> open_directory_at(std::shared_ptr<const Walk> walk,
                                                     int parent_fd, const std::string& name,
                                                     std::string path, int flags) {
  auto directory = std::make_shared<OpenDirectory>();
  directory->fd = TRY(open_quietly(parent_fd, name, O_DIRECTORY | flags, path));
  directory->path = std::move(path);
  struct stat status;
  if (::fstat(directory->fd.get(), &status) != 0)
    return fail(system_error("stat " + directory->path, errno));
  directory->file_system = status.st_dev;
  auto names = TRY(list_names(*directory));
  return std::make_unique<FileSystemDirectory>(std::move(walk), std::move(directory),
                                               std::move(names));
}

Result<std::unique_ptr<Directory>> FileSystemEntry::open_directory() {
  using enum FileSystemOptions::OtherFileSystems;
  if (is_other_file_system_ && walk_->options.other_file_systems == leave_out)
    return std::make_unique<EmptyDirectory>();
  return open_directory_at(walk_, parent_->fd.get(), node.name, path(), O_NOFOLLOW);
}

/// The directories from the root down to the targets.
struct TargetTree {
  std::map<std::string, TargetTree> children;  // empty: a target
};

class TargetDirectory;

/// A directory above a target: its own attributes, but of its content only what leads to targets.
class AncestorEntry final : public Entry {
public:
  AncestorEntry(std::shared_ptr<const Walk> walk, std::string path, const TargetTree& tree,
                const struct stat& status)
      : walk_(std::move(walk)), path_(std::move(path)), tree_(tree) {
    set_stat(node, status, walk_->options.access_time);
    node.name = path_.substr(path_.rfind('/') + 1);
  }

  Result<> load_attributes() override {
    node.user = walk_->accounts.user(node.uid);
    node.group = walk_->accounts.group(node.gid);
    node.extended_attributes = TRY(read_attributes_of_path(path_ + "/.").context(path_));
    return {};
  }
  Result<std::unique_ptr<Directory>> open_directory() override;
  Result<std::unique_ptr<FileStream>> open_file() override {
    return fail(ErrorCode::unsupported, path_ + " is a directory");
  }

private:
  std::shared_ptr<const Walk> walk_;
  std::string path_;
  const TargetTree& tree_;  // lives in the source
};

class TargetDirectory final : public Directory {
public:
  TargetDirectory(std::shared_ptr<const Walk> walk, std::string path, const TargetTree& tree)
      : walk_(std::move(walk)), path_(std::move(path)), tree_(tree), next_(tree.children.begin()) {}

  Result<std::unique_ptr<Entry>> next() override {
    if (next_ == tree_.children.end()) return std::unique_ptr<Entry>{};
    const auto& [name, subtree] = *next_++;
    if (subtree.children.empty()) return open_target(name);
    std::string path = path_ + "/" + name;
    struct stat status;
    // A link on the way to a target is followed and stored as the directory that it leads to, as
    // the path says.
    if (::stat(path.c_str(), &status) != 0) return fail(system_error("stat " + path, errno));
    return std::make_unique<AncestorEntry>(walk_, std::move(path), subtree, status);
  }

private:
  Result<std::unique_ptr<Entry>> open_target(const std::string& name) {
    auto parent = std::make_shared<OpenDirectory>();
    parent->path = path_.empty() ? "/" : path_;
    parent->fd = TRY(open_quietly(AT_FDCWD, parent->path, O_DIRECTORY, parent->path));
    struct stat status;
    if (::fstatat(parent->fd.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      return fail(system_error("stat " + join(parent->path, name), errno));
    parent->file_system = status.st_dev;  // a target may be a mount point itself
    return std::make_unique<FileSystemEntry>(walk_, std::move(parent), status, name);
  }

  std::shared_ptr<const Walk> walk_;
  std::string path_;
  const TargetTree& tree_;
  std::map<std::string, TargetTree>::const_iterator next_;
};

Result<std::unique_ptr<Directory>> AncestorEntry::open_directory() {
  return std::make_unique<TargetDirectory>(walk_, path_, tree_);
}

/// The one target of the named layout.
class NamedTargetEntry final : public Entry {
public:
  NamedTargetEntry(std::shared_ptr<const Walk> walk, std::string path, const struct stat& status)
      : walk_(std::move(walk)), path_(std::move(path)) {
    set_stat(node, status, walk_->options.access_time);
    node.name = walk_->options.name;
  }

  Result<> load_attributes() override {
    node.user = walk_->accounts.user(node.uid);
    node.group = walk_->accounts.group(node.gid);
    node.extended_attributes = TRY(read_attributes_of_path(path_ + "/.").context(path_));
    return {};
  }
  Result<std::unique_ptr<Directory>> open_directory() override {
    return open_directory_at(walk_, AT_FDCWD, path_, "/" + node.name, 0);
  }
  Result<std::unique_ptr<FileStream>> open_file() override {
    return fail(ErrorCode::unsupported, path_ + " is a directory");
  }

private:
  std::shared_ptr<const Walk> walk_;
  std::string path_;
};

class FileSystemSource final : public Source {
public:
  FileSystemSource(std::vector<std::string> paths, const FileSystemOptions& options)
      : paths_(std::move(paths)), walk_(std::make_shared<const Walk>(Walk{.options = options})) {
    for (const auto& path : paths_) add_target(path);
  }

  std::vector<std::string> paths() const override {
    if (walk_->options.layout == FileSystemOptions::Layout::named)
      return {"/" + walk_->options.name};
    return paths_;
  }

  Result<std::unique_ptr<Directory>> open_root() override {
    if (walk_->options.layout == FileSystemOptions::Layout::contents)
      return open_directory_at(walk_, AT_FDCWD, paths_.front(), "/", 0);
    if (walk_->options.layout == FileSystemOptions::Layout::named)
      return std::make_unique<SingleEntryDirectory>(TRY(open_named_target()));
    if (targets_.children.empty()) return open_directory_at(walk_, AT_FDCWD, "/", "/", 0);
    return std::make_unique<TargetDirectory>(walk_, "", targets_);
  }

private:
  Result<std::unique_ptr<Entry>> open_named_target() {
    struct stat status;
    if (::stat(paths_.front().c_str(), &status) != 0)
      return fail(system_error("stat " + paths_.front(), errno));
    return std::make_unique<NamedTargetEntry>(walk_, paths_.front(), status);
  }

  /// `paths_` is sorted, so a directory comes before what lies in it, which it covers.
  void add_target(const std::string& path) {
    if (paths_.front() == "/") return;  // everything is below it
    TargetTree* step = &targets_;
    bool is_new = targets_.children.empty();
    for (const auto& part : std::filesystem::path(path).relative_path()) {
      if (!is_new && step->children.empty()) return;  // inside an earlier target
      auto [child, was_added] = step->children.try_emplace(part.string());
      is_new = was_added;
      step = &child->second;
    }
  }

  std::vector<std::string> paths_;
  std::shared_ptr<const Walk> walk_;
  TargetTree targets_;
};

/// Absolute, without "." and "..", as the path is written: links in it stay.
std::string normal_path(const std::string& path) {
  auto normal = std::filesystem::absolute(path).lexically_normal().string();
  if (normal.size() > 1 && normal.ends_with('/')) normal.pop_back();
  return normal;
}

bool is_file_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos;
}

/// A walk holds a descriptor for each level of the path and each file in work; soft limits of 1,024
/// are common.
void raise_descriptor_limit() {
  rlimit limit;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

Result<std::unique_ptr<Source>> open_file_system(const std::vector<std::string>& targets,
                                                 const FileSystemOptions& options) {
  if (targets.empty())
    return fail(ErrorCode::invalid_input,
                "nothing to back up; name at least one file or directory");
  std::vector<std::string> paths;
  for (const auto& target : targets) {
    paths.push_back(normal_path(target));
    struct stat status;
    if (::lstat(paths.back().c_str(), &status) != 0)
      return fail(system_error("stat " + target, errno));
    const bool is_one_directory = targets.size() == 1 && S_ISDIR(status.st_mode);
    if (options.layout != FileSystemOptions::Layout::absolute_paths && !is_one_directory)
      return fail(ErrorCode::invalid_input, target + ": this layout takes exactly one directory");
  }
  if (options.layout == FileSystemOptions::Layout::named && !is_file_name(options.name))
    return fail(ErrorCode::invalid_input,
                "'" + options.name + "' is no name for a directory in a backup");
  std::ranges::sort(paths);
  paths.erase(std::ranges::unique(paths).begin(), paths.end());
  raise_descriptor_limit();
  return std::make_unique<FileSystemSource>(std::move(paths), options);
}

}  // namespace dmaas::engine
