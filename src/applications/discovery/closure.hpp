#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "applications/application.hpp"
#include "applications/discovery/inventory.hpp"
#include "applications/selection.hpp"

namespace dmaas::applications {

/// An object that a chosen one refers to and that has not been read yet.
struct Wanted {
  ObjectId id{};
  std::string reason{};
  /// Most objects of the kind do not need it: its absence is no finding.
  bool optional = false;
};

struct Closure {
  struct Chosen {
    const ObjectFacts* facts = nullptr;
    std::string reason{};
    const Target* target = nullptr;  // the first that it belongs to
  };
  std::vector<Chosen> chosen{};
  std::vector<LeftOut> left_out{};
  std::map<ObjectId, std::string_view> never_stored{};
  std::vector<Wanted> wanted{};
  std::vector<std::string> missing_targets{};
  std::set<ObjectId> needed_secrets{};  // left out, but referred to
};

/// Everything in `inventory` that belongs to the targets. Pure: reading what is wanted and asking
/// again leads, after few rounds, to a result that wants nothing new. Each target's rules hold for
/// what is found from that target.
Closure close_over(const Inventory& inventory, const std::vector<Target>& targets);

}  // namespace dmaas::applications
