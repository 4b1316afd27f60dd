#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace dmaas::http {

/// The parts of an absolute http or https URL.
struct Url {
  std::string scheme;    // "http" or "https"
  std::string user;      // percent-decoded; empty: none
  std::string password;  // percent-decoded; empty: none
  std::string host;      // IPv6 addresses in brackets
  std::string port;      // empty: the scheme's own
  std::string path;      // still percent-encoded, begins with '/'
  std::string query;     // still percent-encoded, without '?'

  /// "host" or "host:port", as in the Host header: a port that is the scheme's own is left out.
  std::string authority() const;
  /// "https://host:port", without user and path.
  std::string origin() const { return scheme + "://" + authority(); }
};

/// Errors: invalid_input (not absolute, another scheme, no host). The message never holds user and
/// password.
Result<Url> parse_url(std::string_view text);

/// For messages: without user, password, query and fragment.
std::string without_secrets(std::string_view url);

}  // namespace dmaas::http
