#include "base/result.hpp"

#include <cstdio>
#include <cstdlib>

namespace dmaas {

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::already_exists:
      return "already_exists";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::invalid_input:
      return "invalid_input";
    case ErrorCode::permission_denied:
      return "permission_denied";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::wrong_key:
      return "wrong_key";
    case ErrorCode::locked:
      return "locked";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::timeout:
      return "timeout";
    case ErrorCode::cancelled:
      return "cancelled";
    case ErrorCode::exhausted:
      return "exhausted";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::internal:
      return "internal";
  }
  return "internal";
}

void broken_invariant(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "broken invariant: %s at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace dmaas
