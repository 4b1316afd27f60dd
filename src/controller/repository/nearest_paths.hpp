#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dmaas::controller {

/// Those of `paths` that are most like `path`, the most alike first, by the letters that would have
/// to be changed; the last segment, which names the application, counts twice. Pure.
std::vector<std::string> nearest_paths(std::string_view path, const std::vector<std::string>& paths,
                                       std::size_t limit = 3);

}  // namespace dmaas::controller
