#include "http/url.hpp"

#include <curl/curl.h>

#include <memory>

namespace dmaas::http {
namespace {

using UrlHandle = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  std::string value{text};
  curl_free(text);
  return value;
}

bool is_default_port(const Url& url) {
  return url.port.empty() || (url.scheme == "http" && url.port == "80") ||
         (url.scheme == "https" && url.port == "443");
}

}  // namespace

std::string Url::authority() const {
  return is_default_port(*this) ? host : host + ":" + port;
}

Result<Url> parse_url(std::string_view text) {
  UrlHandle handle{curl_url(), &curl_url_cleanup};
  const std::string copy{text};
  const CURLUcode code = curl_url_set(handle.get(), CURLUPART_URL, copy.c_str(),
                                      CURLU_PATH_AS_IS | CURLU_NON_SUPPORT_SCHEME);
  if (code != CURLUE_OK) {
    return fail(ErrorCode::invalid_input,
                "URL \"" + without_secrets(text) + "\": " + curl_url_strerror(code));
  }
  Url url;
  url.scheme = part_of(handle.get(), CURLUPART_SCHEME);
  url.user = part_of(handle.get(), CURLUPART_USER, CURLU_URLDECODE);
  url.password = part_of(handle.get(), CURLUPART_PASSWORD, CURLU_URLDECODE);
  url.host = part_of(handle.get(), CURLUPART_HOST);
  url.port = part_of(handle.get(), CURLUPART_PORT);
  url.path = part_of(handle.get(), CURLUPART_PATH);
  url.query = part_of(handle.get(), CURLUPART_QUERY);
  if (url.path.empty()) url.path = "/";
  if (url.scheme != "http" && url.scheme != "https") {
    return fail(ErrorCode::invalid_input,
                "URL \"" + without_secrets(text) + "\": must begin with http:// or https://");
  }
  if (url.host.empty()) {
    return fail(ErrorCode::invalid_input, "URL \"" + without_secrets(text) + "\": has no host");
  }
  return url;
}

std::string without_secrets(std::string_view url) {
  std::string_view kept = url.substr(0, url.find_first_of("?#"));
  const std::size_t scheme = kept.find("://");
  const std::size_t begin = scheme == kept.npos ? 0 : scheme + 3;
  const std::size_t path = kept.find('/', begin);
  const std::size_t at = kept.substr(0, path).rfind('@');
  if (at == kept.npos || at < begin) return std::string(kept);
  return std::string(kept.substr(0, begin)) + std::string(kept.substr(at + 1));
}

}  // namespace dmaas::http
