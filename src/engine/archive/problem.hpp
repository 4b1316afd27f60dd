#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace dmaas::engine {

/// What went wrong with one entry though the work as a whole went on.
enum class ProblemKind {
  unreadable,          // not in the backup
  attributes_missing,  // in the backup without extended attributes or link target
  changed_while_read,  // in the backup, perhaps a mixture of two versions
};
inline constexpr std::size_t problem_kinds = 3;
std::string_view name_of(ProblemKind kind);

struct Problem {
  ProblemKind kind = ProblemKind::unreadable;
  std::string path;
  std::string message;
};

/// Counts all problems, keeps the first ones. Thread-safe.
class ProblemList {
public:
  static constexpr std::size_t max_kept = 100;

  void add(Problem problem) {
    std::lock_guard lock{mutex_};
    ++counts_[static_cast<std::size_t>(problem.kind)];
    if (kept_.size() < max_kept) kept_.push_back(std::move(problem));
  }
  std::vector<Problem> kept() const {
    std::lock_guard lock{mutex_};
    return kept_;
  }
  std::array<std::uint64_t, problem_kinds> counts() const {
    std::lock_guard lock{mutex_};
    return counts_;
  }

private:
  mutable std::mutex mutex_;
  std::vector<Problem> kept_;
  std::array<std::uint64_t, problem_kinds> counts_{};
};

}  // namespace dmaas::engine
