#include "gateway/object_relay.hpp"

#include <fmt/format.h>

namespace dmaas::gateway {
namespace {

constexpr std::size_t max_held_bytes = 64 << 10;

}  // namespace

Result<> start_object(http::ServerResponse& response, const std::optional<ObjectPart>& part,
                      std::optional<std::uint64_t> size) {
  http::Headers headers{{"Content-Type", "application/octet-stream"}, {"Accept-Ranges", "bytes"}};
  if (!part) return response.start(200, headers, size);
  auto total = part->object_size ? std::to_string(*part->object_size) : "*";
  headers.emplace_back("Content-Range", fmt::format("bytes {}-{}/{}", part->first,
                                                    part->first + part->length - 1, total));
  return response.start(206, headers, size);
}

Result<> ObjectRelay::take(BytesView piece) {
  if (copy_) copy_->append(piece);
  if (started_) return response_.write(piece);
  if (part_) {
    TRY(start(part_->length));
    return response_.write(piece);
  }
  held_.insert(held_.end(), piece.begin(), piece.end());
  if (held_.size() < max_held_bytes) return {};
  TRY(start(std::nullopt));
  TRY(response_.write(held_));
  held_.clear();
  return {};
}

Result<> ObjectRelay::finish() {
  if (copy_) copy_->finish();
  if (started_) return {};
  TRY(start(part_ ? part_->length : held_.size()));
  return response_.write(held_);
}

bool ObjectRelay::abandon() {
  if (started_) response_.abandon();
  return started_;
}

Result<> ObjectRelay::start(std::optional<std::uint64_t> size) {
  started_ = true;
  return start_object(response_, part_, size);
}

}  // namespace dmaas::gateway
