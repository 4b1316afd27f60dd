#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace dmaas::storage {

/// Called at the end of each element with its path ("ListBucketResult/Contents/Key") and its own
/// text, entities resolved.
using XmlHandler = std::function<void(std::string_view path, const std::string& text)>;

/// Reads the small XML documents that S3 servers answer with: elements and text; attributes,
/// comments and processing instructions are skipped. Errors: invalid_input (not well-formed, a
/// DOCTYPE, nested deeper than 16, over 16 MiB).
Result<> read_xml(std::string_view document, const XmlHandler& on_end);

}  // namespace dmaas::storage
