#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "base/bounded_queue.hpp"
#include "engine/archive/back_up.hpp"
#include "engine/archive/backup_counters.hpp"
#include "engine/archive/change_detection.hpp"
#include "engine/archive/file_content.hpp"
#include "engine/archive/parent_directory.hpp"
#include "engine/archive/tree_assembly.hpp"

namespace dmaas::engine {

/// What a backup works with; all of it outlives the archiver.
struct ArchiveContext {
  Repository& repository;
  BlobSaver& saver;
  const BackupOptions& options;
  ChangeRule change_rule;
  std::shared_ptr<BackupCounters> counters;
  ProblemList& problems;
  Progress& progress;
};

/// Turns a source into trees: one thread walks and compares with the parent, `readers` threads read
/// and store what changed, whoever completes a directory saves its tree. Used once.
class Archiver {
public:
  /// `source` outlives the archiver.
  Archiver(Source& source, ArchiveContext context);

  /// The root's tree. Nothing is flushed yet.
  Result<TreeId> archive(std::optional<TreeId> parent_root, std::stop_token stop);

private:
  /// A file on its way to a reader.
  struct Task {
    std::unique_ptr<Entry> entry;
    std::shared_ptr<TreeAssembly> assembly;
    std::uint64_t slot = 0;
    std::optional<Node> before;
  };
  /// A directory being walked.
  struct Level {
    std::unique_ptr<Directory> directory;
    std::shared_ptr<TreeAssembly> assembly;
    ParentDirectory parent;
  };

  Result<> walk(std::optional<TreeId> parent_root, std::stop_token stop);
  Result<> visit(std::unique_ptr<Entry> entry, std::stop_token stop);
  Result<> enter(std::unique_ptr<Entry> entry, std::optional<Node> before, std::stop_token stop);
  Result<> read_files(std::stop_token stop);
  Result<> store_file(ContentStorer& storer, Task& task, std::stop_token stop);
  Result<> leave_out(Task& task, Error error);
  void load_attributes(Entry& entry, const TreeAssembly& assembly);
  void report(Problem problem);
  void count(const Node& node, const std::optional<Node>& before, bool unmodified);
  bool has_content_of(const Node& node) const;
  Result<ParentDirectory> load_parent(const std::optional<Node>& before, std::stop_token stop);
  CuttingRule cutting_rule() const;

  Source& source_;
  ArchiveContext context_;
  const unsigned readers_;
  BoundedQueue<Task> files_;
  std::unique_ptr<Chunker> fixed_chunker_;
  std::optional<TreeSaving> saving_;
  std::shared_ptr<TreeAssembly> root_;
  std::optional<TreePrefetch> prefetch_;
  std::vector<Level> levels_;
};

}  // namespace dmaas::engine
