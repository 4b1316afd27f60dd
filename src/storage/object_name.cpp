#include "storage/object_name.hpp"

#include <algorithm>
#include <string>

namespace dmaas::storage {
namespace {

constexpr std::size_t max_name_bytes = 1024;  // S3's limit

bool is_name_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

bool is_segment(std::string_view segment) {
  return !segment.empty() && segment != "." && segment != ".." &&
         std::ranges::all_of(segment, is_name_character);
}

}  // namespace

bool is_object_name(std::string_view name) {
  if (name.empty() || name.size() > max_name_bytes) return false;
  for (;;) {
    const std::size_t slash = name.find('/');
    if (!is_segment(name.substr(0, slash))) return false;
    if (slash == name.npos) return true;
    name.remove_prefix(slash + 1);
  }
}

Result<> check_call(std::string_view name, const std::stop_token& stop) {
  if (stop.stop_requested()) return fail(ErrorCode::cancelled, std::string(name) + ": cancelled");
  if (is_object_name(name)) return {};
  return fail(ErrorCode::invalid_input, "\"" + std::string(name) + "\" is no object name");
}

Result<> check_list_call(std::string_view directory, const std::stop_token& stop) {
  return check_call(directory.empty() ? "everything" : directory, stop);
}

}  // namespace dmaas::storage
