#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "http/client.hpp"
#include "storage/object_store.hpp"

namespace dmaas::storage {

/// What an S3 server said about a refused request.
struct S3Refusal {
  int status = 0;
  std::string code;  // "NoSuchKey"; empty when it gave none (HEAD)
  std::string message;
  std::string region;  // where the bucket is, when the answer says so
};

/// Reads headers and error document; never fails: what cannot be read is left empty.
S3Refusal parse_refusal(const http::Response& response);

struct S3RequestContext {
  std::string_view what;  // "PUT s3:https://host/bucket/key"
  std::string_view bucket;
  std::string_view endpoint;  // "https://host"
};

/// The refusal as an error with cause and remedy. `clock_difference` is the server's time minus
/// ours, when known.
Error explain_refusal(const S3Refusal& refusal, const S3RequestContext& context,
                      std::optional<std::chrono::seconds> clock_difference = {});

/// The server's time (Date header) minus `now`.
std::optional<std::chrono::seconds> clock_difference(const http::Response& response, Timestamp now);

/// One page of ListObjectsV2; names are whole keys.
struct S3ListPage {
  std::vector<ObjectInfo> objects;
  std::string next_token;  // empty: the last page
};
/// Errors: unavailable (no such document; a proxy in between, or a cut answer).
Result<S3ListPage> parse_list_page(std::string_view document);

/// The id of a multipart upload. Errors: unavailable.
Result<std::string> parse_upload_id(std::string_view document);

}  // namespace dmaas::storage
