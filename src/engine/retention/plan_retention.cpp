#include "engine/retention/plan_retention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/calendar.hpp"

namespace dmaas::engine {
namespace {

struct CalendarRule {
  const char* reason;
  NewestOfEach newest;
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
  std::array rules{CalendarRule{"hourly snapshot", {CalendarUnit::hour, rule.hourly}},
                   CalendarRule{"daily snapshot", {CalendarUnit::day, rule.daily}},
                   CalendarRule{"weekly snapshot", {CalendarUnit::week, rule.weekly}},
                   CalendarRule{"monthly snapshot", {CalendarUnit::month, rule.monthly}},
                   CalendarRule{"yearly snapshot", {CalendarUnit::year, rule.yearly}}};
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
    bool is_one_of_the_last =
        rule.last == RetentionRule::keep_all || i < static_cast<std::size_t>(rule.last);
    if (is_one_of_the_last) reasons.emplace_back("last snapshot");
    for (auto& [reason, newest_of_each] : rules) {
      if (newest_of_each.keeps(stored.snapshot.time, i + 1 == snapshots.size()))
        reasons.emplace_back(reason);
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
