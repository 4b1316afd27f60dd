#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>

#include "base/result.hpp"
#include "kube/client/client.hpp"

/// What installing and its reverse share.
namespace dmaas::cli {

/// How the server serves the kind of a manifest. Errors: unsupported.
Result<kube::Resource> resource_for(const kube::Discovery& discovery, const Json& manifest);

/// Removes the Jobs that make certificates; those of its CronJob, too.
Result<> remove_certificate_jobs(kube::Client& client, const std::string& namespace_name,
                                 std::stop_token stop);

/// Asks until the answer is true. Errors: timeout ("<what> after <patience>"), cancelled.
Result<> wait_until(std::chrono::seconds patience, std::stop_token stop,
                    const std::function<Result<bool>()>& done, const std::string& what);

}  // namespace dmaas::cli
