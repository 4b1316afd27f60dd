#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "http/client.hpp"
#include "storage/open.hpp"

namespace dmaas::storage {

/// Names and values before encoding.
using S3Query = std::vector<std::pair<std::string, std::string>>;

/// What AWS Signature Version 4 covers of a request.
struct RequestToSign {
  std::string method;
  std::string path;  // percent-encoded as it is sent
  S3Query query;
  http::Headers headers;  // all of them are signed; must hold Host and X-Amz-Content-Sha256
};

inline constexpr std::string_view unsigned_payload = "UNSIGNED-PAYLOAD";

/// Sorted and encoded as the signature demands; also what is sent.
std::string canonical_query(S3Query query);

/// "20130524T000000Z"
std::string amz_date(Timestamp time);

/// The value of the Authorization header. `request.headers` must hold X-Amz-Date for the same
/// `time`. Source: "Authenticating Requests (AWS Signature Version 4)" of the Amazon S3 API
/// reference.
std::string sign_request(const RequestToSign& request, const S3Credentials& credentials,
                         std::string_view region, Timestamp time);

}  // namespace dmaas::storage
