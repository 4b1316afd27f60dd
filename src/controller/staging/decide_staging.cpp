#include "controller/staging/decide_staging.hpp"

#include <algorithm>

namespace dmaas::controller {
namespace {

constexpr std::chrono::minutes first_pause{1};
constexpr std::chrono::minutes longest_pause{60};
constexpr int most_doublings = 6;

Timestamp next_attempt(const StagedCopy& copy, Timestamp now) {
  auto doublings = std::clamp(copy.attempts - 1, 0, most_doublings);
  return copy.ended.value_or(now) + std::min(first_pause * (1 << doublings), longest_pause);
}

StagingStep keep_until(Timestamp end, Timestamp now) {
  if (now >= end) return {.act = StagingAct::expire};
  return {.act = StagingAct::wait, .next = end};
}

}  // namespace

StagingStep decide_staging(const StagedFacts& facts, Timestamp now) {
  auto end = facts.taken + facts.retention;
  if (facts.verdict == StagedVerdict::none) return {.act = StagingAct::verify};
  if (facts.verdict == StagedVerdict::running) return {.act = StagingAct::wait};
  if (facts.verdict == StagedVerdict::failed) return keep_until(end, now);
  StagingStep step{.act = StagingAct::wait};
  bool is_everywhere = true;
  for (const auto& copy : facts.copies) {
    is_everywhere = is_everywhere && copy.state == CopyState::succeeded;
    if (copy.state == CopyState::succeeded || copy.state == CopyState::running) continue;
    auto due = copy.state == CopyState::none ? now : next_attempt(copy, now);
    if (due <= now) {
      step.act = StagingAct::copy;
      step.storages.push_back(copy.storage);
    } else {
      step.next = step.next ? std::min(*step.next, due) : due;
    }
  }
  return is_everywhere ? keep_until(end, now) : step;
}

}  // namespace dmaas::controller
