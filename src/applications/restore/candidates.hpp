#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "applications/discovery/facts.hpp"
#include "applications/resource_files.hpp"
#include "applications/restore/versions.hpp"
#include "applications/secrecy/left_out_document.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

namespace dmaas::applications {

/// What planning remembers of one stored object.
struct Candidate {
  ObjectFacts facts{};                // in the version that the source preferred
  std::size_t kind = 0;               // index into StoredObjects::kinds
  std::string_view not_restored{};    // the reason; "": it may be
  Json claim_spec{};                  // of claims
  JsonObject placement{};             // of what has pods
  std::vector<std::string> claims{};  // that its pods mount by name
  std::vector<std::pair<std::string, std::string>> environment{};  // plain values of its pods
  std::string replacement{};  // what a person may do where its kind is not served
};

struct StoredObjects {
  std::vector<StoredKind> kinds{};
  LeftOutDocument left_out{};
  std::vector<Candidate> candidates{};
};

/// Reads every object once, in the version that the source preferred. Errors: as plan_restore.
Result<StoredObjects> read_stored_objects(const ResourceFiles& files, std::stop_token stop);

}  // namespace dmaas::applications
