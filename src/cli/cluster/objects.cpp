#include "cli/cluster/objects.hpp"

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "base/time_text.hpp"
#include "crypto/random.hpp"

namespace dmaas::cli {

api::NamespacedReference reference_of(const std::string& text) {
  auto slash = text.find('/');
  if (slash == std::string::npos) return {.name = text};
  return {.name = text.substr(slash + 1), .namespace_name = text.substr(0, slash)};
}

std::string new_session_name(const std::string& prefix) {
  return fmt::format("{}-{}-{}", prefix, format_compact(system_clock().now()),
                     hex_encode(crypto::random_bytes(2)));
}

}  // namespace dmaas::cli
