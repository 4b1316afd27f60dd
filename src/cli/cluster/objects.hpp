#pragma once

#include <string>

#include "api/object.hpp"
#include "api/references.hpp"
#include "kube/client/client.hpp"

namespace dmaas::cli {

template <class Kind>
Result<Json> create(kube::Client& client, const Kind& object, std::stop_token stop) {
  return client.create(api::kind_info<Kind>().resource(), api::encode(object), {}, std::move(stop));
}

/// "[namespace/]name".
api::NamespacedReference reference_of(const std::string& text);

/// "<prefix>-<time of day>-<4 hexadecimal digits>": two people may start one in the same second.
std::string new_session_name(const std::string& prefix);

}  // namespace dmaas::cli
