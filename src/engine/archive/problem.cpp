#include "engine/archive/problem.hpp"

namespace dmaas::engine {

std::string_view name_of(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::unreadable:
      return "unreadable";
    case ProblemKind::attributes_missing:
      return "attributes_missing";
    case ProblemKind::changed_while_read:
      return "changed_while_read";
  }
  return "unknown";
}

}  // namespace dmaas::engine
