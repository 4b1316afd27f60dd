#include "engine/retention/plan_retention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

namespace dmaas::engine {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::sys_days;

long month_bucket(Timestamp time) {
  std::chrono::year_month_day date{floor<days>(time)};
  return static_cast<int>(date.year()) * 12L + static_cast<unsigned>(date.month());
}

long year_bucket(Timestamp time) {
  return static_cast<int>(std::chrono::year_month_day{floor<days>(time)}.year());
}

long hour_bucket(Timestamp time) {
  return floor<std::chrono::hours>(time).time_since_epoch().count();
}

long day_bucket(Timestamp time) {
  return floor<days>(time).time_since_epoch().count();
}

// Day 0 of the epoch was a Thursday; ISO weeks begin on Monday.
long week_bucket(Timestamp time) {
  return (day_bucket(time) + 3) / 7;
}

struct Bucket {
  int left;
  long (*bucket_of)(Timestamp);  // null: every snapshot is a bucket of its own
  const char* reason;
  long last = std::numeric_limits<long>::min();

  bool keeps(Timestamp time, long position, bool is_oldest) {
    if (left == 0) return false;
    long bucket = bucket_of == nullptr ? position : bucket_of(time);
    if (bucket == last && !is_oldest) return false;
    last = bucket;
    if (left > 0) --left;
    return true;
  }
};

bool has_all_tags(const Snapshot& snapshot, const std::vector<std::string>& tags) {
  return std::ranges::all_of(tags, [&](const auto& tag) {
    return std::ranges::find(snapshot.tags, tag) != snapshot.tags.end();
  });
}

}  // namespace

bool RetentionRule::is_empty() const {
  return last == 0 && hourly == 0 && daily == 0 && weekly == 0 && monthly == 0 && yearly == 0 &&
         !within && tags.empty();
}

RetentionPlan plan_retention(std::vector<StoredSnapshot> snapshots, const RetentionRule& rule) {
  std::ranges::stable_sort(snapshots, std::ranges::greater{},
                           [](const auto& s) { return s.snapshot.time; });
  RetentionPlan plan;
  if (snapshots.empty()) return plan;
  const Timestamp newest = snapshots.front().snapshot.time;
  std::vector<Bucket> buckets{{rule.last, nullptr, "last snapshot"},
                              {rule.hourly, hour_bucket, "hourly snapshot"},
                              {rule.daily, day_bucket, "daily snapshot"},
                              {rule.weekly, week_bucket, "weekly snapshot"},
                              {rule.monthly, month_bucket, "monthly snapshot"},
                              {rule.yearly, year_bucket, "yearly snapshot"}};
  for (std::size_t i = 0; i < snapshots.size(); ++i) {
    auto& stored = snapshots[i];
    std::vector<std::string> reasons;
    if (rule.is_empty()) reasons.emplace_back("no rule given");
    for (const auto& tags : rule.tags) {
      if (has_all_tags(stored.snapshot, tags))
        reasons.push_back(fmt::format("has tags [{}]", fmt::join(tags, ",")));
    }
    if (rule.within && stored.snapshot.time > newest - *rule.within) {
      reasons.push_back(fmt::format("within {}h", rule.within->count()));
    }
    for (auto& bucket : buckets) {
      if (bucket.keeps(stored.snapshot.time, static_cast<long>(i), i + 1 == snapshots.size())) {
        reasons.emplace_back(bucket.reason);
      }
    }
    if (reasons.empty()) {
      plan.remove.push_back(std::move(stored));
    } else {
      plan.keep.push_back({std::move(stored), std::move(reasons)});
    }
  }
  return plan;
}

std::vector<SnapshotGroup> group_snapshots(std::vector<StoredSnapshot> snapshots,
                                           const GroupBy& by) {
  std::map<std::string, SnapshotGroup> groups;
  for (auto& stored : snapshots) {
    SnapshotGroup group;
    if (by.host == GroupBy::Part::compare) group.hostname = stored.snapshot.hostname;
    if (by.paths == GroupBy::Part::compare) group.paths = stored.snapshot.paths;
    if (by.tags == GroupBy::Part::compare) group.tags = stored.snapshot.tags;
    std::ranges::sort(group.paths);
    std::ranges::sort(group.tags);
    // Names may hold any byte but NUL, so NUL separates unambiguously.
    std::string key = group.hostname + '\0';
    for (const auto& path : group.paths) key += path + '\0';
    key += '\0';
    for (const auto& tag : group.tags) key += tag + '\0';
    auto& kept = groups.try_emplace(key, std::move(group)).first->second;
    kept.snapshots.push_back(std::move(stored));
  }
  std::vector<SnapshotGroup> result;
  for (auto& [key, group] : groups) result.push_back(std::move(group));
  return result;
}

}  // namespace dmaas::engine
