#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "gateway/authentication.hpp"
#include "gateway/configuration.hpp"
#include "kube/client/client.hpp"

namespace dmaas::gateway {

/// Watches the Secret and the ConfigMap of api/gateway_configuration.hpp by name; an absent object
/// counts as an empty list. Needs list and watch on these two names only. Both arguments outlive
/// it.
std::unique_ptr<ConfigurationSource> kubernetes_source(kube::Client& client,
                                                       std::string namespace_name, Clock& clock);

/// Reviews tokens by the API server. Needs create on tokenreviews.
std::unique_ptr<TokenReviewer> kubernetes_reviewer(kube::Client& client);

}  // namespace dmaas::gateway
