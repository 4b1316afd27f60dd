#pragma once

#include <string>
#include <vector>

#include "api/restore_changes.hpp"
#include "applications/object_id.hpp"
#include "applications/selection.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

namespace dmaas::applications {

/// What a person wants to be different from the backup: claims, replicas, any field. Immutable,
/// thread-safe; pure.
class Changes {
public:
  Changes() = default;
  explicit Changes(api::RestoreChanges wanted);

  /// `source`: the object as it is in the backup; `document` the same as it is to be applied.
  /// Errors: invalid_input (a patch does not fit, or changes what the object is called; names the
  /// field of the session).
  Result<> apply(const Described& source, Json& document) const;
  /// Changes that no object of these is meant by, as fields of the session.
  std::vector<std::string> unused(const std::vector<Described>& objects) const;

private:
  void change_claim(const std::string& claim, Json* spec) const;
  void change_templates(const Described& source, Json& document) const;
  Result<> transform(std::size_t index, Json& document) const;

  api::RestoreChanges wanted_;
  std::vector<Rule> matches_;  // of the transformations
};

}  // namespace dmaas::applications
