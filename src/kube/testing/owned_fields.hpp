#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"

namespace dmaas::kube {

/// The fields that one field manager applied last, as a document.
struct AppliedFields {
  std::string manager{};
  Json fields{};
};

/// Server-side apply without schemas: objects merge, lists are replaced, but conditions (by type),
/// ownerReferences (by uid) and finalizers (as a set) merge by item. What `before` of the same
/// manager contains, `fields` does not and no one in `others` has goes.
void apply_fields(Json& target, const Json& fields, const Json& before,
                  const std::vector<AppliedFields>& others);

/// The first field ("spec.replicas") that somebody in `others` applied with a different value; ""
/// if none.
std::string find_field_conflict(const Json& fields, const std::vector<AppliedFields>& others);

}  // namespace dmaas::kube
