#include "engine/archive/archiver.hpp"

#include <algorithm>
#include <thread>

#include "base/task_group.hpp"

namespace dmaas::engine {
namespace {

constexpr unsigned max_rereads = 2;  // of a file that changes while it is read
constexpr std::size_t queued_files =
    64;  // for each reader; each holds at most the descriptor of its directory

unsigned reader_count(unsigned asked) {
  return asked != 0 ? asked : std::clamp(std::thread::hardware_concurrency(), 1u, 32u);
}

/// `now` with what only reading could tell, taken from the parent.
void take_over(Node& now, Node before) {
  now.user = std::move(before.user);
  now.group = std::move(before.group);
  now.link_target = std::move(before.link_target);
  now.extended_attributes = std::move(before.extended_attributes);
  now.content = std::move(before.content);
}

}  // namespace

Archiver::Archiver(Source& source, ArchiveContext context)
    : source_(source),
      context_(std::move(context)),
      readers_(reader_count(context_.options.readers)),
      files_(readers_ * queued_files) {
  if (source_.chunk_boundaries() == ChunkBoundaries::fixed)
    fixed_chunker_ = make_fixed_chunker(fixed_block_bytes);
}

Result<TreeId> Archiver::archive(std::optional<TreeId> parent_root, std::stop_token stop) {
  TaskGroup threads{stop};
  saving_.emplace(TreeSaving{context_.saver, *context_.counters, threads.token()});
  for (unsigned i = 0; i < readers_; ++i)
    threads.add([this](std::stop_token group) { return read_files(group); });
  threads.add([this, parent_root](std::stop_token group) {
    auto result = walk(parent_root, group);
    files_.close();
    return result;
  });
  TRY(threads.wait());
  auto tree = root_->root_tree();
  ENSURE(tree.has_value());
  return *tree;
}

Result<> Archiver::walk(std::optional<TreeId> parent_root, std::stop_token stop) {
  std::optional<Node> before;
  if (parent_root) before.emplace().subtree = parent_root;
  prefetch_.emplace(context_.repository);
  auto parent = TRY(load_parent(before, stop));
  root_ =
      std::make_shared<TreeAssembly>(*saving_, TreeAssembly::Before{before, parent.entry_count()});
  levels_.push_back({TRY(source_.open_root()), root_, std::move(parent)});

  while (!levels_.empty()) {
    if (stop.stop_requested()) return fail(ErrorCode::cancelled, "the backup was stopped");
    auto entry = levels_.back().directory->next();
    if (!entry) {
      if (source_.on_read_error() == OnReadError::fail) return fail(std::move(entry).error());
      const auto& assembly = *levels_.back().assembly;
      report({ProblemKind::unreadable, assembly.path_of(""), entry.error().message()});
    } else if (*entry) {
      TRY(visit(std::move(*entry), stop));
    } else {
      auto assembly = std::move(levels_.back().assembly);
      levels_.pop_back();
      TRY(assembly->close());
    }
  }
  return {};
}

Result<> Archiver::visit(std::unique_ptr<Entry> entry, std::stop_token stop) {
  Level& level = levels_.back();
  auto before = level.parent.take(entry->node.name);
  const bool unmodified = before && is_unchanged(entry->node, *before, context_.change_rule);
  if (entry->node.type == NodeType::directory) {
    if (unmodified) {
      auto copy = *before;
      copy.subtree.reset();
      take_over(entry->node, std::move(copy));
    } else {
      load_attributes(*entry, *level.assembly);
    }
    return enter(std::move(entry), std::move(before), stop);
  }

  auto slot = TRY(level.assembly->announce());
  const bool is_file = entry->node.type == NodeType::file;
  if (is_file && !(unmodified && has_content_of(*before))) {
    if (!files_.push(Task{std::move(entry), level.assembly, slot, std::move(before)}, stop))
      return fail(ErrorCode::cancelled, "the backup was stopped");
    return {};
  }
  if (unmodified) {
    take_over(entry->node, *before);
  } else {
    load_attributes(*entry, *level.assembly);
  }
  count(entry->node, before, unmodified);
  if (is_file) context_.progress.bytes_done += entry->node.size;
  return level.assembly->complete(slot, std::move(entry->node), before ? &*before : nullptr);
}

/// The entry's directory becomes the one being walked.
Result<> Archiver::enter(std::unique_ptr<Entry> entry, std::optional<Node> before,
                         std::stop_token stop) {
  auto parent_assembly = levels_.back().assembly;
  auto slot = TRY(parent_assembly->announce());
  auto directory = entry->open_directory();
  if (!directory) {
    Task task{std::move(entry), std::move(parent_assembly), slot, std::move(before)};
    return leave_out(task, std::move(directory).error());
  }
  if (before && before->type != NodeType::directory) before.reset();
  auto parent = TRY(load_parent(before, stop));
  auto assembly =
      std::make_shared<TreeAssembly>(std::move(parent_assembly), slot, std::move(entry->node),
                                     TreeAssembly::Before{std::move(before), parent.entry_count()});
  levels_.push_back({std::move(*directory), std::move(assembly), std::move(parent)});
  return {};
}

Result<> Archiver::read_files(std::stop_token stop) {
  ContentStorer storer{context_.saver, cutting_rule(), context_.counters, context_.progress};
  while (auto task = files_.pop(stop)) TRY(store_file(storer, *task, stop));
  return {};
}

Result<> Archiver::store_file(ContentStorer& storer, Task& task, std::stop_token stop) {
  Node& node = task.entry->node;
  context_.progress.set_current(task.assembly->path_of(node.name));
  // A source that is one thing may be a huge device: reading it again would cost too much.
  const unsigned rereads = source_.on_read_error() == OnReadError::fail ? 0 : max_rereads;
  StoredContent content;
  for (unsigned attempt = 0;; ++attempt) {
    auto stream = task.entry->open_file();
    if (!stream) return leave_out(task, std::move(stream).error());
    content = TRY(storer.store(**stream, node.size, stop));
    if (content.source_error) return leave_out(task, *std::move(content.source_error));
    if (content.state == ContentState::stable || attempt == rereads) break;
    context_.progress.bytes_done -= content.size_bytes;  // they come again
  }
  load_attributes(*task.entry, *task.assembly);
  if (content.state == ContentState::changed_while_read) {
    auto path = task.assembly->path_of(node.name);
    report({ProblemKind::changed_while_read, path, path + " was written to each time it was read"});
  }
  node.content = std::move(content.blobs);
  node.size = content.size_bytes;
  const bool unmodified = task.before && task.before->content == node.content;
  count(node, task.before, unmodified);
  return task.assembly->complete(task.slot, std::move(node), task.before ? &*task.before : nullptr);
}

Result<> Archiver::leave_out(Task& task, Error error) {
  if (source_.on_read_error() == OnReadError::fail) return fail(std::move(error));
  // Removed since it was listed: it is as if it had never been there.
  if (error.code() != ErrorCode::not_found)
    report(
        {ProblemKind::unreadable, task.assembly->path_of(task.entry->node.name), error.message()});
  return task.assembly->complete(task.slot, std::nullopt, nullptr);
}

void Archiver::load_attributes(Entry& entry, const TreeAssembly& assembly) {
  auto loaded = entry.load_attributes();
  if (loaded) return;
  report({ProblemKind::attributes_missing, assembly.path_of(entry.node.name),
          loaded.error().message()});
}

void Archiver::report(Problem problem) {
  context_.problems.add(std::move(problem));
  ++context_.progress.problems;
}

void Archiver::count(const Node& node, const std::optional<Node>& before, bool unmodified) {
  auto& counters = *context_.counters;
  ++context_.progress.files_done;
  if (node.type != NodeType::file) {
    counters.other_entries += 1;
    return;
  }
  (!before      ? counters.files_new
   : unmodified ? counters.files_unmodified
                : counters.files_changed) += 1;
  counters.bytes_processed += node.size;
}

/// Whether all content of a parent's node is still in the repository.
bool Archiver::has_content_of(const Node& node) const {
  return node.content && std::ranges::all_of(*node.content, [this](const BlobId& id) {
           return context_.repository.has_blob(data_blob(id));
         });
}

Result<ParentDirectory> Archiver::load_parent(const std::optional<Node>& before,
                                              std::stop_token stop) {
  if (!before || !before->subtree) return ParentDirectory{};
  return ParentDirectory::load(context_.repository, *before->subtree, &*prefetch_, stop);
}

CuttingRule Archiver::cutting_rule() const {
  using enum CuttingRule::Holes;
  if (fixed_chunker_) return {*fixed_chunker_, whole_blocks};
  bool is_ours = context_.repository.config().chunker == ChunkerKind::fastcdc;
  return {context_.repository.chunker(), is_ours ? cut_around : as_zeros};
}

}  // namespace dmaas::engine
