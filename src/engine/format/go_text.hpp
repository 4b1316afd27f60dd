#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "engine/format/node.hpp"

namespace dmaas::engine {

// Text exactly as Go's encoding/json, strconv and time write it. Trees must have these bytes, since
// a blob's id is the hash of its plaintext and stock restic encodes again what it decoded.

/// With quotes. '<', '>', '&', U+2028 and U+2029 are escaped; bytes that are not UTF-8 become
/// \ufffd.
void append_json_text(std::string& out, std::string_view text);
/// With quotes: the name in strconv.Quote's form (without its quotes), then as JSON. Keeps every
/// byte.
void append_json_name(std::string& out, std::string_view name);
/// Undoes strconv.Quote's form. Errors: corrupt.
Result<std::string> unquote_name(std::string_view quoted);

/// With quotes: RFC 3339, up to 9 fraction digits without trailing zeros, the zone's offset or Z.
void append_json_time(std::string& out, const FileTime& time);
/// Errors: corrupt.
Result<FileTime> parse_file_time(std::string_view text);

bool is_valid_utf8(std::string_view text);
/// Go's strconv.IsPrint.
bool is_printable(char32_t rune);

}  // namespace dmaas::engine
