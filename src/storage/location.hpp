#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/result.hpp"
#include "http/url.hpp"

namespace dmaas::storage {

struct LocalLocation {
  std::string directory;
};

struct S3Location {
  http::Url endpoint;  // without path
  std::string bucket;
  std::string prefix;  // neither begins nor ends with '/'; empty: the whole bucket
};

struct RestLocation {
  http::Url base;  // the path ends with '/'
};

using Location = std::variant<LocalLocation, S3Location, RestLocation>;

/// restic's notation, see storage/open.hpp. Errors: invalid_input with what is expected instead.
Result<Location> parse_location(std::string_view text);

}  // namespace dmaas::storage
