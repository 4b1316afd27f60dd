#pragma once

#include <compare>
#include <string>

#include "kube/object/object_key.hpp"

namespace dmaas::controller {

/// Where a repository is.
struct RepositoryPlace {
  kube::ObjectKey storage{};
  std::string path{};

  auto operator<=>(const RepositoryPlace&) const = default;
};

}  // namespace dmaas::controller
