#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dmaas::engine {

/// A list of path patterns with restic's meaning, for exclusion in backups and selection in
/// restores.
///
/// A pattern is a '/'-separated list of globs (`*`, `?`, `[a-z]`, `\` escapes); the segment `**`
/// stands for any number of segments. A pattern that begins with '/' is anchored at the root, any
/// other may begin at any segment. A pattern that matches a directory matches everything below it.
/// `!pattern` takes back what earlier patterns matched. Bytes are compared: names need not be
/// UTF-8. Immutable, thread-safe.
class PathPatterns {
public:
  PathPatterns() = default;
  /// Errors: invalid_input for an empty pattern.
  static Result<PathPatterns> parse(const std::vector<std::string>& patterns);

  bool empty() const { return patterns_.empty(); }
  /// True when `path` ("/a/b") or a directory above it matches.
  bool matches(std::string_view path) const;
  /// False only when nothing below the directory `path` can match: it need not be entered.
  bool may_match_below(std::string_view path) const;

private:
  struct Pattern {
    std::vector<std::string> segments;
    bool anchored = false;
    bool negated = false;
  };
  std::vector<Pattern> patterns_;
};

}  // namespace dmaas::engine
