#include "applications/resource_path.hpp"

#include <fmt/format.h>

#include <vector>

namespace dmaas::applications {
namespace {

constexpr std::string_view core_directory = "core";
constexpr std::string_view cluster_directory = "_cluster";
constexpr std::string_view suffix = ".json";

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    const auto end = path.find('/');
    segments.push_back(path.substr(0, end));
    path = end == std::string_view::npos ? std::string_view() : path.substr(end + 1);
  }
  return segments;
}

}  // namespace

std::string ResourcePath::text() const {
  return fmt::format("/{}/{}/{}/{}/{}{}", group.empty() ? core_directory : group, plural, version,
                     key.namespace_name.empty() ? cluster_directory : key.namespace_name, key.name,
                     suffix);
}

Result<ResourcePath> ResourcePath::parse(std::string_view path) {
  const auto segments = segments_of(path.starts_with('/') ? path.substr(1) : path);
  bool valid = segments.size() == 5 && segments.back().size() > suffix.size() &&
               segments.back().ends_with(suffix);
  for (const auto& segment : segments) valid = valid && !segment.empty();
  if (!valid)
    return fail(ErrorCode::invalid_input, fmt::format("{} is not the path of an object", path));
  ResourcePath result;
  result.group = segments[0] == core_directory ? "" : segments[0];
  result.plural = segments[1];
  result.version = segments[2];
  result.key.namespace_name = segments[3] == cluster_directory ? "" : segments[3];
  result.key.name = segments[4].substr(0, segments[4].size() - suffix.size());
  return result;
}

}  // namespace dmaas::applications
