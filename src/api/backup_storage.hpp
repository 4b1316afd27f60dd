#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/conditions.hpp"
#include "api/maintenance.hpp"
#include "api/object.hpp"
#include "api/references.hpp"
#include "api/storage_space.hpp"

namespace dmaas::api {

enum class PathStyle { automatic, path, virtual_host };
constexpr auto names_of(PathStyle) {
  return std::to_array<std::string_view>({"auto", "path", "virtualHost"});
}

struct S3Backend {
  std::string bucket{};
  std::string region{};
  std::string endpoint{};
  std::string prefix{};
  PathStyle path_style = PathStyle::automatic;
  std::string ca_certificate{};
  bool create_bucket = false;
  bool operator==(const S3Backend&) const = default;

  static void fields(auto& self, auto&& field) {
    field("bucket", self.bucket, "Name of the bucket.", rule::required,
          rule::pattern(
              "^[a-zA-Z0-9][a-zA-Z0-9._-]{1,253}[a-zA-Z0-9]$",
              "must be the name of a bucket, such as backups, without s3:// and without path"),
          rule::max_length(255));
    field("region", self.region, "Region of the bucket; found by itself when empty.",
          rule::max_length(64));
    field(
        "endpoint", self.endpoint,
        "URL of the service, such as https://minio.example.com:9000; empty for AWS.",
        rule::pattern(
            "^(https?://[^/?#@ ]+/?)?$",
            "must be a URL of scheme, host and port only, such as https://minio.example.com:9000"),
        rule::max_length(512));
    field("prefix", self.prefix, "Path within the bucket below which everything is kept.",
          rule::pattern(
              "^([^/]+(/[^/]+)*)?$",
              "must be a path without leading, trailing or double '/', such as team-a/backups"),
          rule::max_length(512));
    field(
        "pathStyle", self.path_style,
        "Whether the bucket is named in the path or in the host of URLs. auto: in the path when an "
        "endpoint is given.",
        rule::with_default);
    field("caCert", self.ca_certificate,
          "PEM text of the authorities that sign the endpoint's certificate; the system's when "
          "empty.",
          rule::max_length(65536));
    field("createBucket", self.create_bucket, "Make the bucket when it does not exist.");
  }
};

struct LocalBackend {
  std::string path{};
  bool operator==(const LocalBackend&) const = default;

  static void fields(auto& self, auto&& field) {
    field("path", self.path,
          "Absolute path of a directory on the node of the gateway, or of a shared file system "
          "that is "
          "mounted there.",
          rule::required,
          rule::pattern("^/[^/]+(/[^/]+)*$",
                        "must be an absolute path below /, such as /srv/backups"),
          rule::max_length(512));
  }
};

struct StorageBackend {
  std::optional<S3Backend> s3{};
  std::optional<LocalBackend> local{};
  bool operator==(const StorageBackend&) const = default;

  static void fields(auto& self, auto&& field) {
    field("s3", self.s3, "A bucket of Amazon S3 or of any service that speaks its protocol.");
    field("local", self.local, "A directory; then the gateway runs once, where the directory is.");
    field.rule("has(self.s3) != has(self.local)", "give exactly one backend: s3 or local");
  }
};

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

struct BackupStorageSpec {
  StorageBackend backend{};
  std::optional<LocalReference> credential_secret{};
  SecretKeyReference recovery_password_secret{};
  StorageUsage usage{};
  bool is_default = false;
  std::int32_t max_concurrent_movers = 8;
  std::optional<Quantity> quota{};
  std::vector<std::int32_t> warn_at{80, 95};
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
