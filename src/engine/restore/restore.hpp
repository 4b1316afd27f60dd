#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "engine/archive/progress.hpp"
#include "engine/format/node.hpp"
#include "engine/repository/repository.hpp"
#include "engine/sources/path_patterns.hpp"

namespace dmaas::engine {

/// What to do where the target has something of that name already. Directories are always kept and
/// merged.
enum class Overwrite {
  always,      // replaced
  if_changed,  // a file of equal size and mtime keeps its content and gets its metadata
  never,       // kept as it is
  fail,        // ends the restore (already_exists)
};
/// How a file that is replaced gets its content.
enum class Replace {
  anew,         // it is removed and made again
  differences,  // it stays, and only blocks that differ are written into it
};
enum class Extraneous {
  keep,
  remove,  // what the backup does not have goes from directories that are restored
};
enum class Verify {
  none,
  content,  // each file is read back and its chunks' hashes compared
};
enum class Holes {
  make,         // runs of zeros become holes: a sparse file comes back sparse
  write_zeros,  // every byte is allocated
};

struct RestoreOptions {
  std::string target = {};  // a directory, made when absent
  /// The directory of the backup whose contents go into the target.
  std::string subpath = "/";
  PathPatterns include = {};  // empty: everything
  PathPatterns exclude = {};
  Overwrite overwrite = Overwrite::always;
  Replace replace = Replace::anew;
  Extraneous extraneous = Extraneous::keep;
  Verify verify = Verify::none;
  Holes holes = Holes::make;
  unsigned workers = 0;  // 0: one for each core, at least as many as the store's connections
};

enum class RestoreProblemKind {
  content,      // not restored, or not whole
  entry,        // could not be made: name refused, type not supported, in the way
  ownership,    // chown refused; usual when not root
  permissions,  // chmod refused, or the mode read back differs (setgid is lost silently)
  attributes,   // an extended attribute or ACL
  times,
};
inline constexpr std::size_t restore_problem_kinds = 6;
std::string_view name_of(RestoreProblemKind kind);

struct RestoreProblem {
  RestoreProblemKind kind = RestoreProblemKind::content;
  std::string path;
  std::string message;
};

struct RestoreSummary {
  std::uint64_t files_restored = 0;
  std::uint64_t files_skipped = 0;  // kept because of the overwrite policy
  std::uint64_t files_verified = 0;
  std::uint64_t directories = 0;
  std::uint64_t other_entries = 0;   // links, devices, FIFOs, further names of hard links
  std::uint64_t bytes_restored = 0;  // of files, holes included
  std::uint64_t entries_removed = 0;
  std::vector<RestoreProblem> problems;                               // the first 100
  std::array<std::uint64_t, restore_problem_kinds> problem_counts{};  // all, by kind
  std::chrono::nanoseconds duration{0};
};

/// Brings the tree `root` into a directory. The caller holds a lock and has loaded the index.
///
/// With Replace::differences each chunk of a file that exists is read and hashed, and fetched only
/// when it differs; of that the blocks of 4 KiB that differ are written. Files with several hard
/// links are made anew. An interrupted restore leaves files of two moments: it has to be repeated.
///
/// Everything happens through descriptors of directories below the target without following links:
/// no name, link or concurrent change leads outside. Contents are fetched pack by pack in few
/// ranged reads and written at their offsets by parallel workers. What fails for one entry is
/// listed and the rest goes on; ownership that may not be given away is one such problem.
/// Directories get their metadata last. Memory: 32 MiB for each worker, about 40 MiB of plan, one
/// tree for each level of depth, 150 bytes for each file with several hard links. `stop` ends it
/// within a second (cancelled). Errors: those of Repository, of making the target; already_exists.
Result<RestoreSummary> restore(Repository& repository, const TreeId& root,
                               const RestoreOptions& options, Progress& progress,
                               std::stop_token stop);

/// Where an image goes to, and how.
struct ImageOptions {
  std::string device_path = {};
  Replace replace = Replace::anew;
};

/// Writes an image's content over a block device, or a file that exists. Zeros are written too: the
/// device may hold other data. Errors: exhausted (the device is too small), invalid_input (`image`
/// is no file), and as restore.
Result<> restore_image(Repository& repository, const Node& image, const ImageOptions& options,
                       Progress& progress, std::stop_token stop);

}  // namespace dmaas::engine
