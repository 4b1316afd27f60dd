#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/snapshot.hpp"
#include "api/storage_space.hpp"
#include "controller/space/storage_space.hpp"

namespace dmaas::controller {

// Whether a backup fits on a storage, before it moves any byte. Everything here is pure.

/// One component that is going to be backed up.
struct ExpectedPart {
  std::string name{};
  /// Of a volume: what its claim can hold at most.
  std::optional<std::int64_t> capacity{};
  /// Of the resources component.
  std::int64_t objects = 0;
};

/// What a backup is going to store: most likely at least so much, and at most so much, where that
/// is known.
struct SpaceNeed {
  std::int64_t least = 0;
  std::optional<std::int64_t> most{};
  std::string source{};
};

struct NeedFacts {
  std::vector<ExpectedPart> parts{};
  std::vector<api::Snapshot> here{};       // complete backups of the plan on this storage
  std::vector<api::Snapshot> elsewhere{};  // those that have the same components, anywhere
};

/// A repository that has backups stores only what is new, whether source data is read anew or not:
/// what the last ten of them added tells how much, from the median to the 90th percentile. The
/// first backup stores everything: the size that another backup measured, times how well that
/// compressed, else at most what claims can hold.
SpaceNeed estimate_need(const NeedFacts& facts);

enum class SpaceVerdict { sufficient, unknown, insufficient };
constexpr auto names_of(SpaceVerdict) {
  return std::to_array<std::string_view>({"Sufficient", "Unknown", "Insufficient"});
}
/// Insufficient when most likely more is needed than is left; what may fit or not is unknown, so
/// that a guess keeps no backup from being taken.
SpaceVerdict judge_need(const SpaceNeed& need, const SpaceBound& bound);

/// The figures for a status.
api::SpaceCheck describe_check(const SpaceNeed& need, const SpaceBound& bound);
/// "needs 4 MiB (…), 2 MiB are left (quota)".
std::string describe_figures(const api::SpaceCheck& check);

/// One storage of a session or plan, with its verdict.
struct StorageVerdict {
  std::string storage{};
  SpaceVerdict verdict = SpaceVerdict::unknown;
  api::SpaceCheck check{};

  static void fields(auto& self, auto&& field) {
    field("storage", self.storage, "As namespace/name.", rule::required);
    field("verdict", self.verdict, "Whether it has room.", rule::required);
    field("check", self.check, "The figures.", rule::required);
  }
};
/// Why a storage is not written to, and what helps.
std::string describe_refusal(const StorageVerdict& refused);
/// Condition SpaceSufficient over all storages: False when one has no room, else Unknown when that
/// is not known of one.
api::Condition space_condition(const std::vector<StorageVerdict>& verdicts);

}  // namespace dmaas::controller
