#include "controller/repository/nearest_paths.hpp"

#include <algorithm>
#include <numeric>

namespace dmaas::controller {
namespace {

/// How many single letters have to be changed (Levenshtein).
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < left.size(); ++i) {
    auto diagonal = row[0]++;
    for (std::size_t j = 0; j < right.size(); ++j) {
      auto replaced = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

std::string_view last_segment(std::string_view path) {
  auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace

std::vector<std::string> nearest_paths(std::string_view path, const std::vector<std::string>& paths,
                                       std::size_t limit) {
  struct Ranked {
    std::size_t cost;
    const std::string* path;
  };
  std::vector<Ranked> ranked;
  for (const auto& candidate : paths) {
    // Twice the weight for what the application is called.
    auto cost = distance(path, candidate) + distance(last_segment(path), last_segment(candidate));
    ranked.push_back({cost, &candidate});
  }
  std::ranges::stable_sort(ranked, {}, &Ranked::cost);
  if (ranked.size() > limit) ranked.resize(limit);
  std::vector<std::string> nearest;
  for (const auto& entry : ranked) nearest.push_back(*entry.path);
  return nearest;
}

}  // namespace dmaas::controller
