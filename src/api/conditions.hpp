#pragma once

#include <string_view>
#include <vector>

#include "base/fields.hpp"
#include "kube/object/object.hpp"

namespace dmaas {
/// Conditions of our kinds are those of every kind.
template <>
const TypeDescription& description_of<kube::Condition>();
}  // namespace dmaas

namespace dmaas::api {

using kube::Condition;
using kube::ConditionStatus;
using Conditions = std::vector<Condition>;

/// Types that every kind has: Ready says whether it does its work; Stalled that only a person can
/// go on; Reconciling that work is under way. A session has Complete instead of Ready.
namespace condition {
inline constexpr std::string_view ready = "Ready";
inline constexpr std::string_view reconciling = "Reconciling";
inline constexpr std::string_view stalled = "Stalled";
inline constexpr std::string_view complete = "Complete";
inline constexpr std::string_view failed = "Failed";
/// On a plan: its backups leave out Secrets that the application needs at its destination.
inline constexpr std::string_view restore_needs_secrets = "RestoreNeedsSecrets";
/// On a plan: all its storages can be written; backups go on without one that cannot.
inline constexpr std::string_view storages_ready = "StoragesReady";
/// On a repository: the cluster name in its path belongs to a cluster with another uid.
inline constexpr std::string_view cluster_name_taken = "ClusterNameTaken";
/// On a repository: what the last check of its data found.
inline constexpr std::string_view healthy = "Healthy";
/// On a plan: whether it achieves its objectives.
inline constexpr std::string_view objectives_met = "ObjectivesMet";
/// On a backup session: whether all that it reads is of one moment. On a plan: whether its backups
/// can be.
inline constexpr std::string_view point_in_time = "PointInTime";
/// On a backup: whether its last verification could restore it and every check passed. On a
/// verifier: whether the last one of every repository did.
inline constexpr std::string_view verified = "Verified";
/// On a session and a plan: whether the storages have room for the backup.
inline constexpr std::string_view space_sufficient = "SpaceSufficient";
/// On a storage: it is filled beyond a share that it is to warn at.
inline constexpr std::string_view space_low = "SpaceLow";
/// On a backup and a plan: data changed in a way that damage does.
inline constexpr std::string_view data_looks_unusual = "DataLooksUnusual";
/// On a staged backup, its session and plan: whether it passed its verification on the stage. True
/// is what lets it be copied.
inline constexpr std::string_view staging_passed = "StagingPassed";
/// On a plan: its backups do not expire until a person has looked at them.
inline constexpr std::string_view retention_held = "RetentionHeld";
/// On a standby: whether its claims hold the newest backup; whether the cluster would take every
/// object of it.
inline constexpr std::string_view synced = "Synced";
inline constexpr std::string_view activation_ready = "ActivationReady";
/// On a RestoreConfiguration: whether its last session succeeded.
inline constexpr std::string_view restored = "Restored";
}  // namespace condition

/// Reasons that more than one kind uses. A reason is one CamelCase word for programs.
namespace reason {
inline constexpr std::string_view invalid_spec = "InvalidSpec";
inline constexpr std::string_view reference_missing = "ReferenceMissing";
inline constexpr std::string_view not_granted = "NotGranted";
inline constexpr std::string_view policy_violated = "PolicyViolated";
inline constexpr std::string_view not_silent = "NotSilent";
inline constexpr std::string_view unreachable = "Unreachable";
inline constexpr std::string_view wrong_password = "WrongPassword";
inline constexpr std::string_view no_repository = "NoRepository";
inline constexpr std::string_view newer_format = "NewerFormat";
inline constexpr std::string_view damaged = "Damaged";
inline constexpr std::string_view paused = "Paused";
inline constexpr std::string_view in_progress = "InProgress";
inline constexpr std::string_view succeeded = "Succeeded";
inline constexpr std::string_view cancelled = "Cancelled";
inline constexpr std::string_view wiping_out = "WipingOut";
}  // namespace reason

/// The condition of that type, or null.
const Condition* find_condition(const Conditions& conditions, std::string_view type);
bool is_true(const Conditions& conditions, std::string_view type);
/// Replaces the condition of the same type or adds it. The transition time becomes `now` only when
/// the status changes. Returns whether anything changed.
bool set_condition(Conditions& conditions, Condition condition, Timestamp now);
void remove_condition(Conditions& conditions, std::string_view type);

}  // namespace dmaas::api
