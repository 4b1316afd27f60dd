#include "controller/space/storage_space.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/size_text.hpp"

namespace dmaas::controller {
namespace {

constexpr std::chrono::seconds shortest_pause{30};
constexpr std::chrono::hours longest_pause{1};
/// A listing is followed by so many times its own duration without one.
constexpr std::int64_t pause_factor = 50;
constexpr std::chrono::hours sample_period{6};
/// Fewer or closer samples say nothing about a day.
constexpr std::size_t least_samples = 3;
constexpr std::chrono::hours least_span{24};
constexpr double most_days = 3650;

double days_of(std::chrono::nanoseconds span) {
  return std::chrono::duration<double, std::ratio<86400>>(span).count();
}

std::int64_t quota_of(const api::BackupStorage& storage) {
  return parse_quantity(storage.spec.quota->text).value_or(0);
}

void add_sample(api::StorageSpace& space, Timestamp now) {
  auto& history = space.history;
  // A clock that was set back leaves samples of the future behind.
  std::erase_if(history, [&](const api::SpaceSample& sample) { return sample.time > now; });
  if (!history.empty() && now - history.back().time < sample_period) return;
  history.push_back({now, space.used_bytes});
  if (history.size() > api::StorageSpace::max_samples)
    history.erase(history.begin(), history.end() - api::StorageSpace::max_samples);
}

const api::Repository* find_shown(const std::vector<api::Repository>& shown,
                                  const std::string& path) {
  // Where a repository has several objects, the one of its owner is not always known: any will do
  // whose namespace stands in the path.
  const api::Repository* found = nullptr;
  for (const auto& repository : shown) {
    if (repository.spec.path != path) continue;
    bool is_owner = path.find("/" + repository.metadata.namespace_name + "/") != path.npos;
    if (found == nullptr || is_owner) found = &repository;
  }
  return found;
}

using NamespaceBytes = std::map<std::string, std::int64_t>;

NamespaceBytes largest_of(const NamespaceBytes& all, std::size_t count) {
  std::vector<std::pair<std::string, std::int64_t>> ranked(all.begin(), all.end());
  std::ranges::stable_sort(ranked, std::ranges::greater{},
                           &std::pair<std::string, std::int64_t>::second);
  ranked.resize(std::min(ranked.size(), count));
  return {ranked.begin(), ranked.end()};
}

std::int32_t exceeded_of(const std::vector<std::int32_t>& warn_at, double share) {
  std::int32_t exceeded = 0;
  for (auto percent : warn_at) {
    if (share * 100 >= percent) exceeded = std::max(exceeded, percent);
  }
  return exceeded;
}

std::string describe_forecast(const std::optional<api::SpaceForecast>& forecast) {
  if (!forecast || !forecast->days_until_full) return "";
  return fmt::format("; full in about {} days at {} a day", *forecast->days_until_full,
                     format_bytes(forecast->growth_per_day));
}

/// For people; of a storage whose bound is known.
std::string describe_space(const api::StorageSpace& space) {
  auto what = space.source == api::SpaceSource::quota ? "the quota" : "the file system";
  auto capacity = *space.capacity_bytes;
  auto used = std::max<std::int64_t>(capacity - *space.left_bytes, 0);
  return fmt::format("{} of {} of {} are used, {} are left{}", format_bytes(used), what,
                     format_bytes(capacity), format_bytes(*space.left_bytes),
                     describe_forecast(space.forecast));
}

std::string summary_of(const api::StorageSpace& space) {
  if (space.left_bytes)
    return fmt::format("{} of {} left", format_bytes(*space.left_bytes),
                       format_bytes(*space.capacity_bytes));
  return space.time ? format_bytes(space.used_bytes) + " used" : "";
}

api::Condition condition_of(const api::StorageSpace& space) {
  api::Condition condition{.type = std::string(api::condition::space_low)};
  if (!space.left_bytes) {
    condition.reason = "NotKnown";
    condition.message = space.message.empty()
                            ? "nothing tells how much the storage can hold: set spec.quota"
                            : space.message;
    return condition;
  }
  bool is_low = space.exceeded_percent > 0;
  condition.status = is_low ? api::ConditionStatus::yes : api::ConditionStatus::no;
  condition.reason = is_low ? "AboveThreshold" : "BelowThreshold";
  condition.message = describe_space(space);
  if (!is_low) return condition;
  condition.message +=
      fmt::format("; that is above {} %: {}", space.exceeded_percent,
                  space.source == api::SpaceSource::quota
                      ? "raise spec.quota, keep fewer backups or delete some"
                      : "enlarge the file system, keep fewer backups or delete some");
  return condition;
}

}  // namespace

SpaceBound bound_of(const api::BackupStorage& storage, std::int64_t added) {
  SpaceBound bound;
  const auto& space = storage.status.space;
  if (space && space->filesystem_bytes && space->filesystem_free_bytes)
    bound = {api::SpaceSource::filesystem, space->filesystem_bytes, space->filesystem_free_bytes};
  if (!storage.spec.quota || !space || !space->time) return bound;
  auto quota = quota_of(storage);
  auto left = std::max<std::int64_t>(quota - space->used_bytes - added, 0);
  if (!bound.left || left <= *bound.left) bound = {api::SpaceSource::quota, quota, left};
  return bound;
}

std::int64_t added_since(const std::vector<api::BackupSession>& sessions,
                         const std::string& storage, Timestamp time) {
  std::int64_t added = 0;
  for (const auto& session : sessions) {
    const auto& status = session.status;
    if (status.completion_time && *status.completion_time < time) continue;
    std::int64_t stored = 0;
    for (const auto& component : status.components) {
      if (component.storage == storage) stored += component.bytes_added;
    }
    auto result = std::ranges::find(status.storages, storage, &api::StorageResult::storage);
    bool runs = result != status.storages.end() && !result->dropped && !is_final(status.phase);
    auto need = runs && result->space ? result->space->need_bytes.value_or(0) : 0;
    added += std::max(stored, need);
  }
  return added;
}

void take_sizes(api::StorageSpace& space, const std::map<std::string, std::int64_t>& sizes,
                const std::vector<api::Repository>& shown, Timestamp now) {
  space.time = std::chrono::floor<std::chrono::seconds>(now);
  space.message.clear();
  space.used_bytes = 0;
  space.foreign_bytes = 0;
  NamespaceBytes by_namespace;
  space.largest.clear();
  space.repositories = static_cast<std::int32_t>(sizes.size());
  for (const auto& [path, bytes] : sizes) {
    space.used_bytes += bytes;
    const auto* repository = find_shown(shown, path);
    space.largest.push_back(
        {path, repository == nullptr ? "" : repository->metadata.key().text(), bytes});
    if (repository == nullptr) {
      space.foreign_bytes += bytes;
    } else {
      by_namespace[repository->metadata.namespace_name] += bytes;
    }
  }
  std::ranges::stable_sort(space.largest, std::ranges::greater{}, &api::RepositoryUse::bytes);
  if (space.largest.size() > api::StorageSpace::max_repositories)
    space.largest.resize(api::StorageSpace::max_repositories);
  space.by_namespace = largest_of(by_namespace, api::StorageSpace::max_namespaces);
  add_sample(space, *space.time);
}

bool is_measurement_due(const api::StorageSpace& space, std::optional<Timestamp> last_change,
                        Timestamp now) {
  if (!space.time || *space.time > now) return true;
  std::chrono::nanoseconds pause = std::max<std::chrono::seconds>(
      shortest_pause, std::chrono::seconds{space.measuring_seconds * pause_factor});
  auto age = now - *space.time;
  if (age < pause) return false;
  return (last_change && *last_change >= *space.time) || age >= longest_pause;
}

/// The slope of the straight line that fits the samples best.
std::optional<api::SpaceForecast> forecast_space(const api::StorageSpace& space) {
  const auto& history = space.history;
  if (history.size() < least_samples) return std::nullopt;
  auto span = history.back().time - history.front().time;
  if (span < least_span) return std::nullopt;
  double count = static_cast<double>(history.size());
  double mean_day = 0;
  double mean_used = 0;
  for (const auto& sample : history) {
    mean_day += days_of(sample.time - history.front().time) / count;
    mean_used += static_cast<double>(sample.used_bytes) / count;
  }
  double together = 0;
  double spread = 0;
  for (const auto& sample : history) {
    double day = days_of(sample.time - history.front().time) - mean_day;
    together += day * (static_cast<double>(sample.used_bytes) - mean_used);
    spread += day * day;
  }
  double slope = together / spread;
  api::SpaceForecast forecast{.growth_per_day = static_cast<std::int64_t>(slope),
                              .days_observed = static_cast<std::int32_t>(days_of(span))};
  double days = space.left_bytes ? static_cast<double>(*space.left_bytes) / slope : most_days + 1;
  if (forecast.growth_per_day > 0 && days <= most_days)
    forecast.days_until_full = static_cast<std::int32_t>(days);
  return forecast;
}

bool judge_space(api::BackupStorage& storage, std::int64_t added, Timestamp now) {
  auto& space = *storage.status.space;
  auto bound = bound_of(storage, added);
  space.source = bound.source;
  space.capacity_bytes = bound.capacity;
  space.left_bytes = bound.left;
  space.summary = summary_of(space);
  space.forecast = forecast_space(space);
  auto before = space.exceeded_percent;
  double share = bound.left && *bound.capacity > 0
                     ? 1 - static_cast<double>(*bound.left) / static_cast<double>(*bound.capacity)
                     : 0;
  space.exceeded_percent = exceeded_of(storage.spec.warn_at, share);
  api::set_condition(storage.status.conditions, condition_of(space), now);
  return space.exceeded_percent > before;
}

}  // namespace dmaas::controller
