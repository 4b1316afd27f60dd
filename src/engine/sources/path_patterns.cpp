#include "engine/sources/path_patterns.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <span>

namespace dmaas::engine {
namespace {

using Segments = std::span<const std::string>;

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    auto end = path.find('/');
    if (end != 0) segments.emplace_back(path.substr(0, end));
    if (end == std::string_view::npos) break;
    path.remove_prefix(end + 1);
  }
  return segments;
}

bool segment_matches(const std::string& glob, const std::string& name) {
  return glob == "*" || fnmatch(glob.c_str(), name.c_str(), 0) == 0;
}

/// How far a path that ends here agrees with a pattern.
enum class Agreement {
  none,
  partial,  // the path is used up first: something below it may match
  full,     // the pattern is used up: the path or a directory above it matches
};

Agreement compare(Segments pattern, Segments path) {
  if (pattern.empty()) return Agreement::full;
  if (pattern.front() == "**") {
    Agreement best = Agreement::partial;
    for (std::size_t skipped = 0; skipped <= path.size(); ++skipped) {
      if (compare(pattern.subspan(1), path.subspan(skipped)) == Agreement::full)
        best = Agreement::full;
    }
    return best;
  }
  if (path.empty()) return Agreement::partial;
  if (!segment_matches(pattern.front(), path.front())) return Agreement::none;
  return compare(pattern.subspan(1), path.subspan(1));
}

bool matches_somewhere(Segments pattern, bool anchored, Segments path) {
  const std::size_t last_start = anchored ? 0 : path.size();
  for (std::size_t start = 0; start <= last_start; ++start) {
    if (compare(pattern, path.subspan(start)) == Agreement::full) return true;
  }
  return false;
}

}  // namespace

Result<PathPatterns> PathPatterns::parse(const std::vector<std::string>& patterns) {
  PathPatterns parsed;
  for (std::string_view text : patterns) {
    Pattern pattern;
    pattern.negated = text.starts_with('!');
    if (pattern.negated) text.remove_prefix(1);
    pattern.anchored = text.starts_with('/');
    pattern.segments = split_path(text);
    if (pattern.segments.empty())
      return fail(ErrorCode::invalid_input,
                  "pattern '" + std::string(text) + "' is empty; write a name or a path");
    parsed.patterns_.push_back(std::move(pattern));
  }
  return parsed;
}

bool PathPatterns::matches(std::string_view path) const {
  const auto segments = split_path(path);
  bool matched = false;
  for (const Pattern& pattern : patterns_) {
    if (matched != pattern.negated) continue;
    if (matches_somewhere(pattern.segments, pattern.anchored, segments)) matched = !pattern.negated;
  }
  return matched;
}

bool PathPatterns::may_match_below(std::string_view path) const {
  const auto segments = split_path(path);
  return std::ranges::any_of(patterns_, [&](const Pattern& pattern) {
    if (pattern.negated) return false;
    return !pattern.anchored || compare(pattern.segments, segments) != Agreement::none;
  });
}

}  // namespace dmaas::engine
