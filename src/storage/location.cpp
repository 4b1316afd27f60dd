#include "storage/location.hpp"

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

Result<Location> parse_s3(std::string_view text) {
  const bool has_scheme = text.starts_with("http://") || text.starts_with("https://");
  S3Location location;
  // restic accepts "s3://host/bucket" too.
  const std::string url =
      has_scheme ? std::string(text) : "https://" + std::string(without_slashes(text));
  location.endpoint = TRY(http::parse_url(url));
  if (!location.endpoint.user.empty() || !location.endpoint.query.empty()) {
    return fail(ErrorCode::invalid_input,
                "an S3 location has neither user nor query; give keys as credentials");
  }
  const std::string path = std::exchange(location.endpoint.path, "/");
  const std::string_view rest = without_slashes(path);
  const std::size_t slash = rest.find('/');
  location.bucket = rest.substr(0, slash);
  if (slash != rest.npos) location.prefix = without_slashes(rest.substr(slash));
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
