#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/client.hpp"
#include "storage/object_store.hpp"

namespace dmaas::storage {

/// "bytes=5-9" for a part of an object; nothing for the whole. A length of 0 has no such form.
std::optional<std::string> range_header(const Range& range);

/// Checks before the first byte that a successful answer carries exactly the asked part.
/// Errors: corrupt (the object is shorter), unsupported (the server ignores ranges).
Result<> check_range_answer(const http::Response& response, const Range& range,
                            std::string_view what);

/// Streams `source` as the body of a request. Ends with corrupt when it has fewer bytes than its
/// size.
http::BodyReader body_reader_of(ObjectSource& source);

}  // namespace dmaas::storage
