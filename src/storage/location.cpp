#include "storage/location.hpp"

#include <algorithm>

#include "http/client.hpp"

namespace dmaas::storage {
namespace {

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::string_view without_slashes(std::string_view text) {
  while (text.starts_with('/')) text.remove_prefix(1);
  while (text.ends_with('/')) text.remove_suffix(1);
  return text;
}

// As restic does: a path after a scheme is percent-decoded, one after a bare host is not.
Result<Location> parse_s3(std::string_view text) {
  const bool has_scheme = text.starts_with("http://") || text.starts_with("https://");
  const std::size_t host = has_scheme ? text.find("://") + 3 : 0;
  if (!has_scheme) text = without_slashes(text);  // "s3://host/bucket"
  const std::size_t path = std::min(text.find('/', host), text.size());
  S3Location location;
  location.endpoint =
      TRY(http::parse_url((has_scheme ? "" : "https://") + std::string(text.substr(0, path))));
  if (!location.endpoint.user.empty()) {
    return fail(ErrorCode::invalid_input, "an S3 location has no user; give keys as credentials");
  }
  const std::string_view keys = without_slashes(text.substr(path));
  const std::string decoded = has_scheme ? http::percent_decode(keys) : std::string(keys);
  const std::size_t slash = std::min(decoded.find('/'), decoded.size());
  location.bucket = decoded.substr(0, slash);
  location.prefix = without_slashes(std::string_view(decoded).substr(slash));
  if (location.bucket.empty()) {
    return fail(ErrorCode::invalid_input, "the S3 location \"" + http::without_secrets(text) +
                                              "\" names no bucket; write s3:https://host/bucket");
  }
  return location;
}

Result<Location> parse_rest(std::string_view text) {
  RestLocation location{TRY(http::parse_url(text))};
  if (!location.base.query.empty()) {
    return fail(ErrorCode::invalid_input, "a REST location has no query");
  }
  if (!location.base.path.ends_with('/')) location.base.path += '/';
  return location;
}

}  // namespace

Result<Location> parse_location(std::string_view text) {
  if (take_prefix(text, "s3:")) return parse_s3(text);
  if (take_prefix(text, "rest:")) return parse_rest(text);
  const bool local = take_prefix(text, "local:");
  if (text.empty()) return fail(ErrorCode::invalid_input, "the location of the storage is empty");
  const std::size_t colon = text.find(':');
  if (!local && colon != text.npos && text.find('/') > colon) {
    return fail(ErrorCode::invalid_input,
                "no storage of kind \"" + std::string(text.substr(0, colon)) +
                    "\" is known; use a path, s3: or rest:, or local: before a path with a colon");
  }
  return LocalLocation{std::string(text)};
}

}  // namespace dmaas::storage
