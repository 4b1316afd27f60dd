#include "controller/space/space_need.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/describe.hpp"
#include "base/size_text.hpp"

DMAAS_DESCRIBE(dmaas::controller::StorageVerdict);

namespace dmaas::controller {
namespace {

/// So many of the newest backups are looked at.
constexpr std::size_t max_observed = 10;
constexpr double median = 0.5;
constexpr double upper_quantile = 0.9;
/// Of an object of the API that was never stored; small ones are far below it.
constexpr std::int64_t object_bytes = 4 << 10;
/// Less than this says nothing about how well data compresses.
constexpr std::int64_t least_new_bytes = 64 << 10;

const api::SnapshotComponent* find_part(const api::Snapshot& backup, const std::string& name) {
  const auto& components = backup.status.components;
  auto found = std::ranges::find(components, name, &api::SnapshotComponent::name);
  return found == components.end() ? nullptr : &*found;
}

using Backups = std::vector<const api::Snapshot*>;

/// There may be very many: they are not copied.
Backups newest_first(const std::vector<api::Snapshot>& backups) {
  Backups sorted;
  sorted.reserve(backups.size());
  for (const auto& backup : backups) sorted.push_back(&backup);
  std::ranges::sort(sorted, std::ranges::greater{},
                    [](const api::Snapshot* backup) { return backup->spec.time; });
  return sorted;
}

/// What the backups added to the parts that are backed up now.
std::vector<std::int64_t> additions_of(const NeedFacts& facts, const Backups& backups) {
  std::vector<std::int64_t> additions;
  for (const auto* backup : backups) {
    std::int64_t added = 0;
    for (const auto& part : facts.parts) {
      if (const auto* stored = find_part(*backup, part.name)) added += stored->bytes_added;
    }
    additions.push_back(added);
  }
  return additions;
}

/// The smallest that so large a share of them does not exceed.
std::int64_t quantile_of(std::vector<std::int64_t> values, double share) {
  std::ranges::sort(values);
  auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  return values[std::max<std::size_t>(rank, 1) - 1];
}

/// Stored bytes for each byte that was new; nothing when too little is known.
std::optional<double> compression_of(const std::string& part, const Backups& backups) {
  std::int64_t added = 0;
  std::int64_t fresh = 0;
  for (const auto* backup : backups) {
    const auto* stored = find_part(*backup, part);
    if (stored == nullptr) continue;
    added += stored->bytes_new > 0 ? stored->bytes_added : 0;
    fresh += stored->bytes_new;
  }
  if (fresh < least_new_bytes) return std::nullopt;
  return std::min(static_cast<double>(added) / static_cast<double>(fresh), 1.0);
}

/// Grows the need by a part of which the storage has nothing yet.
void add_first(SpaceNeed& need, const ExpectedPart& part, const Backups& backups) {
  auto grow = [&](std::int64_t least, std::optional<std::int64_t> most) {
    need.least += least;
    need.most = need.most && most ? std::optional(*need.most + *most) : std::nullopt;
  };
  for (const auto* backup : backups) {
    const auto* measured = find_part(*backup, part.name);
    if (measured == nullptr) continue;
    auto ratio = compression_of(part.name, backups);
    auto stored =
        static_cast<std::int64_t>(static_cast<double>(measured->bytes) * ratio.value_or(1));
    return grow(ratio ? stored : 0, stored);
  }
  if (part.capacity) return grow(0, *part.capacity);
  if (part.objects > 0) return grow(0, part.objects * object_bytes);
  grow(0, std::nullopt);
}

std::string source_of_first(const SpaceNeed& need, bool is_measured) {
  if (!need.most) return "dumps were never measured";
  if (is_measured && need.least == *need.most)
    return "the size and compression of the newest backup elsewhere";
  return is_measured ? "at most: the size of the newest backup elsewhere"
                     : "at most: what its claims can hold";
}

std::string name_of_source(api::SpaceSource source) {
  switch (source) {
    case api::SpaceSource::quota:
      return "quota";
    case api::SpaceSource::filesystem:
      return "file system";
    case api::SpaceSource::unknown:
      break;
  }
  return "nothing tells";
}

}  // namespace

SpaceNeed estimate_need(const NeedFacts& facts) {
  auto here = newest_first(facts.here);
  auto elsewhere = newest_first(facts.elsewhere);
  SpaceNeed need{.most = 0};
  bool is_measured = false;
  auto is_new = [&](const ExpectedPart& part) {
    return std::ranges::none_of(here, [&](const api::Snapshot* backup) {
      return find_part(*backup, part.name) != nullptr;
    });
  };
  for (const auto& part : facts.parts) {
    if (!is_new(part)) continue;
    add_first(need, part, elsewhere);
    is_measured = is_measured || std::ranges::any_of(elsewhere, [&](const api::Snapshot* backup) {
                    return find_part(*backup, part.name) != nullptr;
                  });
  }
  if (here.empty()) {
    need.source = source_of_first(need, is_measured);
    return need;
  }
  // The oldest one known may have stored everything.
  auto later = here;
  later.pop_back();
  if (later.size() > max_observed) later.resize(max_observed);
  if (later.empty()) {
    for (const auto& part : facts.parts) {
      const auto* stored = find_part(*here.front(), part.name);
      if (stored != nullptr && need.most) *need.most += stored->bytes;
    }
    need.source = "at most: the size of the only backup so far";
    return need;
  }
  auto additions = additions_of(facts, later);
  need.least += quantile_of(additions, median);
  if (need.most) *need.most += quantile_of(additions, upper_quantile);
  need.source = fmt::format("90 % of the last {} backups added at most that much", later.size());
  if (std::ranges::any_of(facts.parts, is_new)) need.source += ", and what is backed up first";
  return need;
}

SpaceVerdict judge_need(const SpaceNeed& need, const SpaceBound& bound) {
  if (!bound.left) return SpaceVerdict::unknown;
  if (*bound.left == 0 || need.least > *bound.left) return SpaceVerdict::insufficient;
  return need.most && *need.most <= *bound.left ? SpaceVerdict::sufficient : SpaceVerdict::unknown;
}

api::SpaceCheck describe_check(const SpaceNeed& need, const SpaceBound& bound) {
  return {.need_bytes = need.most,
          .need_source = need.source,
          .left_bytes = bound.left,
          .left_source = bound.source};
}

std::string describe_figures(const api::SpaceCheck& check) {
  return fmt::format("needs {} ({}), left are {} ({})",
                     check.need_bytes ? format_bytes(*check.need_bytes) : "an unknown amount",
                     check.need_source,
                     check.left_bytes ? format_bytes(*check.left_bytes) : "an unknown amount",
                     name_of_source(check.left_source));
}

std::string describe_refusal(const StorageVerdict& refused) {
  auto remedy = refused.check.left_source == api::SpaceSource::quota
                    ? "raise spec.quota of the storage"
                    : "enlarge its file system";
  return fmt::format("not enough space: the backup {}; {}, or delete backups that nobody needs",
                     describe_figures(refused.check), remedy);
}

api::Condition space_condition(const std::vector<StorageVerdict>& verdicts) {
  api::Condition condition{.type = std::string(api::condition::space_sufficient),
                           .reason = "NotKnown"};
  auto worst = SpaceVerdict::sufficient;
  for (const auto& verdict : verdicts) {
    worst = std::max(worst, verdict.verdict);
    condition.message += fmt::format("{}storage {}: {}", condition.message.empty() ? "" : "; ",
                                     verdict.storage, describe_figures(verdict.check));
  }
  if (verdicts.empty() || worst == SpaceVerdict::unknown) return condition;
  bool fits = worst == SpaceVerdict::sufficient;
  condition.status = fits ? api::ConditionStatus::yes : api::ConditionStatus::no;
  condition.reason = fits ? "EnoughSpace" : "NotEnoughSpace";
  return condition;
}

}  // namespace dmaas::controller
