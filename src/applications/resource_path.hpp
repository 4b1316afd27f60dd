#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "kube/object/object_key.hpp"

namespace dmaas::applications {

/// Where an object lies in the `resources` tree of a backup:
/// "/<group|core>/<plural>/<version>/<namespace|_cluster>/<name>.json".
struct ResourcePath {
  std::string group{};
  std::string plural{};
  std::string version{};
  kube::ObjectKey key{};

  std::string text() const;
  /// Errors: invalid_input for anything that is not the path of an object.
  static Result<ResourcePath> parse(std::string_view path);

  auto operator<=>(const ResourcePath&) const = default;
};

}  // namespace dmaas::applications
