#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kube/object/resource.hpp"

namespace dmaas::kube {

struct ServedResource {
  Resource resource{};
  std::string singular{};
  std::vector<std::string> verbs{};
  std::vector<std::string> short_names{};
  std::vector<std::string> categories{};
  std::vector<std::string> subresources{};  // "status", "scale"
  /// Of the versions of its group that serve this plural, the one the server puts first.
  bool preferred = false;

  bool allows(std::string_view verb) const;
};

/// What an API server serves at one moment. Immutable; pointers live as long as it does.
class Discovery {
public:
  Discovery() = default;
  /// `incomplete_groups`: group/versions whose own server did not answer; what they serve is
  /// unknown.
  explicit Discovery(std::vector<ServedResource> served,
                     std::vector<std::string> incomplete_groups = {});

  const std::vector<ServedResource>& all() const { return served_; }
  /// One entry per group and plural.
  std::vector<const ServedResource*> preferred() const;
  const std::vector<std::string>& incomplete_groups() const { return incomplete_groups_; }
  bool serves_group(std::string_view group) const;

  /// Null when not served.
  const ServedResource* find(std::string_view api_version, std::string_view kind) const;
  /// The preferred version of a kind.
  const ServedResource* find_kind(std::string_view group, std::string_view kind) const;
  /// The preferred version of a plural.
  const ServedResource* find_plural(std::string_view group, std::string_view plural) const;
  /// What a person types: plural, singular, short name or kind in any case, optionally with
  /// ".group" or
  /// ".version.group". Of several groups the core group wins, then the order of the server.
  const ServedResource* find_name(std::string_view text) const;

private:
  std::vector<ServedResource> served_;
  std::vector<std::string> incomplete_groups_;
};

}  // namespace dmaas::kube
