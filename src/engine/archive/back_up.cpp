#include "engine/archive/back_up.hpp"

#include <thread>

#include "engine/archive/archiver.hpp"
#include "engine/archive/choose_parent.hpp"
#include "engine/archive/dry_run_saver.hpp"
#include "engine/archive/estimate.hpp"
#include "engine/archive/virtual_tree.hpp"

namespace dmaas::engine {
namespace {

/// What both kinds of backup begin with and end with.
class BackupRun {
public:
  BackupRun(Repository& repository, const BackupOptions& options)
      : repository_(repository),
        options_(options),
        started_(repository.clock().now()),
        started_monotonic_(repository.clock().monotonic()) {}

  Result<> prepare(std::vector<std::string> paths, std::stop_token stop);
  ArchiveContext context(Progress& progress);
  std::optional<TreeId> parent_root() const {
    return parent_ ? std::optional(parent_->snapshot.tree) : std::nullopt;
  }
  Result<BackupSummary> conclude(const TreeId& tree, std::stop_token stop);

private:
  SnapshotSummary counts() const;

  Repository& repository_;
  const BackupOptions& options_;
  const Timestamp started_;
  const std::chrono::nanoseconds started_monotonic_;
  const std::shared_ptr<BackupCounters> counters_ = std::make_shared<BackupCounters>();
  ProblemList problems_;
  std::optional<DryRunSaver> dry_run_;
  std::optional<StoredSnapshot> parent_;
  Snapshot snapshot_;
};

Result<> BackupRun::prepare(std::vector<std::string> paths, std::stop_token stop) {
  auto owner = this_process();
  snapshot_.time = options_.time.value_or(started_);
  snapshot_.paths = options_.paths.empty() ? std::move(paths) : options_.paths;
  snapshot_.hostname = options_.hostname.empty() ? owner.hostname : options_.hostname;
  snapshot_.username = options_.username.empty() ? owner.username : options_.username;
  snapshot_.uid = owner.uid;
  snapshot_.gid = owner.gid;
  snapshot_.excludes = options_.excludes;
  snapshot_.tags = options_.tags;
  snapshot_.program_version = options_.program_version;
  parent_ = TRY(choose_parent(repository_, options_, snapshot_.hostname, snapshot_.paths, stop));
  if (parent_) snapshot_.parent = parent_->id;
  if (options_.effect == BackupEffect::dry_run) dry_run_.emplace(repository_);
  return {};
}

ArchiveContext BackupRun::context(Progress& progress) {
  ChangeRule rule{
      .read_mode = options_.read_mode, .inode_check = options_.inode_check, .parent_start = {}};
  if (parent_) {
    const auto& snapshot = parent_->snapshot;
    rule.parent_start = snapshot.summary ? snapshot.summary->backup_start : snapshot.time;
  }
  BlobSaver& saver = dry_run_ ? static_cast<BlobSaver&>(*dry_run_) : repository_.saver();
  return {repository_, saver, options_, rule, counters_, problems_, progress};
}

Result<BackupSummary> BackupRun::conclude(const TreeId& tree, std::stop_token stop) {
  snapshot_.tree = tree;
  BackupSummary summary;
  if (options_.effect == BackupEffect::save) {
    // Blobs and the index that names them come before the snapshot: it never points at what is not
    // there.
    TRY(repository_.saver().flush(stop));
    snapshot_.summary = counts();
    summary.snapshot = TRY(repository_.save_snapshot(snapshot_, stop));
  } else {
    snapshot_.summary = counts();
  }
  summary.saved = std::move(snapshot_);
  summary.other_entries = counters_->other_entries;
  summary.tree_bytes_added = counters_->tree_bytes_added;
  summary.problems = problems_.kept();
  summary.problem_counts = problems_.counts();
  summary.duration = repository_.clock().monotonic() - started_monotonic_;
  return summary;
}

SnapshotSummary BackupRun::counts() const {
  const auto& counted = *counters_;
  return {
      .backup_start = started_,
      .backup_end = repository_.clock().now(),
      .files_new = counted.files_new,
      .files_changed = counted.files_changed,
      .files_unmodified = counted.files_unmodified,
      .dirs_new = counted.dirs_new,
      .dirs_changed = counted.dirs_changed,
      .dirs_unmodified = counted.dirs_unmodified,
      .data_blobs = counted.data_blobs,
      .tree_blobs = counted.tree_blobs,
      .data_added = counted.data_bytes_added + counted.tree_bytes_added,
      .data_added_packed = counted.bytes_stored,
      .total_files_processed = counted.files_new + counted.files_changed + counted.files_unmodified,
      .total_bytes_processed = counted.bytes_processed};
}

}  // namespace

Result<BackupSummary> back_up(Repository& repository, Source& source, const BackupOptions& options,
                              Progress& progress, std::stop_token stop) {
  BackupRun run{repository, options};
  TRY(run.prepare(source.paths(), stop));
  std::jthread estimate;
  if (options.estimate == Estimate::scan)
    estimate =
        std::jthread([&](std::stop_token ended) { estimate_total(source, progress, ended); });

  // What is stored below is garbage, not damage, until the snapshot names it: this may end anywhere
  // and be repeated.
  Archiver archiver{source, run.context(progress)};
  auto tree = TRY(archiver.archive(run.parent_root(), stop));
  return run.conclude(tree, stop);
}

Result<BackupSummary> back_up_files(Repository& repository, const FileProvider& provide,
                                    const BackupOptions& options, Progress& progress,
                                    std::stop_token stop) {
  BackupRun run{repository, options};
  TRY(run.prepare({}, stop));
  VirtualTree files{run.context(progress)};
  TRY(provide([&](const VirtualFile& file) { return files.add(file, stop); }));
  auto tree = TRY(files.save(run.parent_root(), stop));
  return run.conclude(tree, stop);
}

}  // namespace dmaas::engine
