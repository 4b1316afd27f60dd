#include "applications/retention/choose_kept.hpp"

#include <algorithm>
#include <array>

#include "base/calendar.hpp"
#include "base/time_text.hpp"
#include "base/time_zone.hpp"

namespace dmaas::applications {
namespace {

struct CalendarRule {
  std::string_view name;
  NewestOfEach newest;
};

}  // namespace

Result<std::vector<RetainedBackup>> choose_kept(std::vector<RetainedBackup> backups,
                                                const api::RetentionPolicySpec& policy,
                                                Timestamp now) {
  const auto* zone = TRY(find_time_zone(policy.time_zone));
  std::ranges::stable_sort(backups, std::ranges::greater{}, &RetainedBackup::time);
  std::array rules{CalendarRule{"hourly", {CalendarUnit::hour, policy.hourly}},
                   CalendarRule{"daily", {CalendarUnit::day, policy.daily}},
                   CalendarRule{"weekly", {CalendarUnit::week, policy.weekly}},
                   CalendarRule{"monthly", {CalendarUnit::month, policy.monthly}},
                   CalendarRule{"yearly", {CalendarUnit::year, policy.yearly}}};
  auto is_later = [now](const RetainedBackup& backup) { return backup.time > now; };
  auto first = static_cast<std::size_t>(std::ranges::count_if(backups, is_later));
  for (std::size_t i = 0; i < first; ++i) backups[i].kept_by.emplace_back("later than now");
  for (std::size_t i = first; i < backups.size(); ++i) {
    auto& backup = backups[i];
    auto position = static_cast<std::int64_t>(i - first);
    bool is_oldest = i + 1 == backups.size();
    if (position < policy.last) backup.kept_by.emplace_back("last");
    if (policy.within && backup.time >= backups[first].time - *policy.within)
      backup.kept_by.push_back("within " + format_duration(*policy.within));
    for (auto& rule : rules) {
      if (rule.newest.keeps(wall_time(zone, backup.time), is_oldest))
        backup.kept_by.emplace_back(rule.name);
    }
    if (!policy.has_rule()) backup.kept_by.emplace_back("no rule");
    if (backup.kept_by.empty() && position < policy.minimum) backup.kept_by.emplace_back("minimum");
  }
  return backups;
}

}  // namespace dmaas::applications
