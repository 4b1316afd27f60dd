#include "api/repository_path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace dmaas::api {
namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  while (true) {
    auto end = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, end));
    if (end == path.size()) return segments;
    path.remove_prefix(end + 1);
  }
}

bool is_own(const BackupTarget& target, const std::string& plan_namespace) {
  auto own = [&](const std::string& name) { return name.empty() || name == plan_namespace; };
  return std::ranges::all_of(target.namespaces, own) &&
         (!target.workload || own(target.workload->namespace_name));
}

}  // namespace

ApplicationIdentity application_of(const kube::ObjectKey& plan,
                                   const BackupConfigurationSpec& spec) {
  bool single = spec.targets.size() == 1 && is_own(spec.targets[0], plan.namespace_name);
  return {plan.namespace_name, single ? spec.targets[0].name : plan.name};
}

std::string repository_path(std::string_view cluster, const kube::ObjectKey& plan,
                            const BackupConfigurationSpec& spec) {
  bool single = spec.targets.size() == 1 && is_own(spec.targets[0], plan.namespace_name);
  return fmt::format("{}/{}/{}/{}", cluster, single ? "ns" : "groups", plan.namespace_name,
                     application_of(plan, spec).name);
}

bool is_path_prefix(std::string_view prefix, std::string_view path) {
  auto wanted = segments_of(prefix);
  auto given = segments_of(path);
  return wanted.size() <= given.size() && std::equal(wanted.begin(), wanted.end(), given.begin());
}

Result<> check_repository_path(std::string_view path, const Surroundings& where) {
  auto segments = segments_of(path);
  auto is_bad = [](std::string_view segment) {
    return segment.empty() || segment == "." || segment == "..";
  };
  if (std::ranges::any_of(segments, is_bad)) {
    return fail(
        ErrorCode::invalid_input,
        fmt::format(
            "'{}' must be a path without leading, trailing or double '/', '.' or '..', such as "
            "east/ns/shop/mariadb",
            path.substr(0, 128)));
  }
  if (where.namespace_name == where.system_namespace) return {};
  bool own = segments.size() == 4 && (where.cluster.empty() || segments[0] == where.cluster) &&
             (segments[1] == "ns" || segments[1] == "groups") &&
             segments[2] == where.namespace_name;
  if (own) return {};
  return fail(ErrorCode::permission_denied,
              fmt::format("'{}' is not a repository of namespace {}: use {}/ns/{}/<application>, "
                          "or make the object in {}",
                          path.substr(0, 128), where.namespace_name,
                          where.cluster.empty() ? "<cluster>" : where.cluster, where.namespace_name,
                          where.system_namespace));
}

}  // namespace dmaas::api
