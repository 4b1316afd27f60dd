#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"

namespace dmaas::applications {

/// The fields of `sent` that `answer`, what the API server made of it, does not have, such as
/// "spec.unhealthyPodEvictionPolicy": a server drops without a word what its version does not know.
/// Empty values are not missed, nor is `status`, which a creation never sets. Items of lists are
/// compared only while both lists have the same length. At most 20, in the order of the document.
std::vector<std::string> dropped_fields(const Json& sent, const Json& answer);

/// For people: "the cluster drops spec.a, spec.b: …"; "" when there are none.
std::string describe_dropped(const std::vector<std::string>& fields);

}  // namespace dmaas::applications
