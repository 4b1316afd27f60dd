#include "storage/s3/answer.hpp"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <charconv>

#include "storage/s3/xml_reader.hpp"

namespace dmaas::storage {
namespace {

constexpr std::size_t max_message_bytes = 300;

struct KnownRefusal {
  std::string_view code;
  ErrorCode meaning;
  std::string_view remedy;
};

constexpr std::string_view free_space =
    "the storage is full; free space, raise its quota or add disks";
constexpr std::string_view new_credentials =
    "the temporary credentials have expired; give the storage new ones";

constexpr KnownRefusal known_refusals[] = {
    {"InvalidAccessKeyId", ErrorCode::permission_denied,
     "the server does not know the access key; correct the access key"},
    {"SignatureDoesNotMatch", ErrorCode::permission_denied,
     "the secret key does not belong to the access key; correct the secret key"},
    {"ExpiredToken", ErrorCode::permission_denied, new_credentials},
    {"TokenRefreshRequired", ErrorCode::permission_denied, new_credentials},
    {"InvalidToken", ErrorCode::permission_denied,
     "the session token does not belong to the keys; give all three anew"},
    {"InvalidTokenId", ErrorCode::permission_denied,
     "the session token does not belong to the keys; give all three anew"},
    {"AccessDenied", ErrorCode::permission_denied,
     "these credentials may not do this; allow list, get, put and delete of objects in the bucket"},
    {"AllAccessDisabled", ErrorCode::permission_denied, "all access to the bucket is disabled"},
    {"AccountProblem", ErrorCode::permission_denied, "the provider has blocked the account"},
    {"NoSuchBucket", ErrorCode::invalid_input, ""},  // has its own sentence
    {"InvalidBucketName", ErrorCode::invalid_input, "correct the bucket's name"},
    {"NoSuchKey", ErrorCode::not_found, ""},
    {"NoSuchUpload", ErrorCode::unavailable, "the server has dropped the upload"},
    {"PreconditionFailed", ErrorCode::already_exists, ""},
    {"ConditionalRequestConflict", ErrorCode::conflict, ""},
    {"OperationAborted", ErrorCode::conflict, ""},
    {"XAmzContentSHA256Mismatch", ErrorCode::corrupt, "the content was changed on its way"},
    {"BadDigest", ErrorCode::corrupt, "the content was changed on its way"},
    {"InvalidRange", ErrorCode::corrupt, "the object is shorter than it was when it was saved"},
    {"EntityTooLarge", ErrorCode::exhausted, "the server does not take objects of this size"},
    {"QuotaExceeded", ErrorCode::exhausted, free_space},
    {"XMinioAdminBucketQuotaExceeded", ErrorCode::exhausted, free_space},
    {"XMinioStorageFull", ErrorCode::exhausted, free_space},
    {"StorageFull", ErrorCode::exhausted, free_space},
    {"InsufficientStorage", ErrorCode::exhausted, free_space},
    {"SlowDown", ErrorCode::unavailable, "the server asks to slow down"},
    {"SlowDownRead", ErrorCode::unavailable, "the server asks to slow down"},
    {"SlowDownWrite", ErrorCode::unavailable, "the server asks to slow down"},
    {"RequestTimeout", ErrorCode::unavailable, "the connection was too slow"},
    {"NotImplemented", ErrorCode::unsupported, ""},
    {"MethodNotAllowed", ErrorCode::unsupported, ""},
};

ErrorCode meaning_of_status(int status) {
  switch (status) {
    case 401:
    case 403:
      return ErrorCode::permission_denied;
    case 404:
      return ErrorCode::not_found;
    case 408:
    case 429:
      return ErrorCode::unavailable;
    case 409:
      return ErrorCode::conflict;
    case 412:
      return ErrorCode::already_exists;
    case 413:
    case 507:
      return ErrorCode::exhausted;
    case 416:
      return ErrorCode::corrupt;
    case 501:
      return ErrorCode::unsupported;
    default:
      return status >= 500 ? ErrorCode::unavailable : ErrorCode::invalid_input;
  }
}

std::string cause_of(const S3Refusal& refusal) {
  if (refusal.code.empty()) return fmt::format("HTTP status {}", refusal.status);
  if (refusal.message.empty()) return refusal.code;
  return fmt::format("{} ({})", refusal.code, refusal.message);
}

// What the server wrote goes to terminals and logs.
std::string printable(std::string text) {
  if (text.size() > max_message_bytes) text.resize(max_message_bytes);
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return text;
}

std::string skew_sentence(std::optional<std::chrono::seconds> difference) {
  if (!difference) return "this machine's clock is wrong; synchronise it (NTP)";
  return fmt::format("this machine's clock is {} s {} the server's; synchronise it (NTP)",
                     std::abs(difference->count()), difference->count() > 0 ? "behind" : "before");
}

Error unreadable(std::string_view what) {
  return Error(ErrorCode::unavailable, fmt::format("the server's answer holds no {}", what));
}

}  // namespace

S3Refusal parse_refusal(const http::Response& response) {
  S3Refusal refusal{
      .status = response.status,
      .code = std::string(http::header_of(response.headers, "X-Minio-Error-Code")),
      .message = {},
      .region = std::string(http::header_of(response.headers, "X-Amz-Bucket-Region"))};
  static_cast<void>(read_xml(response.body, [&](std::string_view path, const std::string& text) {
    if (path == "Error/Code") refusal.code = text;
    if (path == "Error/Message") refusal.message = text;
    if (path == "Error/Region" && refusal.region.empty()) refusal.region = text;
  }));
  refusal.code = printable(std::move(refusal.code));
  refusal.message = printable(std::move(refusal.message));
  return refusal;
}

Error explain_refusal(const S3Refusal& refusal, const S3RequestContext& context,
                      std::optional<std::chrono::seconds> difference) {
  const std::string cause = fmt::format("{}: {}", context.what, cause_of(refusal));
  if (refusal.code == "NoSuchBucket") {
    return Error(ErrorCode::invalid_input,
                 fmt::format("{}: there is no bucket \"{}\" at {}; create it or correct the "
                             "location",
                             context.what, context.bucket, context.endpoint));
  }
  if (refusal.code == "RequestTimeTooSkewed") {
    return Error(ErrorCode::permission_denied,
                 fmt::format("{}: {}; {}", context.what, refusal.code, skew_sentence(difference)));
  }
  const auto known = std::ranges::find(known_refusals, refusal.code, &KnownRefusal::code);
  if (known == std::end(known_refusals)) {
    return Error(meaning_of_status(refusal.status), cause);
  }
  // The remedy says more than the server's own message.
  if (known->remedy.empty()) return Error(known->meaning, cause);
  return Error(known->meaning,
               fmt::format("{}: {}; {}", context.what, refusal.code, known->remedy));
}

std::optional<std::chrono::seconds> clock_difference(const http::Response& response,
                                                     Timestamp now) {
  const std::string date{http::header_of(response.headers, "Date")};
  tm parts{};
  const char* end = ::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  const auto server = std::chrono::system_clock::from_time_t(::timegm(&parts));
  return std::chrono::floor<std::chrono::seconds>(server - now);
}

Result<S3ListPage> parse_list_page(std::string_view document) {
  S3ListPage page;
  ObjectInfo current;
  bool is_list = false;
  bool valid_sizes = true;
  auto read = read_xml(document, [&](std::string_view path, const std::string& text) {
    if (path == "ListBucketResult") is_list = true;
    if (path == "ListBucketResult/NextContinuationToken") page.next_token = text;
    if (path == "ListBucketResult/Contents/Key") current.name = text;
    if (path == "ListBucketResult/Contents/Size") {
      const char* const end = text.data() + text.size();
      valid_sizes &= std::from_chars(text.data(), end, current.size).ptr == end && !text.empty();
    }
    if (path == "ListBucketResult/Contents") page.objects.push_back(std::exchange(current, {}));
  });
  if (!read || !is_list || !valid_sizes) return fail(unreadable("listing"));
  return page;
}

Result<std::string> parse_upload_id(std::string_view document) {
  std::string id;
  auto read = read_xml(document, [&](std::string_view path, const std::string& text) {
    if (path == "InitiateMultipartUploadResult/UploadId") id = text;
  });
  if (!read || id.empty()) return fail(unreadable("upload id"));
  return id;
}

}  // namespace dmaas::storage
