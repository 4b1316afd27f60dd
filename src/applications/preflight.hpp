#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

#include "applications/cluster_view.hpp"
#include "applications/restore_plan.hpp"
#include "base/result.hpp"
#include "kube/client/client.hpp"

namespace dmaas::api {
enum class ExistingPolicy;
enum class PreflightVerdict;
}  // namespace dmaas::api

namespace dmaas::applications {

/// What the destination says to one object, or to the sum of all (then the object is the quota).
struct Finding {
  ObjectId object{};
  api::PreflightVerdict verdict{};
  std::string reason{};  // with the remedy when rejected
};

/// Fields of an object that the destination would take without.
struct DroppedFields {
  ObjectId object{};
  std::vector<std::string> fields{};
};

struct PreflightResult {
  std::size_t accepted = 0;
  std::vector<DroppedFields> dropped{};  // by object
  std::vector<Finding>
      findings{};  // all that are not accepted: rejected, unproven, skipped; then by object

  std::size_t count(api::PreflightVerdict verdict) const;
};

struct PreflightAccess {
  const ClusterView& view;  // the destination
  kube::Client& client;     // may impersonate, and ask what an account may
  kube::Account account{};  // for whom the restore will act
};

/// Tries every object of the plan without changing anything: is its kind served, its namespace
/// there and not going, its storage class there, does the policy allow for what exists, does the
/// sum fit the quotas, and does the API server take it from this account (server-side dry run, for
/// workloads of a pod made from their template too, because a dry run of a workload does not judge
/// its pods). What cannot be tried yet, because the restore itself brings the namespace or the
/// kind, is unproven; only the account's right to create it is asked for then. Several requests at
/// a time.
///
/// Errors: cancelled; unavailable (the destination does not answer); those of the files but
/// corrupt and of changes that do not fit, which are findings.
Result<PreflightResult> preflight(const RestorePlan& plan, const ResourceFiles& files,
                                  const PreflightAccess& access, api::ExistingPolicy existing,
                                  std::stop_token stop);

}  // namespace dmaas::applications
