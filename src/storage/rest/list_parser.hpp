#pragma once

#include <functional>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "storage/object_store.hpp"

namespace dmaas::storage {

/// Reads the v2 listing of a restic REST server piece by piece: [{"name": "…", "size": 1}, …].
/// Keeps one entry in memory.
class RestListParser {
public:
  explicit RestListParser(std::function<Result<>(const ObjectInfo&)> each)
      : each_(std::move(each)) {}

  /// Errors: invalid_input (not such a document), those of `each`.
  Result<> feed(BytesView piece);
  /// Errors: unavailable (the document is not complete).
  Result<> finish() const;

private:
  enum class State { before_array, in_array, in_entry, in_string, after_backslash, after_array };

  Result<> feed(char c);
  Result<> feed_outside_entry(char c);
  Result<> deliver();

  const std::function<Result<>(const ObjectInfo&)> each_;
  State state_ = State::before_array;
  std::string entry_;
};

}  // namespace dmaas::storage
