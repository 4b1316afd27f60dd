#include "storage/rest/list_parser.hpp"

#include "base/json.hpp"

namespace dmaas::storage {
namespace {

constexpr std::size_t max_entry_bytes = 4096;

std::unexpected<Error> malformed() {
  return fail(ErrorCode::invalid_input,
              "the server's listing is not of restic's REST protocol version 2");
}

}  // namespace

Result<> RestListParser::feed(BytesView piece) {
  for (char c : text_of(piece)) TRY(feed(c));
  return {};
}

Result<> RestListParser::feed(char c) {
  switch (state_) {
    case State::in_entry:
      if (c == '"') state_ = State::in_string;
      if (c == '{') return malformed();
      break;
    case State::in_string:
      if (c == '\\') state_ = State::after_backslash;
      if (c == '"') state_ = State::in_entry;
      break;
    case State::after_backslash:
      state_ = State::in_string;
      break;
    default:
      return feed_outside_entry(c);
  }
  entry_ += c;
  if (entry_.size() > max_entry_bytes) return malformed();
  return c == '}' && state_ == State::in_entry ? deliver() : Result<>{};
}

Result<> RestListParser::feed_outside_entry(char c) {
  if (c == ' ' || c == '\n' || c == '\r' || c == '\t') return {};
  if (state_ == State::before_array && c == '[') {
    state_ = State::in_array;
  } else if (state_ == State::in_array && c == '{') {
    entry_ = "{";
    state_ = State::in_entry;
  } else if (state_ == State::in_array && c == ']') {
    state_ = State::after_array;
  } else if (state_ != State::in_array || c != ',') {
    return malformed();
  }
  return {};
}

Result<> RestListParser::deliver() {
  state_ = State::in_array;
  const auto entry = parse_json(entry_);
  if (!entry) return malformed();
  const auto size = number_at(*entry, "size");
  const std::string name = text_at(*entry, "name");
  if (name.empty() || !size || *size < 0) return malformed();
  return each_({name, static_cast<std::uint64_t>(*size)});
}

Result<> RestListParser::finish() const {
  if (state_ == State::after_array) return {};
  return fail(ErrorCode::unavailable, "the server's listing was cut short");
}

}  // namespace dmaas::storage
