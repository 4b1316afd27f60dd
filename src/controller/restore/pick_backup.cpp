#include "controller/restore/pick_backup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "base/time_text.hpp"
#include "base/time_zone.hpp"

namespace dmaas::controller {
namespace {

constexpr std::size_t listed_days = 10;

/// "2026-11-23", as clocks in the zone show it.
std::string day_of(Timestamp time, const date::time_zone* zone) {
  return format_seconds(wall_time(zone, time)).substr(0, 10);
}

std::string describe(const api::RestoreSource& wanted) {
  auto in_zone = wanted.time_zone.empty() ? std::string() : " in " + wanted.time_zone;
  auto by_run = wanted.run.empty() ? std::string() : " by run " + wanted.run;
  auto of_day = [&](const std::string& day) {
    return fmt::format("no backup of {}{}{}", day, in_zone, by_run);
  };
  if (!wanted.latest_of.empty()) return of_day(wanted.latest_of);
  if (!wanted.oldest_of.empty()) return of_day(wanted.oldest_of);
  if (wanted.before)
    return fmt::format("no backup of {} or before{}", format_seconds(*wanted.before), by_run);
  return by_run.empty() ? "no backup " + wanted.snapshot : "no backup" + by_run;
}

Result<std::size_t> pick_by_id(const std::vector<BackupMoment>& backups, const std::string& id) {
  auto is_it = [&](const BackupMoment& backup) { return backup.id.starts_with(id); };
  auto found = std::ranges::find_if(backups, is_it);
  if (found != backups.end() && std::any_of(found + 1, backups.end(), is_it)) {
    return fail(ErrorCode::invalid_input,
                "more than one backup begins with " + id + ": give more digits");
  }
  return static_cast<std::size_t>(found - backups.begin());
}

}  // namespace

std::string list_backups(const std::vector<BackupMoment>& backups, const std::string& time_zone) {
  if (backups.empty()) return "the repository holds no backup that can be read";
  auto zone = find_time_zone(time_zone);
  std::map<std::string, std::size_t, std::greater<>> days;
  for (const auto& backup : backups) ++days[day_of(backup.time, zone ? *zone : nullptr)];
  std::vector<std::string> texts;
  for (const auto& [day, count] : days) {
    if (texts.size() == listed_days) break;
    texts.push_back(count == 1 ? day : fmt::format("{} ({})", day, count));
  }
  if (days.size() > listed_days)
    texts.push_back(fmt::format("and {} more days, the oldest {}", days.size() - listed_days,
                                days.rbegin()->first));
  return fmt::format("the repository holds {} backups, the newest is {} of {}; by days: {}",
                     backups.size(), backups.back().id.substr(0, 8),
                     format_seconds(backups.back().time), fmt::join(texts, ", "));
}

Result<std::size_t> pick_backup(const std::vector<BackupMoment>& backups,
                                const api::RestoreSource& wanted, const std::string& id) {
  const auto* zone = TRY(find_time_zone(wanted.time_zone));
  auto is_by_run = [&](const BackupMoment& backup) {
    return wanted.run.empty() || backup.run == wanted.run;
  };
  auto is_of = [&](const std::string& day) {
    return [&, zone](const BackupMoment& backup) {
      return is_by_run(backup) && day_of(backup.time, zone) == day;
    };
  };
  auto newest = [&](auto&& matches) {
    auto found = std::find_if(backups.rbegin(), backups.rend(), matches);
    return found == backups.rend() ? backups.size()
                                   : static_cast<std::size_t>(backups.rend() - found) - 1;
  };
  std::size_t picked = backups.size();
  if (wanted.snapshot != "latest") {
    picked = TRY(pick_by_id(backups, id));
  } else if (!wanted.oldest_of.empty()) {
    auto found = std::ranges::find_if(backups, is_of(wanted.oldest_of));
    picked = static_cast<std::size_t>(found - backups.begin());
  } else if (!wanted.latest_of.empty()) {
    picked = newest(is_of(wanted.latest_of));
  } else {
    picked = newest([&](const BackupMoment& backup) {
      return is_by_run(backup) && (!wanted.before || backup.time <= *wanted.before);
    });
  }
  if (picked < backups.size()) return picked;
  return fail(ErrorCode::not_found,
              fmt::format("{}: {}", describe(wanted), list_backups(backups, wanted.time_zone)));
}

}  // namespace dmaas::controller
