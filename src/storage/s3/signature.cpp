#include "storage/s3/signature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/time_text.hpp"
#include "crypto/sha256.hpp"

namespace dmaas::storage {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view service = "s3";

std::string lower_case(std::string_view text) {
  std::string lower{text};
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// Leading, trailing and repeated spaces do not count.
std::string trimmed(std::string_view text) {
  std::string result;
  for (char c : text) {
    if (c == ' ' && (result.empty() || result.back() == ' ')) continue;
    result += c;
  }
  if (result.ends_with(' ')) result.pop_back();
  return result;
}

struct CanonicalHeaders {
  std::string text;   // "name:value\n" each
  std::string names;  // "a;b;c"
};

CanonicalHeaders canonical_headers(const http::Headers& headers) {
  std::map<std::string, std::string> sorted;
  for (const auto& [name, value] : headers) sorted[lower_case(name)] = trimmed(value);
  CanonicalHeaders canonical;
  for (const auto& [name, value] : sorted) {
    canonical.text += name + ":" + value + "\n";
    canonical.names += (canonical.names.empty() ? "" : ";") + name;
  }
  return canonical;
}

Digest sign(BytesView key, std::string_view text) {
  return crypto::hmac_sha256(key, bytes_of(text));
}

}  // namespace

std::string canonical_query(S3Query query) {
  for (auto& [name, value] : query) {
    name = http::percent_encode(name);
    value = http::percent_encode(value);
  }
  std::ranges::sort(query);
  std::string text;
  for (const auto& [name, value] : query) {
    text += (text.empty() ? "" : "&") + name + "=" + value;
  }
  return text;
}

std::string amz_date(Timestamp time) {
  const std::string compact = format_compact(time);  // 20130524-000000
  return compact.substr(0, 8) + "T" + compact.substr(9) + "Z";
}

std::string sign_request(const RequestToSign& request, const S3Credentials& credentials,
                         std::string_view region, Timestamp time) {
  const CanonicalHeaders headers = canonical_headers(request.headers);
  const std::string canonical = fmt::format(
      "{}\n{}\n{}\n{}\n{}\n{}", request.method, request.path, canonical_query(request.query),
      headers.text, headers.names, http::header_of(request.headers, "X-Amz-Content-Sha256"));
  const std::string date = amz_date(time);
  const std::string day = date.substr(0, 8);
  const std::string scope = fmt::format("{}/{}/{}/aws4_request", day, region, service);
  const std::string to_sign = fmt::format("{}\n{}\n{}\n{}", algorithm, date, scope,
                                          hex_of(crypto::sha256(bytes_of(canonical))));

  const Digest day_key = sign(bytes_of("AWS4" + credentials.secret_key), day);
  const Digest region_key = sign(day_key, region);
  const Digest service_key = sign(region_key, service);
  const Digest signing_key = sign(service_key, "aws4_request");
  return fmt::format("{} Credential={}/{},SignedHeaders={},Signature={}", algorithm,
                     credentials.access_key, scope, headers.names,
                     hex_of(sign(signing_key, to_sign)));
}

}  // namespace dmaas::storage
