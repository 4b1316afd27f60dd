#pragma once

#include <stop_token>
#include <string>

#include "api/restore_session.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

// Who acts in a namespace for its sessions. These accounts stand in the system namespace, and only
// their bindings in the namespace that they act in: whoever may `edit` a namespace may act as every
// account in it, and would gain there what the account may. They are impersonated, so no object and
// no token of them exists. Sessions of the system namespace act as its account dmaas-restore.

/// The account that a restore creates objects as: the one that the session names in its own
/// namespace, else ours, which may there what the role `admin` may.
/// A trial (spec.defuse) acts as the account of verifications.
kube::ObjectKey restore_account(const World& world, const api::RestoreSession& session);

/// The account that a plan's hooks run as: it may run commands in the pods of the plan's namespace
/// and nothing else but make the pods of dumps.
kube::ObjectKey hook_account(const World& world, const std::string& namespace_name);

/// The account that verifications of a namespace act as: it has rights in their scratch namespaces
/// only, so nothing that a backup holds can be created anywhere else.
kube::ObjectKey verification_account(const World& world, const std::string& namespace_name);
/// Binds it to the role `admin` in one.
Result<> bind_verification_account(World& world, const std::string& namespace_name,
                                   const std::string& scratch, std::stop_token stop);

/// The account in a scratch namespace that installs a chart there, bound to the role dmaas-launch:
/// less than `admin`, since it could else open the namespace to the network. Its token is in a pod,
/// so it is in the namespace that all its rights are in.
kube::ObjectKey launch_account(const std::string& scratch);
Result<> bind_launch_account(World& world, const std::string& scratch, std::stop_token stop);

/// Binds ours where that has not been done. A binding that is there stays as it is: the
/// namespace's administrator may narrow it.
Result<> bind_restore_account(World& world, const api::RestoreSession& session,
                              std::stop_token stop);
Result<> bind_hook_account(World& world, const std::string& namespace_name, std::stop_token stop);

kube::Account impersonated(const kube::ObjectKey& account);

}  // namespace dmaas::controller
