#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "engine/format/ids.hpp"

namespace dmaas::engine {

struct SnapshotSummary {
  Timestamp backup_start;
  Timestamp backup_end;
  std::uint64_t files_new = 0;
  std::uint64_t files_changed = 0;
  std::uint64_t files_unmodified = 0;
  std::uint64_t dirs_new = 0;
  std::uint64_t dirs_changed = 0;
  std::uint64_t dirs_unmodified = 0;
  std::uint64_t data_blobs = 0;  // new ones
  std::uint64_t tree_blobs = 0;
  std::uint64_t data_added = 0;         // bytes before compression
  std::uint64_t data_added_packed = 0;  // bytes as stored
  std::uint64_t total_files_processed = 0;
  std::uint64_t total_bytes_processed = 0;

  bool operator==(const SnapshotSummary&) const = default;
};

/// Empty strings and lists, and absent values, are left out of the file.
struct Snapshot {
  Timestamp time;
  std::optional<SnapshotId> parent;
  TreeId tree;
  std::vector<std::string> paths;
  std::string hostname;
  std::string username;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::string> excludes;
  std::vector<std::string> tags;
  /// The first snapshot of a chain of edits of one backup.
  std::optional<SnapshotId> original;
  std::string program_version;
  std::optional<SnapshotSummary> summary;

  bool operator==(const Snapshot&) const = default;
};

std::string encode_snapshot(const Snapshot& snapshot);
/// Unknown keys are ignored. Errors: corrupt.
Result<Snapshot> decode_snapshot(std::string_view json);

}  // namespace dmaas::engine
