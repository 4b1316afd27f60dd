#include "gateway/repository_endpoint.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/id.hpp"
#include "gateway/byte_range.hpp"
#include "gateway/object_relay.hpp"
#include "gateway/upload_source.hpp"

namespace dmaas::gateway {
namespace {

constexpr std::size_t list_piece_bytes = 64 << 10;
constexpr std::size_t file_piece_bytes = 64 << 10;
constexpr std::string_view list_type_v1 = "application/vnd.x.restic.rest.v1";
constexpr std::string_view list_type_v2 = "application/vnd.x.restic.rest.v2";

// A client that went away during an answer cannot be told; the log has the status.
void ignore_departure(const Result<>& sent) {
  static_cast<void>(sent);
}

void refuse(const RepositoryCall& call, const Error& error) {
  ignore_departure(
      send_refusal(call.response, refusal_of_storage(error, call.storage->definition.name)));
}

void refuse(const RepositoryCall& call, int status, std::string sentence) {
  ignore_departure(send_refusal(call.response, Refusal{status, std::move(sentence), {}}));
}

// Trees are read blob by blob and by every mover anew; contents mostly in longer parts.
constexpr std::uint64_t max_cached_part_bytes = 512 << 10;
constexpr std::string_view local_scheme = "local:";

/// Kinds whose objects never change under their name. Keys should lie nowhere else.
bool is_immutable(ObjectKind kind) {
  return kind == ObjectKind::index || kind == ObjectKind::snapshots || kind == ObjectKind::data;
}

std::string cache_name_of(const RepositoryCall& call) {
  return call.storage->store->location() + "\n" + call.request.object_name();
}

/// The items of a list as one JSON array, sent while they arrive.
class ListWriter {
public:
  ListWriter(http::ServerResponse& response, std::string_view type)
      : response_(response),
        headers_{{"Content-Type", std::string(type)}},
        with_sizes_(type == list_type_v2) {}

  Result<> add(std::string_view name, std::uint64_t size) {
    text_ += count_++ == 0 ? "[" : ",";
    // Names are hexadecimal digits: nothing to escape.
    text_ += with_sizes_ ? fmt::format("{{\"name\":\"{}\",\"size\":{}}}", name, size)
                         : fmt::format("\"{}\"", name);
    if (text_.size() < list_piece_bytes) return {};
    if (!started_) TRY(response_.start(200, headers_, std::nullopt));
    started_ = true;
    TRY(response_.write(bytes_of(text_)));
    text_.clear();
    return {};
  }

  Result<> finish() {
    text_ += count_ == 0 ? "[]" : "]";
    return started_ ? response_.write(bytes_of(text_))
                    : response_.send(200, headers_, bytes_of(text_));
  }

  bool is_started() const { return started_; }

private:
  http::ServerResponse& response_;
  const http::Headers headers_;
  const bool with_sizes_;
  std::string text_;
  std::size_t count_ = 0;
  bool started_ = false;
};

}  // namespace

void RepositoryEndpoint::stat(const RepositoryCall& call) {
  auto info = call.storage->store->stat(call.request.object_name(), call.stop);
  if (!info) return refuse(call, info.error());
  ignore_departure(call.response.start(200, {{"Accept-Ranges", "bytes"}}, info->size));
}

void RepositoryEndpoint::load(const RepositoryCall& call) {
  auto range = call.body.header("Range");
  range.empty() ? load_whole(call) : load_range(call, range);
}

DiskCache* RepositoryEndpoint::cache_for(const RepositoryCall& call) const {
  // A copy beside a local directory would cost the same read again.
  const bool is_local = call.storage->store->location().starts_with(local_scheme);
  return is_immutable(call.request.kind) && !is_local ? cache_ : nullptr;
}

void RepositoryEndpoint::load_whole(const RepositoryCall& call) {
  // Whole packs are read to check or copy them: once.
  auto* cache = call.request.kind == ObjectKind::data ? nullptr : cache_for(call);
  relay(call, {}, std::nullopt, cache);
}

void RepositoryEndpoint::relay(const RepositoryCall& call, storage::Range range,
                               const std::optional<ObjectPart>& part, DiskCache* cache) {
  std::optional<DiskCache::Writer> copy;
  if (cache != nullptr) {
    CacheName name{.object = cache_name_of(call)};
    if (part) name.part = {part->first, part->length};
    if (send_cached(call, *cache, name, part)) return;
    auto expected = part ? std::nullopt : std::optional(*parse_digest(call.request.id));
    copy.emplace(cache->add(name, expected));
  }
  ObjectRelay passing(call.response, part, std::move(copy));
  auto loaded = call.storage->store->load(
      call.request.object_name(), range, [&](BytesView piece) { return passing.take(piece); },
      call.stop);
  if (loaded) return ignore_departure(passing.finish());
  if (passing.abandon()) return;
  const bool beyond_end = part && loaded.failed_with(ErrorCode::corrupt);
  if (!beyond_end) return refuse(call, loaded.error());
  refuse(call, 416, "the range goes beyond the end of the object");
}

bool RepositoryEndpoint::send_cached(const RepositoryCall& call, DiskCache& cache,
                                     const CacheName& name, const std::optional<ObjectPart>& part) {
  auto found = cache.find(name);
  metrics_.count_cache(found ? "hit" : "miss");
  if (!found) return false;
  auto sent = start_object(call.response, part, found->size);
  std::vector<std::uint8_t> piece(file_piece_bytes);
  for (std::uint64_t left = found->size; left > 0 && sent;) {
    auto count =
        ::read(found->file.get(), piece.data(), std::min<std::uint64_t>(piece.size(), left));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;  // fewer bytes than announced cut the connection
    sent = call.response.write(BytesView(piece).first(static_cast<std::size_t>(count)));
    left -= static_cast<std::uint64_t>(count);
  }
  return true;
}

void RepositoryEndpoint::load_range(const RepositoryCall& call, std::string_view header) {
  auto range = parse_byte_range(header);
  if (!range) return refuse(call, 400, range.error().message());
  auto name = call.request.object_name();
  ObjectPart part;
  if (range->first && range->last) {
    // The common case costs no second call: the store says when the range goes beyond the end.
    part.first = *range->first;
    part.length = *range->last - *range->first + 1;
  } else {
    auto info = call.storage->store->stat(name, call.stop);
    if (!info) return refuse(call, info.error());
    part.object_size = info->size;
    part.first = range->first ? *range->first : info->size - std::min(info->size, *range->last);
    if (part.first >= info->size) return refuse(call, 416, "the range begins behind the end");
    part.length = info->size - part.first;
  }
  auto* cache = part.length <= max_cached_part_bytes ? cache_for(call) : nullptr;
  relay(call, {part.first, part.length}, part, cache);
}

void RepositoryEndpoint::list(const RepositoryCall& call) {
  const bool v2 = call.body.header("Accept").find(list_type_v2) != std::string_view::npos;
  ListWriter writer(call.response, v2 ? list_type_v2 : list_type_v1);
  auto listed = call.storage->store->list(
      call.request.object_name(),
      [&](const storage::ObjectInfo& info) -> Result<> {
        auto name = std::string_view(info.name).substr(info.name.rfind('/') + 1);
        return parse_digest(name) ? writer.add(name, info.size) : Result<>();
      },
      call.stop);
  if (listed) return ignore_departure(writer.finish());
  writer.is_started() ? call.response.abandon() : refuse(call, listed.error());
}

Outcome RepositoryEndpoint::save(const RepositoryCall& call) {
  auto size = call.body.content_length();
  if (!size) {
    refuse(call, 411, "an upload announces its Content-Length");
    return Outcome::nothing;
  }
  UploadSource source(call.body, *size, call.permission);
  storage::SaveOptions options{.mode = storage::SaveMode::create_only, .sha256 = {}};
  const bool named_by_content = call.request.kind != ObjectKind::config;
  if (named_by_content) options.sha256 = *parse_digest(call.request.id);
  auto saved = call.storage->store->save(call.request.object_name(), source, options, call.stop);
  if (saved) {
    ignore_departure(call.response.send_text(200, ""));
    return Outcome::done;
  }
  if (saved.failed_with(ErrorCode::already_exists) && named_by_content) {
    ignore_departure(call.response.send_text(200, ""));
  } else if (source.client_error()) {
    const bool forbidden = source.client_error()->code() == ErrorCode::permission_denied;
    refuse(call, forbidden ? 403 : 400, source.client_error()->message());
  } else if (saved.failed_with(ErrorCode::corrupt) && named_by_content) {
    refuse(call, 400, "the body does not have the SHA-256 that is its name: send it again");
  } else {
    refuse(call, saved.error());
  }
  return Outcome::nothing;
}

Outcome RepositoryEndpoint::remove(const RepositoryCall& call) {
  auto removed = call.storage->store->remove(call.request.object_name(), call.stop);
  if (auto* cache = cache_for(call)) cache->drop(cache_name_of(call));
  if (!removed) {
    refuse(call, removed.error());
    return Outcome::nothing;
  }
  ignore_departure(call.response.send_text(200, ""));
  return Outcome::done;
}

void RepositoryEndpoint::create_repository(const RepositoryCall& call) {
  // Directories appear with their first object. What is asked is whether the storage can be used.
  auto config = call.storage->store->stat(call.request.repository + "/config", call.stop);
  if (!config && !config.failed_with(ErrorCode::not_found)) return refuse(call, config.error());
  ignore_departure(call.response.send_text(200, ""));
}

}  // namespace dmaas::gateway
