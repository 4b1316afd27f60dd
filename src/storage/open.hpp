#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "storage/object_store.hpp"

namespace dmaas::http {
class Client;
}

namespace dmaas::storage {

/// What opens an S3 bucket. Secrets stay in memory.
struct S3Credentials {
  std::string access_key = {};
  std::string secret_key = {};
  std::string session_token = {};  // empty: none
};

struct StorageOptions {
  S3Credentials s3 = {};             // s3: only
  std::string region = "us-east-1";  // s3: only
  enum class Addressing { automatic, path, virtual_host } addressing = Addressing::automatic;
  std::string ca_certificates = {};  // PEM text; empty: the system's
  std::string rest_user = {};        // rest: only; when the URL has none
  std::string rest_password = {};    // rest: only
  /// rest: read for every request and again after 401, so that a rotated token is picked up; empty:
  /// rest_password.
  std::string rest_password_file = {};
  /// s3, rest: of several stores on one server, which then share its connections instead of keeping
  /// some each. Null: one of its own, with the certificates above.
  std::shared_ptr<http::Client> client = {};
  unsigned connections = 0;                 // 0: 2 for local, 5 for others
  std::chrono::seconds give_up_after{900};  // retries of one call end after this
};

/// Opens a store by restic's notation: "/path" or "local:/path", "s3:host/bucket[/prefix]",
/// "s3:http(s)://host/bucket[/prefix]", "rest:http(s)://host[:port]/path/". Retries with backoff
/// and the store's own throttling answers are included. Nothing is contacted yet. Errors:
/// invalid_input with a remedy.
Result<std::unique_ptr<ObjectStore>> open_storage(std::string_view location,
                                                  const StorageOptions& options, Clock& clock);

/// StorageOptions from the environment as restic reads it: AWS_ACCESS_KEY_ID,
/// AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_DEFAULT_REGION or AWS_REGION,
/// RESTIC_REST_USERNAME, RESTIC_REST_PASSWORD, RESTIC_CACERT (a file).
Result<StorageOptions> storage_options_from_environment();

/// Makes the bucket when it is absent (s3), or the directory (local); success when it is there.
/// rest: unsupported.
Result<> create_container(std::string_view location, const StorageOptions& options, Clock& clock,
                          std::stop_token stop);

}  // namespace dmaas::storage
