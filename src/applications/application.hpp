#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "applications/claim.hpp"
#include "applications/object_id.hpp"
#include "kube/object/resource.hpp"

namespace dmaas::applications {

/// One object that belongs to an application.
struct Member {
  kube::Resource resource{};  // in the version that the server prefers
  ObjectId id{};
  std::string reason{};  // why it belongs, for people: "volumes[tls] of Deployment shop/web"
  std::string target{};  // name of the first target that it belongs to
};

/// One object that would belong, were it not for a rule; or a claim whose data would.
struct LeftOut {
  ObjectId id{};
  std::string reason{};
};

/// Everything that belongs to an application at one moment.
struct Application {
  std::vector<Member> members{};  // sorted by id
  std::vector<Claim> claims{};    // those whose data belongs, sorted
  std::vector<LeftOut> left_out{};
  std::map<std::string, std::size_t> never_stored{};  // how many objects for which reason
  std::vector<std::string> missing_targets{};         // targets that nothing matches
  /// What keeps a backup of all this from being complete, each with what helps.
  std::vector<std::string> obstacles{};
  std::vector<ObjectId> needed_secrets{};  // left out, but a restore needs them
  std::vector<std::string> warnings{};     // references to nothing, kinds that cannot be listed
};

}  // namespace dmaas::applications
