#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "api/object.hpp"

namespace dmaas::api {

/// Which backups are kept; a backup that several rules keep counts for each of them.
struct RetentionPolicySpec {
  std::int32_t last = 0;
  std::optional<std::chrono::nanoseconds> within{};
  std::int32_t hourly = 0;
  std::int32_t daily = 0;
  std::int32_t weekly = 0;
  std::int32_t monthly = 0;
  std::int32_t yearly = 0;
  std::int32_t minimum = 1;
  std::string time_zone{};

  bool has_rule() const {
    return within || last > 0 || hourly > 0 || daily > 0 || weekly > 0 || monthly > 0 || yearly > 0;
  }

  static void fields(auto& self, auto&& field) {
    constexpr std::int64_t most = 100'000;
    field("last", self.last, "So many of the newest backups.", rule::minimum(0),
          rule::maximum(most));
    field("within", self.within,
          "All backups that are not older than this, such as 3d or 72h. Measured from the newest "
          "one, so that a plan that is paused or broken never expires itself to nothing.");
    field("hourly", self.hourly, "The newest backup of each of so many hours that have one.",
          rule::minimum(0), rule::maximum(most));
    field("daily", self.daily, "The same for days.", rule::minimum(0), rule::maximum(most));
    field("weekly", self.weekly, "The same for weeks, which begin on Monday.", rule::minimum(0),
          rule::maximum(most));
    field("monthly", self.monthly, "The same for months.", rule::minimum(0), rule::maximum(most));
    field("yearly", self.yearly, "The same for years.", rule::minimum(0), rule::maximum(most));
    field("minimum", self.minimum,
          "So many of the newest backups are kept whatever the other rules say.",
          rule::with_default, rule::minimum(1), rule::maximum(most));
    field("timeZone", self.time_zone,
          "Where days and hours begin, such as Europe/Berlin; UTC when empty.",
          rule::max_length(64));
    field.rule(
        "has(self.within) || (has(self.last) && self.last > 0) || (has(self.hourly) && "
        "self.hourly > 0) || (has(self.daily) && self.daily > 0) || (has(self.weekly) && "
        "self.weekly > 0) || (has(self.monthly) && self.monthly > 0) || (has(self.yearly) && "
        "self.yearly > 0)",
        "give at least one rule, such as within: 3d or daily: 7");
  }
};

/// Nothing is found about a policy: the plans that use it say what is wrong with it.
struct RetentionPolicyStatus {
  static void fields(auto&, auto&&) {}
};

using RetentionPolicy = Object<RetentionPolicySpec, RetentionPolicyStatus>;
template <>
const KindInfo& kind_info<RetentionPolicy>();

}  // namespace dmaas::api
