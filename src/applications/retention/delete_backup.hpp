#pragma once

#include <stop_token>

#include "api/snapshot.hpp"
#include "kube/client/client.hpp"

namespace dmaas::applications {

/// Deletes a Snapshot object so that its backup is erased: the object goes when that is done.
/// Repeating is harmless. Errors: conflict (the object changed meanwhile).
Result<> delete_backup(kube::Client& client, const api::Snapshot& snapshot, std::stop_token stop);

}  // namespace dmaas::applications
