#include "kube/client/watch_stream.hpp"

#include <optional>

#include "kube/client/status_error.hpp"

namespace dmaas::kube {
namespace {

std::optional<EventType> event_type(std::string_view name) {
  if (name == "ADDED") return EventType::added;
  if (name == "MODIFIED") return EventType::modified;
  if (name == "DELETED") return EventType::deleted;
  if (name == "BOOKMARK") return EventType::bookmark;
  return std::nullopt;
}

}  // namespace

Result<> WatchStream::feed(BytesView piece) {
  auto text = text_of(piece);
  while (!text.empty()) {
    auto newline = text.find('\n');
    auto part = text.substr(0, newline);
    if (rest_.size() + part.size() > max_line_bytes_) {
      return fail(ErrorCode::exhausted,
                  "watch event over " + std::to_string(max_line_bytes_) + " bytes");
    }
    if (newline == std::string_view::npos) {
      rest_ += part;
      return {};
    }
    if (rest_.empty()) {
      TRY(take_line(part));
    } else {
      rest_ += part;
      auto line = std::move(rest_);
      rest_.clear();
      TRY(take_line(line));
    }
    text.remove_prefix(newline + 1);
  }
  return {};
}

Result<> WatchStream::take_line(std::string_view line) {
  if (expired_ || line.empty() || line == "\r") return {};
  auto document = parse_json(line, {.max_bytes = max_line_bytes_, .max_depth = 128});
  if (!document) {
    return fail(ErrorCode::unavailable, "broken watch stream: " + document.error().message());
  }
  auto type_name = text_at(*document, "type");
  const Json* object = find(*document, "object");
  if (object == nullptr || !object->is_object()) {
    return fail(ErrorCode::unavailable, "broken watch stream: event without object");
  }
  if (type_name == "ERROR") {
    expired_ = number_at(*object, "code") == 410;
    return expired_ ? Result<>{} : Result<>(fail(error_of_status(*object)));
  }
  auto type = event_type(type_name);
  if (!type) return {};  // a type of a later version
  return sink_({*type, std::move(document->get_object()["object"])});
}

}  // namespace dmaas::kube
