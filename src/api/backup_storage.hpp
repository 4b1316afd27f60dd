#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/conditions.hpp"
#include "api/maintenance.hpp"
#include "api/object.hpp"
#include "api/references.hpp"
#include "api/storage_backend.hpp"
#include "api/storage_space.hpp"

namespace dmaas::api {

enum class UsageScope { own, all, list, policies };
constexpr auto names_of(UsageScope) {
  return std::to_array<std::string_view>({"own", "all", "list", "policies"});
}

struct StorageUsage {
  UsageScope namespaces = UsageScope::own;
  std::vector<std::string> names{};
  bool operator==(const StorageUsage&) const = default;

  static void fields(auto& self, auto&& field) {
    field("namespaces", self.namespaces,
          "Whose plans may use the storage: own, only of its namespace; all; list, those in names "
          "and its own; policies, those of its own, and all that name a BackupPolicy that lists "
          "the storage.",
          rule::with_default);
    field("names", self.names, "Namespaces for list.", rule::max_items(500));
    field.rule(
        "self.namespaces == 'list' ? has(self.names) && size(self.names) > 0 : !has(self.names)",
        "names goes with namespaces: list, and only with it");
  }
};

/// What becomes of the data when the object is deleted.
enum class StorageDeletion { retain, wipe_out };
constexpr auto names_of(StorageDeletion) {
  return std::to_array<std::string_view>({"Retain", "WipeOut"});
}

/// In bytes a second, for all movers together.
struct Bandwidth {
  std::optional<Quantity> upload{};
  std::optional<Quantity> download{};
  bool operator==(const Bandwidth&) const = default;

  static void fields(auto& self, auto&& field) {
    field("upload", self.upload,
          "How many bytes a second backups may send to the storage, such as 50Mi; at least 4Mi.");
    field("download", self.download,
          "How many bytes a second may be read from it; at least 4Mi. A restore is as slow as "
          "this.");
  }
};

struct BackupStorageSpec {
  StorageBackend backend{};
  std::optional<LocalReference> credential_secret{};
  SecretKeyReference recovery_password_secret{};
  StorageUsage usage{};
  bool is_default = false;
  std::int32_t max_concurrent_movers = 8;
  std::optional<Quantity> quota{};
  std::vector<std::int32_t> warn_at{80, 95};
  std::optional<Bandwidth> bandwidth{};
  StorageDeletion deletion_policy = StorageDeletion::retain;
  MaintenanceSettings maintenance{};

  static void fields(auto& self, auto&& field) {
    field("backend", self.backend, "Where the data is.", rule::required,
          rule::cel("self == oldSelf || (has(self.s3) == has(oldSelf.s3) && has(self.local) == "
                    "has(oldSelf.local))",
                    "the kind of backend cannot be changed: make a new storage instead"));
    field("credentialSecretRef", self.credential_secret,
          "Secret with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, where needed, "
          "AWS_SESSION_TOKEN.");
    field("recoveryPasswordSecretRef", self.recovery_password_secret,
          "The recovery password. With it and the bucket, every backup is restored even when no "
          "cluster "
          "is left: keep a copy elsewhere.",
          rule::required);
    field("usage", self.usage, "Who may use the storage.");
    field("default", self.is_default, "Plans that name no storage use this one.");
    field("maxConcurrentMovers", self.max_concurrent_movers,
          "How many movers may read from or write to the storage at one time.", rule::with_default,
          rule::minimum(1), rule::maximum(256));
    field("quota", self.quota,
          "How many bytes all repositories on the storage may take together, such as 500Gi. A "
          "backup that needs more than is left is refused before it stores anything.");
    field("warnAt", self.warn_at,
          "From so many percent of quota or file system on, condition SpaceLow warns; again at "
          "each further one.",
          rule::with_default, rule::max_items(5));
    field("bandwidth", self.bandwidth, "How fast data may go to and from the storage.");
    field("deletionPolicy", self.deletion_policy,
          "What the deletion of this object does to the data: Retain, nothing; WipeOut, it erases "
          "every repository of this cluster on the storage, with all backups, and the object "
          "stays until that is done. Changed to Retain, it goes at once.",
          rule::with_default);
    field("maintenance", self.maintenance,
          "When expired backups are erased and the repositories on the storage are checked.");
    field.rule("!has(self.backend.s3) || has(self.credentialSecretRef)",
               "backend s3 needs credentialSecretRef: name a Secret with AWS_ACCESS_KEY_ID and "
               "AWS_SECRET_ACCESS_KEY");
  }
};

/// What was found on the storage when somebody asked for it.
struct FoundRepositories {
  static constexpr std::size_t max_paths = 1000;

  std::string request{};
  std::optional<Timestamp> time{};
  std::int32_t count = 0;
  std::vector<std::string> paths{};
  std::string message{};

  static void fields(auto& self, auto&& field) {
    field("request", self.request,
          "Value of the annotation dmaas.io/list-repositories that asked for this.");
    field("time", self.time, "When it was found.");
    field("count", self.count, "How many repositories there are.", rule::always);
    field("paths", self.paths, "The first 1000 of their paths, below the storage's prefix.",
          rule::max_items(max_paths));
    field("message", self.message, "Why the storage could not be listed.");
  }
};

struct BackupStorageStatus {
  std::int64_t observed_generation = 0;
  std::string location{};
  std::optional<Timestamp> reachable_since{};
  std::optional<std::chrono::nanoseconds> latency{};
  std::int32_t repositories = 0;
  std::optional<StorageSpace> space{};
  std::optional<FoundRepositories> found{};
  Conditions conditions{};

  static void fields(auto& self, auto&& field) {
    field("observedGeneration", self.observed_generation,
          "Generation of the spec that this status is about.");
    field("location", self.location, "The storage in the notation of restic's -r option.");
    field("reachableSince", self.reachable_since,
          "Since when the storage answers; absent while it does not.");
    field("latency", self.latency, "How long the last answer took.");
    field("repositories", self.repositories,
          "How many repositories this cluster knows on the storage.", rule::always);
    field("space", self.space, "How much it holds, and how much more it takes.");
    field("found", self.found,
          "The repositories on the storage, whoever made them; looked for when the annotation "
          "dmaas.io/list-repositories gets a new value.");
    field("conditions", self.conditions, "What works and what does not.", rule::keys("type"));
  }
};

using BackupStorage = Object<BackupStorageSpec, BackupStorageStatus>;
template <>
const KindInfo& kind_info<BackupStorage>();

/// Whether plans in `namespace_name` may use `storage`; with usage `policies`, those that a policy
/// gives it to.
bool may_use(const BackupStorage& storage, std::string_view namespace_name);

}  // namespace dmaas::api
