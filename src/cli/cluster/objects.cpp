#include "cli/cluster/objects.hpp"

namespace dmaas::cli {

api::NamespacedReference reference_of(const std::string& text) {
  auto slash = text.find('/');
  if (slash == std::string::npos) return {.name = text};
  return {.name = text.substr(slash + 1), .namespace_name = text.substr(0, slash)};
}

}  // namespace dmaas::cli
