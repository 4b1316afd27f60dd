#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/fields.hpp"

/// How much a storage holds, how much more it takes, and where each figure comes from.
namespace dmaas::api {

/// Where it is said how much a storage can hold.
enum class SpaceSource { unknown, quota, filesystem };
constexpr auto names_of(SpaceSource) {
  return std::to_array<std::string_view>({"Unknown", "Quota", "Filesystem"});
}

struct RepositoryUse {
  std::string path{};
  std::string repository{};
  std::int64_t bytes = 0;
  bool operator==(const RepositoryUse&) const = default;

  static void fields(auto& self, auto&& field) {
    field("path", self.path, "Its path below the storage's prefix.", rule::required);
    field("repository", self.repository,
          "The Repository that shows it, as namespace/name; absent when this cluster has none.");
    field("bytes", self.bytes, "Bytes of all its objects.", rule::always);
  }
};

struct SpaceSample {
  Timestamp time{};
  std::int64_t used_bytes = 0;
  bool operator==(const SpaceSample&) const = default;

  static void fields(auto& self, auto&& field) {
    field("time", self.time, "When it was measured.", rule::required);
    field("usedBytes", self.used_bytes, "Bytes of all repositories.", rule::always);
  }
};

/// When it is full if it goes on as it did.
struct SpaceForecast {
  std::int64_t growth_per_day = 0;
  std::optional<std::int32_t> days_until_full{};
  std::int32_t days_observed = 0;
  bool operator==(const SpaceForecast&) const = default;

  static void fields(auto& self, auto&& field) {
    field("growthPerDay", self.growth_per_day,
          "Bytes that the repositories grow by in a day, less than 0 when they shrink.",
          rule::always);
    field("daysUntilFull", self.days_until_full,
          "Days until nothing is left; absent when it does not grow, when nobody knows what is "
          "left, and beyond 10 years.");
    field("daysObserved", self.days_observed, "How many days the figures are of.");
  }
};

/// Part of a BackupStorage's status.
struct StorageSpace {
  // Few: every look at the storage and every change of it carries them.
  static constexpr std::size_t max_repositories = 20;
  static constexpr std::size_t max_namespaces = 100;
  static constexpr std::size_t max_samples = 60;

  std::optional<Timestamp> time{};
  std::int64_t measuring_seconds = 0;
  std::int64_t used_bytes = 0;
  std::int32_t repositories = 0;
  std::vector<RepositoryUse> largest{};
  std::map<std::string, std::int64_t> by_namespace{};
  std::int64_t foreign_bytes = 0;
  SpaceSource source = SpaceSource::unknown;
  std::optional<std::int64_t> capacity_bytes{};
  std::optional<std::int64_t> left_bytes{};
  std::optional<std::int64_t> filesystem_bytes{};
  std::optional<std::int64_t> filesystem_free_bytes{};
  std::int32_t exceeded_percent = 0;
  std::optional<SpaceForecast> forecast{};
  std::vector<SpaceSample> history{};
  std::string summary{};
  std::string message{};
  bool operator==(const StorageSpace&) const = default;

  static void fields(auto& self, auto&& field) {
    field("time", self.time, "When the repositories were measured last; absent before the first.");
    field("measuringSeconds", self.measuring_seconds,
          "How long that took: the longer, the more rarely it is done.");
    field("usedBytes", self.used_bytes, "Bytes of all repositories on the storage then.",
          rule::always);
    field("repositories", self.repositories, "How many repositories were measured.", rule::always);
    field("largest", self.largest, "The largest of them.", rule::max_items(max_repositories));
    field("byNamespace", self.by_namespace,
          "Bytes by namespace of the Repository objects of this cluster, for the 100 namespaces "
          "that have most.");
    field("foreignBytes", self.foreign_bytes,
          "Bytes of repositories that no Repository object of this cluster shows.");
    field("source", self.source,
          "What bounds it: Quota, of the storage's spec; Filesystem, that of the directory; "
          "Unknown, because nothing tells.",
          rule::always);
    field("capacityBytes", self.capacity_bytes, "How much it can hold, by that source.");
    field("leftBytes", self.left_bytes, "How much more it can hold, by that source.");
    field("filesystemBytes", self.filesystem_bytes, "Size of the file system of a directory.");
    field("filesystemFreeBytes", self.filesystem_free_bytes, "What is free there.");
    field("exceededPercent", self.exceeded_percent,
          "The highest of spec.warnAt that is exceeded; 0: none.");
    field("forecast", self.forecast, "How it grows; absent until a day was observed.");
    field("history", self.history, "Earlier measurements, one for each six hours.",
          rule::max_items(max_samples));
    field("summary", self.summary, "For people, such as 1.5 GiB of 10.0 GiB left.");
    field("message", self.message, "Why it could not be measured.");
  }
};

/// Part of a session's result on one storage: whether there was room before any byte was moved.
struct SpaceCheck {
  std::optional<std::int64_t> need_bytes{};
  std::string need_source{};
  std::optional<std::int64_t> left_bytes{};
  SpaceSource left_source = SpaceSource::unknown;
  bool operator==(const SpaceCheck&) const = default;

  static void fields(auto& self, auto&& field) {
    field("needBytes", self.need_bytes, "What the backup is going to store there, as estimated.");
    field("needSource", self.need_source, "Where that figure comes from.");
    field("leftBytes", self.left_bytes, "What was left there.");
    field("leftSource", self.left_source, "Where that figure comes from.", rule::always);
  }
};

}  // namespace dmaas::api
