#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace dmaas::controller {

// What becomes of a backup that was taken on a stage. Everything here is pure.

enum class StagedVerdict { none, running, passed, failed };

enum class CopyState { none, running, succeeded, failed };
/// The copy on one of the plan's storages; of the newest attempt.
struct StagedCopy {
  std::string storage{};  // "namespace/name"
  CopyState state = CopyState::none;
  int attempts = 0;
  std::optional<Timestamp> ended{};
};

struct StagedFacts {
  StagedVerdict verdict = StagedVerdict::none;
  std::vector<StagedCopy> copies{};  // one for each storage of the plan
  Timestamp taken{};
  std::chrono::nanoseconds retention{};
};

enum class StagingAct { verify, wait, copy, expire };
struct StagingStep {
  StagingAct act = StagingAct::wait;
  std::vector<std::string> storages{};  // copy: to these
  std::optional<Timestamp> next{};      // when time alone changes what is to be done
};

/// It is verified; what passed is copied to every storage, again after failures, 1m, 2m, 4m and so
/// on up to 1h later. It expires when its retention is over, but never before it is copied, unless
/// its verification failed: that is copied nowhere.
StagingStep decide_staging(const StagedFacts& facts, Timestamp now);

}  // namespace dmaas::controller
