#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "engine/repository/repository.hpp"

namespace dmaas::engine {

/// How many backups to keep; 0: this rule keeps nothing, `keep_all`: no limit. Calendar units are
/// UTC, weeks are ISO weeks.
struct RetentionRule {
  static constexpr int keep_all = -1;

  int last = 0;
  int hourly = 0;
  int daily = 0;
  int weekly = 0;
  int monthly = 0;
  int yearly = 0;
  /// Everything younger than this, measured from the newest snapshot, so that a stopped plan never
  /// expires itself.
  std::optional<std::chrono::hours> within = {};
  /// Every snapshot that has all tags of one of these lists.
  std::vector<std::vector<std::string>> tags = {};

  bool is_empty() const;
};

struct KeptSnapshot {
  StoredSnapshot stored;
  std::vector<std::string> reasons;  // "daily snapshot", "within 72h"
};

struct RetentionPlan {
  std::vector<KeptSnapshot> keep;      // newest first
  std::vector<StoredSnapshot> remove;  // newest first
};

/// Decides, and touches nothing. An empty rule keeps everything. As in restic, the oldest snapshot
/// counts for a calendar rule that has counts left, so that history grows to its full length.
RetentionPlan plan_retention(std::vector<StoredSnapshot> snapshots, const RetentionRule& rule);

/// Snapshots of one group are compared with each other only.
struct SnapshotGroup {
  std::string hostname;
  std::vector<std::string> paths;
  std::vector<std::string> tags;
  std::vector<StoredSnapshot> snapshots;
};
struct GroupBy {
  enum class Part { ignore, compare };
  Part host = Part::compare;
  Part paths = Part::compare;
  Part tags = Part::ignore;
};
std::vector<SnapshotGroup> group_snapshots(std::vector<StoredSnapshot> snapshots,
                                           const GroupBy& by);

}  // namespace dmaas::engine
