#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "kube/client/discovery.hpp"

namespace dmaas::applications {

/// A kind as a backup holds it.
struct StoredKind {
  kube::Resource resource{};            // in the version that the source preferred
  std::vector<std::string> versions{};  // all that are stored
};
/// The kinds of "/index.json". Errors: invalid_input; unsupported (written by a newer program).
Result<std::vector<StoredKind>> parse_index(const Json& index);

/// In which version a kind is read from the backup and in which it is applied.
struct VersionChoice {
  kube::Resource stored{};
  kube::Resource applied{};
  std::string
      conversion{};  // for people; "" when both versions are the one that the source preferred
};

/// The same version, else another stored version that the destination serves, else one that
/// `convert` can make of a stored one. Errors: unsupported.
Result<VersionChoice> choose_version(const StoredKind& kind, const kube::Discovery& destination);

/// Makes a document of the version it is stored in one of `applied`, a choice of `choose_version`.
void convert(Json& document, const kube::Resource& applied);

}  // namespace dmaas::applications
