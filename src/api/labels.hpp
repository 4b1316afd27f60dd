#pragma once

#include <string_view>

/// Labels, annotations, finalizers and fixed names that DMaaS puts on objects.
namespace dmaas::api {

inline constexpr std::string_view default_system_namespace = "dmaas-system";
inline constexpr std::string_view field_manager = "dmaas";
/// Of the annotations on what plans protect.
inline constexpr std::string_view protection_field_manager = "dmaas-protection";

namespace label {
inline constexpr std::string_view managed_by = "app.kubernetes.io/managed-by";  // "dmaas"
inline constexpr std::string_view part =
    "dmaas.io/part";  // mover, resources, maintain, probe, twin, fill, scratch, controller, gateway
inline constexpr std::string_view session = "dmaas.io/session";
inline constexpr std::string_view session_namespace = "dmaas.io/session-namespace";
inline constexpr std::string_view session_uid = "dmaas.io/session-uid";
inline constexpr std::string_view component = "dmaas.io/component";
inline constexpr std::string_view plan = "dmaas.io/plan";
inline constexpr std::string_view run = "dmaas.io/run";
inline constexpr std::string_view application = "dmaas.io/application";
inline constexpr std::string_view repository = "dmaas.io/repository";
/// On what is made for a staged backup: the uid of its Snapshot.
inline constexpr std::string_view staged_backup = "dmaas.io/staged-backup";
inline constexpr std::string_view restored_by = "dmaas.io/restored-by";
/// On sessions of a standby, and on what its activation restored: the standby's UID.
inline constexpr std::string_view standby = "dmaas.io/standby";
/// On sessions of a standby: what it is for.
inline constexpr std::string_view standby_task = "dmaas.io/standby-task";
/// On sessions of a RestoreConfiguration: its UID.
inline constexpr std::string_view refill = "dmaas.io/refill";
/// On a plan that a policy made: the policy, and how it is enforced.
inline constexpr std::string_view policy = "dmaas.io/policy";
inline constexpr std::string_view enforcement = "dmaas.io/enforcement";
/// On a Secret: the title under which a person saved credentials of a provider.
inline constexpr std::string_view credential = "dmaas.io/credential";
}  // namespace label

namespace annotation {
inline constexpr std::string_view component =
    "dmaas.io/component";  // in full: labels cannot hold '/'
inline constexpr std::string_view protection = "dmaas.io/protection";  // Ready, Pending or Failed
inline constexpr std::string_view protection_message = "dmaas.io/protection-message";
/// On a namespace or workload: the BackupPolicy that protects it, or "none".
inline constexpr std::string_view policy = "dmaas.io/policy";
inline constexpr std::string_view no_policy = "none";
/// The rest names a variable of the policy's template.
inline constexpr std::string_view variable_prefix = "var.dmaas.io/";
/// On a plan that a policy made: what it protects, as "StatefulSet shop/mariadb".
inline constexpr std::string_view protects = "dmaas.io/protects";
inline constexpr std::string_view privileged_movers =
    "dmaas.io/privileged-movers";  // "allowed", on a namespace
/// On a storage: each new value makes the controller list the repositories on it.
inline constexpr std::string_view list_repositories = "dmaas.io/list-repositories";
/// On a claim: the volume's version at which Kubernetes was made to look at the claim again.
inline constexpr std::string_view volume_version = "dmaas.io/volume-version";
/// On a plan: what looks unusual in backups up to this time is as it should be.
inline constexpr std::string_view accept_data = "dmaas.io/accept-data";
/// On a plan: the migration that `dmaas migrate` makes with it, as JSON.
inline constexpr std::string_view migration = "dmaas.io/migration";
/// On a repository: each new value makes the controller maintain it once.
inline constexpr std::string_view maintain = "dmaas.io/maintain";
/// On saved credentials: what they open, for storages that say nothing else.
inline constexpr std::string_view endpoint = "dmaas.io/endpoint";
inline constexpr std::string_view region = "dmaas.io/region";
}  // namespace annotation

/// Removed when the work that outlives an object has been undone.
inline constexpr std::string_view finalizer = "dmaas.io/finalizer";
/// On a Snapshot whose deletion erases the backup: removed when it is erased.
inline constexpr std::string_view erase_finalizer = "dmaas.io/erase";
/// On a Repository or BackupStorage whose deletion erases what is in it: removed when that is done.
inline constexpr std::string_view wipe_out_finalizer = "dmaas.io/wipe-out";

}  // namespace dmaas::api
