#pragma once

#include <array>
#include <mutex>
#include <vector>

#include "engine/restore/restore.hpp"

namespace dmaas::engine {

/// Counts all problems of a restore, keeps the first ones. Thread-safe.
class RestoreProblems {
public:
  static constexpr std::size_t max_kept = 100;

  void add(RestoreProblemKind kind, std::string path, std::string message) {
    std::lock_guard lock{mutex_};
    ++counts_[static_cast<std::size_t>(kind)];
    if (kept_.size() < max_kept) kept_.push_back({kind, std::move(path), std::move(message)});
  }
  void report_to(RestoreSummary& summary) const {
    std::lock_guard lock{mutex_};
    summary.problems = kept_;
    summary.problem_counts = counts_;
  }

private:
  mutable std::mutex mutex_;
  std::vector<RestoreProblem> kept_;
  std::array<std::uint64_t, restore_problem_kinds> counts_{};
};

}  // namespace dmaas::engine
