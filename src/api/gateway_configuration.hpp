#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/fields.hpp"

/// What the controller tells the gateway, in two objects of the system namespace: the Secret
/// `dmaas-gateway-storages` (key `storages.json`) and the ConfigMap `dmaas-gateway-grants` (key
/// `grants.json`).
namespace dmaas::api {

inline constexpr std::string_view gateway_storages_name = "dmaas-gateway-storages";
inline constexpr std::string_view gateway_storages_key = "storages.json";
inline constexpr std::string_view gateway_grants_name = "dmaas-gateway-grants";
inline constexpr std::string_view gateway_grants_key = "grants.json";

/// One storage with its credentials. Secret.
struct GatewayStorage {
  std::string name{};      // "<namespace>/<name>" of the BackupStorage
  std::string location{};  // notation of storage/open.hpp
  std::string access_key{};
  std::string secret_key{};
  std::string session_token{};
  std::string region{};
  std::string addressing{};  // auto, path or virtualHost
  std::string ca_certificate{};
  bool create_container = false;
  std::int64_t upload_rate = 0;    // bytes a second; 0: no limit
  std::int64_t download_rate = 0;  // likewise

  bool operator==(const GatewayStorage&) const = default;

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "Namespace/name of the BackupStorage.", rule::required);
    field("location", self.location, "Where it is, in the notation of restic's -r option.",
          rule::required);
    field("accessKey", self.access_key, "S3 access key.");
    field("secretKey", self.secret_key, "S3 secret key.");
    field("sessionToken", self.session_token, "S3 session token.");
    field("region", self.region, "S3 region.");
    field("addressing", self.addressing, "auto, path or virtualHost.");
    field("caCert", self.ca_certificate,
          "PEM text of authorities to trust; the system's when empty.");
    field("createContainer", self.create_container,
          "Make the bucket or directory when it is absent.");
    field("uploadRate", self.upload_rate, "Bytes a second that may be written; 0: no limit.");
    field("downloadRate", self.download_rate, "Bytes a second that may be read; 0: no limit.");
  }
};

enum class GatewayScope { backup, read, maintain };
constexpr auto names_of(GatewayScope) {
  return std::to_array<std::string_view>({"backup", "read", "maintain"});
}

/// One pod may use one repository.
struct GatewayGrant {
  std::string pod_uid{};
  std::string session{};     // "<kind>/<namespace>/<name>", for logs
  std::string storage{};     // "<namespace>/<name>"
  std::string repository{};  // path below the storage
  GatewayScope scope = GatewayScope::read;

  bool operator==(const GatewayGrant&) const = default;

  static void fields(auto& self, auto&& field) {
    field("podUid", self.pod_uid, "UID that the pod's token is bound to.", rule::required);
    field("session", self.session, "Kind/namespace/name of the session, for logs.");
    field("storage", self.storage, "Namespace/name of the BackupStorage.", rule::required);
    field("repository", self.repository, "Path of the repository below the storage.",
          rule::required);
    field("scope", self.scope, "What it may do there.", rule::required);
  }
};

/// Whole contents of the two keys. Decoding errors: invalid_input, exhausted (over 4 MiB).
std::string encode_gateway_storages(const std::vector<GatewayStorage>& storages);
Result<std::vector<GatewayStorage>> decode_gateway_storages(std::string_view text);
std::string encode_gateway_grants(const std::vector<GatewayGrant>& grants);
Result<std::vector<GatewayGrant>> decode_gateway_grants(std::string_view text);

}  // namespace dmaas::api
