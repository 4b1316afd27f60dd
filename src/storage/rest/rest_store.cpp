#include "storage/rest/rest_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/encoding.hpp"
#include "base/file.hpp"
#include "base/id.hpp"
#include "storage/object_name.hpp"
#include "storage/range_request.hpp"
#include "storage/rest/list_parser.hpp"
#include "storage/verifying_source.hpp"

namespace dmaas::storage {
namespace {

constexpr std::string_view list_media_type = "application/vnd.x.restic.rest.v2";
constexpr std::string_view directories[] = {"data", "index", "keys", "locks", "snapshots"};
constexpr std::size_t max_password_bytes = 64 << 10;
// A gateway tells its storage's cause and what helps, after the addresses of both.
constexpr std::size_t max_message_bytes = 1000;

std::string_view last_segment(std::string_view name) {
  return name.substr(name.rfind('/') + 1);
}

/// "data/ab/abcd…" is /data/abcd… there; nothing for names outside restic's layout.
std::optional<std::string> path_of(std::string_view name) {
  if (name == "config") return "config";
  const std::string_view directory = name.substr(0, name.find('/'));
  const std::string_view file = last_segment(name);
  const bool known = std::ranges::find(directories, directory) != std::end(directories);
  const std::string shard = directory == "data" ? "/" + std::string(file.substr(0, 2)) : "";
  if (!known || name != fmt::format("{}{}/{}", directory, shard, file)) return std::nullopt;
  return fmt::format("{}/{}", directory, file);
}

ErrorCode code_of(int status) {
  switch (status) {
    case 401:
    case 403:
      return ErrorCode::permission_denied;
    case 404:
      return ErrorCode::not_found;
    case 409:
      return ErrorCode::conflict;
    case 413:
    case 507:
      return ErrorCode::exhausted;
    case 416:
      return ErrorCode::corrupt;
    case 405:
    case 501:
      return ErrorCode::unsupported;
    default:
      return status == 408 || status == 429 || status >= 500 ? ErrorCode::unavailable
                                                             : ErrorCode::invalid_input;
  }
}

std::string printable(std::string_view text) {
  std::string result{text.substr(0, max_message_bytes)};
  std::ranges::replace_if(result, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  while (result.ends_with(' ')) result.pop_back();
  return result;
}

class RestStore final : public ObjectStore {
public:
  RestStore(std::shared_ptr<http::Client> client, const RestLocation& location,
            RestCredentials credentials, Clock& clock, std::shared_ptr<Throttle> throttle,
            unsigned connections)
      : client_(std::move(client)),
        base_url_(location.base.origin() + location.base.path),
        credentials_(with_defaults(std::move(credentials), location)),
        clock_(clock),
        throttle_(std::move(throttle)),
        connections_(connections) {}

  std::string location() const override { return "rest:" + base_url_; }
  unsigned connections() const override { return connections_; }

  Result<ObjectInfo> stat(std::string_view name, std::stop_token stop) override;
  Result<> load(std::string_view name, Range range, const Sink& sink,
                std::stop_token stop) override;
  Result<> save(std::string_view name, ObjectSource& source, const SaveOptions& options,
                std::stop_token stop) override;
  Result<> remove(std::string_view name, std::stop_token stop) override;
  Result<> list(std::string_view directory, const std::function<Result<>(const ObjectInfo&)>& each,
                std::stop_token stop) override;

private:
  using SendOnce = std::function<Result<http::Response>(const http::Request&)>;

  static RestCredentials with_defaults(RestCredentials credentials, const RestLocation& location);
  Result<std::string> url_of(std::string_view name, const std::stop_token& stop) const;
  Result<std::string> authorization() const;
  Result<http::Response> exchange(http::Request request, ObjectSource* source,
                                  const SendOnce& send_once) const;
  Result<http::Response> send(const http::Request& request, std::stop_token stop) const;
  Result<> post(const std::string& url, ObjectSource& source, std::stop_token stop) const;
  Error error_of(const http::Response& response, const http::Request& request) const;

  const std::shared_ptr<http::Client> client_;
  const std::string base_url_;
  const RestCredentials credentials_;
  Clock& clock_;
  const std::shared_ptr<Throttle> throttle_;
  const unsigned connections_;
};

RestCredentials RestStore::with_defaults(RestCredentials credentials,
                                         const RestLocation& location) {
  if (!location.base.user.empty()) credentials.user = location.base.user;
  if (!location.base.password.empty()) {
    credentials.password = location.base.password;
    credentials.password_file.clear();
  }
  if (credentials.user.empty()) credentials.user = "dmaas";
  return credentials;
}

Result<std::string> RestStore::url_of(std::string_view name, const std::stop_token& stop) const {
  TRY(check_call(name, stop));
  auto path = path_of(name);
  if (!path) {
    return fail(ErrorCode::invalid_input,
                fmt::format("\"{}\" is no name of a restic repository, which {} stores only", name,
                            location()));
  }
  return base_url_ + *path;
}

Result<std::string> RestStore::authorization() const {
  std::string password = credentials_.password;
  if (!credentials_.password_file.empty()) {
    password = TRY(read_small_file(credentials_.password_file, max_password_bytes));
    while (password.ends_with('\n') || password.ends_with('\r')) password.pop_back();
  }
  if (password.empty()) return std::string();
  return "Basic " + base64_encode(bytes_of(credentials_.user + ":" + password));
}

Result<http::Response> RestStore::exchange(http::Request request, ObjectSource* source,
                                           const SendOnce& send_once) const {
  const auto send_with = [&](const std::string& secret) {
    http::Request authorized = request;
    if (!secret.empty()) authorized.headers.emplace_back("Authorization", secret);
    return send_once(authorized);
  };
  const std::string secret = TRY(authorization());
  auto response = TRY(send_with(secret));
  if (response.status == 401) {
    // The token may have been rotated since it was read.
    const std::string newer = TRY(authorization());
    if (newer != secret && (source == nullptr || source->rewind())) {
      response = TRY(send_with(newer));
    }
  }
  if (response.status >= 200 && response.status < 300) return response;
  return fail(error_of(response, request));
}

Result<http::Response> RestStore::send(const http::Request& request, std::stop_token stop) const {
  return exchange(request, nullptr,
                  [&](const http::Request& authorized) { return client_->send(authorized, stop); });
}

Error RestStore::error_of(const http::Response& response, const http::Request& request) const {
  const auto wait = parse_retry_after(http::header_of(response.headers, "Retry-After"));
  if (wait) throttle_->pause_until(clock_.monotonic() + *wait);
  std::string message =
      fmt::format("{} rest:{}: HTTP status {}", request.method, request.url, response.status);
  if (const std::string text = printable(response.body); !text.empty())
    message += " (" + text + ")";
  if (response.status == 401) message += "; correct user and password or token";
  if (response.status == 507) message += "; free space or raise the quota of the storage";
  return Error(code_of(response.status), std::move(message));
}

Result<ObjectInfo> RestStore::stat(std::string_view name, std::stop_token stop) {
  const std::string url = TRY(url_of(name, stop));
  const auto response = TRY(send({.method = "HEAD", .url = url}, stop));
  ObjectInfo info{std::string(name), 0};
  const std::string_view length = http::header_of(response.headers, "Content-Length");
  if (std::from_chars(length.data(), length.data() + length.size(), info.size).ec != std::errc()) {
    return fail(ErrorCode::unavailable, "HEAD " + url + ": the answer has no length");
  }
  return info;
}

Result<> RestStore::load(std::string_view name, Range range, const Sink& sink,
                         std::stop_token stop) {
  http::Request request{.url = TRY(url_of(name, stop))};
  const auto check_size = [&]() -> Result<> {
    const std::uint64_t size = TRY(stat(name, stop)).size;
    if (range.offset + range.length.value_or(0) <= size) return {};
    return fail(ErrorCode::corrupt,
                fmt::format("{} in {} has only {} bytes", name, location(), size));
  };
  if (range.length == 0u) return check_size();

  if (const auto header = range_header(range)) request.headers.emplace_back("Range", *header);
  std::uint64_t received = 0;
  const Sink counted = [&](BytesView piece) {
    received += piece.size();
    return sink(piece);
  };
  const auto check = [&](const http::Response& answer) {
    return check_range_answer(answer, range, name);
  };
  auto response = exchange(request, nullptr, [&](const http::Request& authorized) {
    return client_->stream(authorized, check, counted, stop);
  });
  if (!response) {
    const bool at_end = response.failed_with(ErrorCode::corrupt) && received == 0;
    return at_end && !range.length ? check_size() : fail(std::move(response).error());
  }
  if (range.length && received != *range.length) {
    return fail(ErrorCode::corrupt, fmt::format("{} in {}: {} of {} bytes at offset {}", name,
                                                location(), received, *range.length, range.offset));
  }
  return {};
}

Result<> RestStore::post(const std::string& url, ObjectSource& source, std::stop_token stop) const {
  const http::Request request{.method = "POST",
                              .url = url,
                              .headers = {{"Content-Type", "application/octet-stream"}},
                              .body_size = source.size()};
  TRY(exchange(request, &source, [&](http::Request authorized) {
    authorized.body_reader = body_reader_of(source);
    return client_->send(authorized, stop);
  }));
  return {};
}

Result<> RestStore::save(std::string_view name, ObjectSource& source, const SaveOptions& options,
                         std::stop_token stop) {
  const std::string url = TRY(url_of(name, stop));
  if (options.mode == SaveMode::create_only) {
    auto existing = stat(name, stop);
    if (existing) {
      return fail(ErrorCode::already_exists, fmt::format("{} exists in {}", name, location()));
    }
    if (!existing.failed_with(ErrorCode::not_found)) return fail(std::move(existing).error());
  }
  if (name == "config") TRY(send({.method = "POST", .url = base_url_ + "?create=true"}, stop));

  const bool named_by_hash = options.sha256 && last_segment(name) == hex_of(*options.sha256);
  auto saved = [&]() -> Result<> {
    if (named_by_hash || !options.must_check_content()) return post(url, source, stop);
    VerifyingSource verified{source, *options.sha256};
    return post(url, verified, stop).context(url);
  }();
  if (saved) return {};
  if (saved.failed_with(ErrorCode::permission_denied) && name != "config") {
    auto existing = stat(name, stop);
    if (existing && existing->size == source.size()) return {};
  }
  // What the server compares a content with is its name.
  if (saved.failed_with(ErrorCode::invalid_input) && named_by_hash) {
    return fail(ErrorCode::corrupt, saved.error().message());
  }
  return saved;
}

Result<> RestStore::remove(std::string_view name, std::stop_token stop) {
  auto response = send({.method = "DELETE", .url = TRY(url_of(name, stop))}, stop);
  if (response || response.failed_with(ErrorCode::not_found)) return {};
  return fail(std::move(response).error());
}

Result<> RestStore::list(std::string_view directory,
                         const std::function<Result<>(const ObjectInfo&)>& each,
                         std::stop_token stop) {
  TRY(check_list_call(directory, stop));
  if (std::ranges::find(directories, directory) == std::end(directories)) {
    return fail(ErrorCode::unsupported,
                fmt::format("{} lists only data, index, keys, locks and snapshots", location()));
  }
  const http::Request request{.url = fmt::format("{}{}/", base_url_, directory),
                              .headers = {{"Accept", std::string(list_media_type)}}};
  RestListParser parser{[&](const ObjectInfo& file) -> Result<> {
    const std::string shard = directory == "data" ? file.name.substr(0, 2) + "/" : "";
    const ObjectInfo object{fmt::format("{}/{}{}", directory, shard, file.name), file.size};
    return is_object_name(object.name) ? each(object) : Result<>{};
  }};
  auto response = exchange(request, nullptr, [&](const http::Request& authorized) {
    return client_->stream(
        authorized, nullptr, [&](BytesView piece) { return parser.feed(piece); }, stop);
  });
  if (response.failed_with(ErrorCode::not_found)) return {};
  if (!response) return fail(std::move(response).error());
  return parser.finish();
}

}  // namespace

std::unique_ptr<ObjectStore> open_rest_store(std::shared_ptr<http::Client> client,
                                             RestLocation location, RestCredentials credentials,
                                             Clock& clock, std::shared_ptr<Throttle> throttle,
                                             unsigned connections) {
  return std::make_unique<RestStore>(std::move(client), location, std::move(credentials), clock,
                                     std::move(throttle), connections);
}

}  // namespace dmaas::storage
