#include "engine/archive/estimate.hpp"

#include <vector>

namespace dmaas::engine {

void estimate_total(Source& source, Progress& progress, std::stop_token stop) {
  std::vector<std::unique_ptr<Directory>> levels;
  if (auto root = source.open_root()) levels.push_back(std::move(*root));
  while (!levels.empty() && !stop.stop_requested()) {
    auto entry = levels.back()->next();
    if (!entry) continue;
    if (!*entry) {
      levels.pop_back();
      continue;
    }
    Entry& found = **entry;
    if (found.node.type == NodeType::directory) {
      if (auto directory = found.open_directory()) levels.push_back(std::move(*directory));
      continue;
    }
    ++progress.files_total;
    progress.bytes_total += found.node.size;
  }
  progress.total_is_final = !stop.stop_requested();
}

}  // namespace dmaas::engine
