#include "kube/client/discovery.hpp"

#include <algorithm>
#include <cctype>

#include "kube/object/resource.hpp"

namespace dmaas::kube {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

bool is_called(const ServedResource& served, const std::string& name) {
  return served.resource.plural == name || served.singular == name ||
         lower(served.resource.kind) == name || std::ranges::count(served.short_names, name) > 0;
}

template <class Matches>
const ServedResource* first_match(const std::vector<ServedResource>& served, Matches matches) {
  auto found = std::ranges::find_if(served, matches);
  return found == served.end() ? nullptr : &*found;
}

}  // namespace

bool ServedResource::allows(std::string_view verb) const {
  return std::ranges::count(verbs, verb) > 0;
}

Discovery::Discovery(std::vector<ServedResource> served, std::vector<std::string> incomplete_groups)
    : served_(std::move(served)), incomplete_groups_(std::move(incomplete_groups)) {}

std::vector<const ServedResource*> Discovery::preferred() const {
  std::vector<const ServedResource*> preferred;
  for (const auto& served : served_) {
    if (served.preferred) preferred.push_back(&served);
  }
  return preferred;
}

bool Discovery::serves_group(std::string_view group) const {
  return std::ranges::any_of(served_, [&](const auto& one) { return one.resource.group == group; });
}

const ServedResource* Discovery::find(std::string_view api_version, std::string_view kind) const {
  auto [group, version] = parse_api_version(api_version);
  return first_match(served_, [&](const ServedResource& one) {
    return one.resource.group == group && one.resource.version == version &&
           one.resource.kind == kind;
  });
}

const ServedResource* Discovery::find_kind(std::string_view group, std::string_view kind) const {
  return first_match(served_, [&](const ServedResource& one) {
    return one.preferred && one.resource.group == group && one.resource.kind == kind;
  });
}

const ServedResource* Discovery::find_plural(std::string_view group,
                                             std::string_view plural) const {
  return first_match(served_, [&](const ServedResource& one) {
    return one.preferred && one.resource.group == group && one.resource.plural == plural;
  });
}

const ServedResource* Discovery::find_name(std::string_view text) const {
  if (text.empty()) return nullptr;  // resources without a singular have an empty one
  auto wanted = lower(text);
  auto dot = wanted.find('.');
  auto name = wanted.substr(0, dot);
  auto qualifier = dot == std::string::npos ? "" : wanted.substr(dot + 1);
  auto matches = [&](const ServedResource& one) {
    if (!is_called(one, name)) return false;
    if (qualifier.empty()) return one.preferred;
    const auto& resource = one.resource;
    bool group_matches = one.preferred && resource.group == qualifier;
    return group_matches || qualifier == resource.version + "." + resource.group ||
           (resource.group.empty() && qualifier == resource.version);
  };
  const auto* in_core = first_match(served_, [&](const ServedResource& one) {
    return one.resource.group.empty() && matches(one);
  });
  return in_core != nullptr ? in_core : first_match(served_, matches);
}

}  // namespace dmaas::kube
