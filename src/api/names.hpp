#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"

/// Deterministic names, so that a repeated create is `already_exists` and not a twin. At most 63
/// characters of lower-case letters, digits and '-'.
namespace dmaas::api {

/// <plan ≤30>-<run ≤15>-<scheduled unix seconds>, and 5 hexadecimal digits of hash(plan uid, run)
/// when a part was cut or has a '-'.
std::string session_name(std::string_view plan, std::string_view plan_uid, std::string_view run,
                         Timestamp scheduled);
/// The same for the `attempt`-th retry, counted from 1: always with 5 hexadecimal digits, of
/// hash(plan uid, run, attempt).
std::string retry_name(std::string_view plan, std::string_view plan_uid, std::string_view run,
                       Timestamp scheduled, int attempt);

/// The copying of what a storage missed: <plan ≤ 25>-to-<storage ≤ 15>-<unix seconds>-, and 5
/// hexadecimal digits of hash(plan uid, storage key).
std::string catch_up_name(std::string_view plan, std::string_view plan_uid,
                          std::string_view storage_namespace, std::string_view storage,
                          Timestamp time);

/// <application>-<utc yyyymmdd-hhmmss>-<5 hexadecimal digits of hash(repository id, session uid)>:
/// the same on every cluster that discovers the backup.
std::string snapshot_name(std::string_view application, Timestamp time,
                          std::string_view repository_id, std::string_view session_uid);

/// Components of a backup. A claim of the plan's own namespace is volume/<claim>, one of another
/// namespace volume/<namespace>/<claim>.
inline constexpr std::string_view resources_component = "resources";
std::string volume_component(std::string_view plan_namespace, std::string_view claim_namespace,
                             std::string_view claim);
std::string dump_component(std::string_view dump);

/// <application ≤ 30>-<storage ≤ 20>-, and 5 hexadecimal digits of hash(storage key, path) always:
/// two storages of one name in different namespaces give two repositories.
std::string repository_name(std::string_view application, std::string_view storage_namespace,
                            std::string_view storage, std::string_view path);

/// The Secret in the system namespace that holds the repository's password: the same for every
/// Repository object that shows the same place.
std::string repository_secret_name(std::string_view storage_namespace, std::string_view storage,
                                   std::string_view path);

/// The plan that a policy makes for a workload or namespace: <name ≤ 25>-<policy ≤ 20>-, and 5
/// hexadecimal digits of hash(kind, namespace, name, policy). In the system namespace the name
/// begins with that of the workload's namespace.
struct PolicyTargetName {
  std::string_view kind{};
  std::string_view namespace_name{};
  std::string_view name{};
};
std::string policy_plan_name(std::string_view policy, const PolicyTargetName& target);
std::string imposed_plan_name(std::string_view policy, const PolicyTargetName& target);
/// The name that a plan gives an application called `text`.
std::string target_name(std::string_view text);

/// Names of what a session makes: <kind>-<name ≤ 40>-<8 hexadecimal digits of hash(session uid,
/// component, purpose, attempt)>.
struct SessionPart {
  std::string_view session_uid{};
  std::string_view component{};  // "volume/data-0"
  std::string_view storage{};    // "" where it does not matter
  int attempt = 0;
};
/// The pod that moves the component's data.
std::string mover_name(const SessionPart& part);
/// The second persistent volume and its claim through which a live volume is read.
std::string twin_name(const SessionPart& part);
/// The claim in the system namespace through which a restored volume is filled.
std::string fill_name(const SessionPart& part);
/// The pod that tries something out in a scratch namespace.
std::string probe_name(const SessionPart& part);
/// <standby ≤ 40>-<task>-, and 8 hexadecimal digits of hash(standby uid, number): the
/// RestoreSession that a standby starts as its `number`-th.
struct StandbySessionName {
  std::string_view standby{};
  std::string_view standby_uid{};
  std::string_view task{};
  int number = 0;
};
std::string standby_session_name(const StandbySessionName& name);
/// dmaas-verify-, and 12 hexadecimal digits of hash(session uid): the namespace that a verification
/// restores into, and its RestoreSession.
std::string scratch_name(std::string_view session_uid);

}  // namespace dmaas::api
