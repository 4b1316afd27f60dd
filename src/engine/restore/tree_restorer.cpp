#include "engine/restore/tree_restorer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "engine/restore/apply_metadata.hpp"

namespace dmaas::engine {
namespace {

constexpr std::size_t max_levels = 2'000;
constexpr std::size_t max_finished_directories = 16'384;  // kept until the next batch is written

unsigned worker_count(const RestoreContext& context, const RestoreOptions& options) {
  if (options.workers != 0) return options.workers;
  return std::clamp(
      std::max(std::thread::hardware_concurrency(), context.repository.store().connections()), 1u,
      16u);
}

/// A file of this size and mtime is taken for the same by Overwrite::if_changed. One with other
/// names is made anew when some are missing, so that they become links to it again.
bool looks_same(const Node& node, const struct stat& status) {
  return (node.links <= 1 || status.st_nlink == node.links) && S_ISREG(status.st_mode) &&
         node.type == NodeType::file && static_cast<std::uint64_t>(status.st_size) == node.size &&
         status.st_mtim.tv_sec == node.mtime.seconds &&
         static_cast<std::uint32_t>(status.st_mtim.tv_nsec) == node.mtime.nanoseconds;
}

}  // namespace

TreeRestorer::TreeRestorer(RestoreContext& context, const RestoreOptions& options)
    : context_(context),
      options_(options),
      writer_(context.repository, options.holes, worker_count(context, options), context.progress) {
}

Result<> TreeRestorer::run(const Node& top_node, std::stop_token stop) {
  TRY(push_level(top_node, context_.directories.root(), Selection::below, stop));
  top().is_made = true;
  while (!levels_.empty()) {
    if (stop.stop_requested()) return fail(ErrorCode::cancelled, "the restore was stopped");
    Level& level = top();
    if (level.next == level.nodes.size()) {
      TRY(pop_level(stop));
    } else {
      TRY(restore_node(std::move(level.nodes[level.next++]), stop));
    }
    if (writer_.is_full() || finished_.size() >= max_finished_directories) TRY(flush(stop));
  }
  return flush(stop);
}

void TreeRestorer::report_to(RestoreSummary& summary) const {
  summary.files_skipped = files_skipped_;
  summary.directories = directories_;
  summary.other_entries = other_entries_;
  summary.entries_removed = entries_removed_;
}

Result<> TreeRestorer::push_level(Node node, TargetDirectoryPtr directory, Selection selection,
                                  std::stop_token stop) {
  auto text = TRY(context_.repository.load_blob(tree_blob(*node.subtree), stop));
  Level level{.node = std::move(node), .directory = std::move(directory), .selection = selection};
  level.nodes = TRY(decode_tree(text));
  if (options_.extraneous == Extraneous::remove)
    for (const Node& child : level.nodes) level.names.insert(child.name);
  levels_.push_back(std::move(level));
  return {};
}

Result<> TreeRestorer::pop_level(std::stop_token) {
  Level level = std::move(top());
  levels_.pop_back();
  if (!level.is_made) return {};
  if (options_.extraneous == Extraneous::remove) {
    if (auto removed = remove_extraneous(level); !removed)
      report_entry(level.directory->path(), removed.error());
  }
  if (level.node.name.empty()) return {};  // the backup's root has no metadata
  ++directories_;
  finished_.push_back({std::move(level.directory), std::move(level.node), !level.is_new});
  return {};
}

Result<> TreeRestorer::restore_node(Node node, std::stop_token stop) {
  if (!is_safe_name(node.name)) {
    auto path = top().directory->path() + "/" + node.name;
    report_entry(path, Error{ErrorCode::corrupt, "an entry's name '" + node.name + "' in " +
                                                     top().directory->path() +
                                                     "/ could lead outside and is refused"});
    return {};
  }
  const std::string path = top().directory->path() + "/" + node.name;
  const Selection selection = selection_of(path, node.type);
  if (selection == Selection::none) return {};
  if (node.type == NodeType::directory) return enter(std::move(node), selection, stop);

  auto restored = [&]() -> Result<> {
    TRY(ensure_made(levels_.size() - 1));
    auto way = TRY(clear_way(node));
    if (way == Way::kept) return {};
    return node.type == NodeType::file ? restore_file(std::move(node), way) : make_special(node);
  }();
  if (restored) return {};
  bool is_fatal =
      restored.failed_with(ErrorCode::cancelled) || restored.failed_with(ErrorCode::exhausted) ||
      (restored.failed_with(ErrorCode::already_exists) && options_.overwrite == Overwrite::fail);
  if (is_fatal) return restored;
  report_entry(path, restored.error());
  return {};
}

Result<> TreeRestorer::enter(Node node, Selection selection, std::stop_token stop) {
  auto directory =
      std::make_shared<const TargetDirectory>(TargetDirectory{top().directory, node.name});
  if (levels_.size() == max_levels || !node.subtree) {
    report_entry(directory->path(),
                 Error{ErrorCode::corrupt, "a directory without content, or nested too deeply"});
    return {};
  }
  auto pushed = push_level(std::move(node), directory, selection, stop);
  if (!pushed &&
      (pushed.failed_with(ErrorCode::corrupt) || pushed.failed_with(ErrorCode::not_found))) {
    report_entry(directory->path(), pushed.error());
    return {};
  }
  TRY(std::move(pushed));
  if (selection != Selection::all) return {};
  auto made = ensure_made(levels_.size() - 1);
  if (made || made.failed_with(ErrorCode::exhausted)) return made;
  report_entry(directory->path(), made.error());
  levels_.pop_back();
  return {};
}

/// Makes the directories of the path down to `index` as far as they are missing.
Result<> TreeRestorer::ensure_made(std::size_t index) {
  if (levels_[index].is_made) return {};
  TRY(ensure_made(index - 1));
  Level& level = levels_[index];
  auto parent = TRY(context_.directories.fd_of(level.directory->parent));
  const char* name = level.node.name.c_str();
  level.is_new = ::mkdirat(parent->get(), name, 0700) == 0;
  if (!level.is_new && errno != EEXIST)
    return fail(system_error("make " + level.directory->path(), errno));
  struct stat status;
  if (!level.is_new && ::fstatat(parent->get(), name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
      !S_ISDIR(status.st_mode)) {
    if (options_.overwrite == Overwrite::never || options_.overwrite == Overwrite::fail)
      return fail(ErrorCode::already_exists,
                  level.directory->path() + " exists and is no directory");
    if (::unlinkat(parent->get(), name, 0) != 0 || ::mkdirat(parent->get(), name, 0700) != 0)
      return fail(system_error("replace " + level.directory->path() + " by a directory", errno));
    level.is_new = true;
  }
  level.is_made = true;
  return {};
}

Result<TreeRestorer::Way> TreeRestorer::clear_way(const Node& node) {
  if (top().is_new) return Way::free;
  auto directory = TRY(context_.directories.fd_of(top().directory));
  struct stat status;
  if (::fstatat(directory->get(), node.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return Way::free;
    return fail(system_error("stat " + node.name, errno));
  }
  const std::string path = top().directory->path() + "/" + node.name;
  if (options_.overwrite == Overwrite::fail)
    return fail(ErrorCode::already_exists,
                path + " exists; choose an empty target or another overwrite policy");
  if (options_.overwrite == Overwrite::never) {
    ++files_skipped_;
    return Way::kept;
  }
  if (options_.overwrite == Overwrite::if_changed && looks_same(node, status)) {
    ++files_skipped_;
    TRY(refresh_metadata(directory->get(), node, path));
    context_.progress.bytes_done += node.size;
    ++context_.progress.files_done;
    return Way::kept;
  }
  if (may_be_updated(node, status, directory->get())) return Way::updated;
  if (S_ISDIR(status.st_mode)) {
    if (options_.extraneous == Extraneous::keep)
      return fail(ErrorCode::already_exists,
                  path + " is a directory and in the way; remove it, or allow removal");
    entries_removed_ += TRY(remove_tree(directory->get(), node.name));
    return Way::free;
  }
  if (::unlinkat(directory->get(), node.name.c_str(), 0) != 0)
    return fail(system_error("remove " + path, errno));
  return Way::free;
}

/// Another name of the same file would change with it. Who may not write to a file may be allowed
/// to make it anew.
bool TreeRestorer::may_be_updated(const Node& node, const struct stat& there,
                                  int directory_fd) const {
  bool is_one = node.type == NodeType::file && S_ISREG(there.st_mode) && there.st_nlink == 1 &&
                node.links <= 1;
  if (options_.replace != Replace::differences || !is_one) return false;
  const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  return FileDescriptor{::openat(directory_fd, node.name.c_str(), flags)}.is_open();
}

/// Of a file whose content stays.
Result<> TreeRestorer::refresh_metadata(int directory_fd, const Node& node,
                                        const std::string& path) {
  const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  FileDescriptor file{::openat(directory_fd, node.name.c_str(), flags)};
  if (!file.is_open()) return fail(system_error("open " + path, errno));
  if (options_.replace == Replace::differences)
    drop_attributes(file.get(), node, path, context_.problems);
  apply_metadata(file.get(), node, path, context_.problems);
  return {};
}

Result<> TreeRestorer::restore_file(Node node, Way way) {
  Place place{top().directory, node.name};
  if (node.links > 1 && !is_first_name(node, place)) return {};
  auto origin = way == Way::updated ? RestoreFile::Origin::there : RestoreFile::Origin::made;
  auto file = std::make_unique<RestoreFile>(context_, std::move(place.directory), node, origin);
  writer_.add(std::move(file), node);
  return {};
}

/// False, and a link is noted, when another name of the same file came before.
bool TreeRestorer::is_first_name(const Node& node, const Place& place) {
  auto key = std::pair(node.device_id, node.inode);
  auto [found, is_first] = first_names_.try_emplace(key, FirstName{place, node.links - 1});
  if (is_first) return true;
  links_.push_back({found->second.place, place});
  if (--found->second.names_to_come == 0) first_names_.erase(found);
  return false;
}

Result<> TreeRestorer::make_special(const Node& node) {
  auto directory = TRY(context_.directories.fd_of(top().directory));
  const int fd = directory->get();
  const char* name = node.name.c_str();
  const std::string path = top().directory->path() + "/" + node.name;
  int made = -1;
  switch (node.type) {
    case NodeType::symlink:
      made = ::symlinkat(node.link_target.c_str(), fd, name);
      break;
    case NodeType::fifo:
      made = ::mkfifoat(fd, name, 0600);
      break;
    case NodeType::block_device:
      made = ::mknodat(fd, name, S_IFBLK | 0600, node.device);
      break;
    case NodeType::character_device:
      made = ::mknodat(fd, name, S_IFCHR | 0600, node.device);
      break;
    default:
      return fail(ErrorCode::unsupported, path + " is of a type that cannot be restored");
  }
  if (made != 0) return fail(system_error("make " + path, errno));
  apply_metadata_at(fd, node, path, context_.problems);
  ++other_entries_;
  ++context_.progress.files_done;
  return {};
}

Result<> TreeRestorer::remove_extraneous(Level& level) {
  auto directory = TRY(context_.directories.fd_of(level.directory));
  for (const auto& name : TRY(list_names(*directory))) {
    if (level.names.contains(name)) continue;
    // What is not selected for the restore is not ours to remove.
    if (selection_of(level.directory->path() + "/" + name, NodeType::file) != Selection::all)
      continue;
    entries_removed_ += TRY(remove_tree(directory->get(), name));
  }
  return {};
}

Result<> TreeRestorer::flush(std::stop_token stop) {
  TRY(writer_.write_all(stop));
  for (const Link& link : links_) make_link(link);
  links_.clear();
  for (const auto& [directory, node, was_there] : finished_) {
    auto fd = context_.directories.fd_of(directory);
    if (!fd) {
      report_entry(directory->path(), fd.error());
      continue;
    }
    if (was_there && options_.replace == Replace::differences)
      drop_attributes((*fd)->get(), node, directory->path(), context_.problems);
    apply_metadata((*fd)->get(), node, directory->path(), context_.problems);
  }
  finished_.clear();
  return {};
}

void TreeRestorer::make_link(const Link& link) {
  const std::string path = link.made.directory->path() + "/" + link.made.name;
  auto made = [&]() -> Result<> {
    auto from = TRY(context_.directories.fd_of(link.existing.directory));
    auto to = TRY(context_.directories.fd_of(link.made.directory));
    if (::linkat(from->get(), link.existing.name.c_str(), to->get(), link.made.name.c_str(), 0) !=
        0)
      return fail(system_error("link " + path, errno));
    return {};
  }();
  if (!made) return report_entry(path, made.error());
  ++other_entries_;
  ++context_.progress.files_done;
}

TreeRestorer::Selection TreeRestorer::selection_of(const std::string& path, NodeType type) const {
  if (options_.exclude.matches(path)) return Selection::none;
  if (options_.include.empty() || options_.include.matches(path)) return Selection::all;
  bool leads_on = type == NodeType::directory && options_.include.may_match_below(path);
  return leads_on ? Selection::below : Selection::none;
}

void TreeRestorer::report_entry(const std::string& path, const Error& error) {
  context_.problems.add(RestoreProblemKind::entry, path, error.message());
  ++context_.progress.problems;
}

}  // namespace dmaas::engine
