#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "kube/client/client.hpp"

/// What installing and its reverse share.
namespace dmaas::cli {

/// The custom resource definitions of this version.
std::vector<Json> definitions();

/// How the server serves the kind of a manifest. Errors: unsupported.
Result<kube::Resource> resource_for(const kube::Discovery& discovery, const Json& manifest);

/// Asks until the answer is true. Errors: timeout ("<what> after <patience>"), cancelled.
Result<> wait_until(std::chrono::seconds patience, std::stop_token stop,
                    const std::function<Result<bool>()>& done, const std::string& what);

}  // namespace dmaas::cli
