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

}  // namespace dmaas::cli
