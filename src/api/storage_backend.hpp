#pragma once

#include <optional>
#include <string>

#include "base/fields.hpp"

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

}  // namespace dmaas::api
