#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/archive/problem.hpp"
#include "engine/archive/progress.hpp"
#include "engine/format/snapshot.hpp"
#include "engine/repository/repository.hpp"
#include "engine/sources/source.hpp"

namespace dmaas::engine {

enum class ReadMode {
  changed,  // a file that looks as in the parent is not read
  full,     // everything is read
};
enum class InodeCheck {
  compare,
  ignore,  // the way to the source does not keep inode numbers
};
enum class BackupEffect {
  save,
  dry_run,  // reads and counts, writes nothing
};
enum class Estimate {
  none,
  scan,  // a second walk counts what there is, for the progress
};

struct BackupOptions {
  std::optional<Timestamp> time = {};   // absent: now
  std::string hostname = {};            // empty: this machine's
  std::string username = {};            // empty: this process's
  std::vector<std::string> paths = {};  // empty: those of the source
  std::vector<std::string> tags = {};
  std::vector<std::string> excludes = {};  // recorded only: the source applies them
  std::string program_version = {};
  enum class ParentChoice { newest_of_same_host_and_paths, none } parent_choice{};
  std::optional<SnapshotId> parent = {};  // present: this one
  ReadMode read_mode = ReadMode::changed;
  InodeCheck inode_check = InodeCheck::compare;
  unsigned readers = 0;  // files read at once; 0: one for each core
  BackupEffect effect = BackupEffect::save;
  Estimate estimate = Estimate::none;
};

struct BackupSummary {
  std::optional<SnapshotId> snapshot;  // absent after a dry run
  Snapshot saved;                      // what is in it; its summary holds the counts
  std::uint64_t other_entries = 0;     // links, devices, FIFOs
  std::uint64_t tree_bytes_added = 0;  // before compression; data_added of the summary includes it
  std::vector<Problem> problems;       // the first ProblemList::max_kept
  std::array<std::uint64_t, problem_kinds> problem_counts{};  // all, by ProblemKind
  std::chrono::nanoseconds duration{0};
};

/// Backs up `source` as one snapshot. The caller holds a shared lock, or somebody does for it, and
/// has loaded the index.
///
/// Unreadable entries are listed, not fatal, unless the source says otherwise. A file that looks
/// changed after it was read is read again up to twice, then kept and listed. Killed at any moment
/// it leaves a sound repository; what was uploaded is reused by the next run once an index names
/// it. Memory: besides the repository's own, a chunk for each reader (8 MiB at most),
/// `max_waiting_nodes` nodes for each directory on the path being walked, the trees of those
/// directories, old and new, and some old ones loaded ahead (TreePrefetch). `stop` ends it within a
/// second (cancelled). Errors: those of Repository and Source.
Result<BackupSummary> back_up(Repository& repository, Source& source, const BackupOptions& options,
                              Progress& progress, std::stop_token stop);

/// A file that is made, not read.
struct VirtualFile {
  std::string path;  // "/a/b.json"; its directories come into being by it
  BytesView content = {};
  std::uint32_t permissions = 0644;
  FileTime mtime = {};  // keep it stable: equal files in equal directories are then stored once
};
using FileSink = std::function<Result<>(const VirtualFile&)>;
/// Calls the sink for each file, in any order, on one thread; contents are stored at once and need
/// not live on.
using FileProvider = std::function<Result<>(const FileSink&)>;

/// The same for files that a program makes. Memory: about 300 bytes for each file. Errors: also
/// those of `provide`; invalid_input (a path twice, a file where a directory is, empty, "." or ".."
/// as a segment).
Result<BackupSummary> back_up_files(Repository& repository, const FileProvider& provide,
                                    const BackupOptions& options, Progress& progress,
                                    std::stop_token stop);

}  // namespace dmaas::engine
