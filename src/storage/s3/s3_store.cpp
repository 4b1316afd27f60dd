#include "storage/s3/s3_store.hpp"

#include <fmt/format.h>

#include <atomic>
#include <charconv>

#include "crypto/sha256.hpp"
#include "storage/object_name.hpp"
#include "storage/range_request.hpp"
#include "storage/retry.hpp"
#include "storage/s3/answer.hpp"
#include "storage/s3/multipart_upload.hpp"

namespace dmaas::storage {
namespace {

constexpr std::size_t hash_piece_bytes = 256 << 10;

// Answered with NoSuchBucket where there is none; MinIO does not look for it when max-keys is 0.
S3Call probe_of_bucket() {
  return {.query = {{"list-type", "2"}, {"max-keys", "1"}}};
}

Result<std::string> hash_and_rewind(ObjectSource& source) {
  crypto::Sha256 hash;
  Bytes buffer(hash_piece_bytes);
  while (const std::size_t length = TRY(source.read(buffer))) {
    hash.update(BytesView(buffer).first(length));
  }
  TRY(source.rewind());
  return hex_of(hash.finish());
}

std::string location_constraint(const std::string& region) {
  if (region.empty() || region == "us-east-1") return {};
  return "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
         "<LocationConstraint>" +
         region + "</LocationConstraint></CreateBucketConfiguration>";
}

class S3Store final : public ObjectStore {
public:
  S3Store(std::unique_ptr<S3Session> session, S3StoreOptions options)
      : session_(std::move(session)), options_(std::move(options)) {}

  std::string location() const override { return options_.location; }
  unsigned connections() const override { return options_.connections; }

  Result<ObjectInfo> stat(std::string_view name, std::stop_token stop) override;
  Result<> load(std::string_view name, Range range, const Sink& sink,
                std::stop_token stop) override;
  Result<> save(std::string_view name, ObjectSource& source, const SaveOptions& options,
                std::stop_token stop) override;
  Result<> remove(std::string_view name, std::stop_token stop) override;
  Result<> list(std::string_view directory, const std::function<Result<>(const ObjectInfo&)>& each,
                std::stop_token stop) override;

private:
  std::string key_of(std::string_view name) const {
    return options_.prefix.empty() ? std::string(name) : options_.prefix + "/" + std::string(name);
  }
  Result<> check_bucket(std::stop_token stop);
  Error explain_head(const std::string& key, Error error, std::stop_token stop);
  Result<> put(const std::string& key, ObjectSource& source, const SaveOptions& options,
               std::stop_token stop);
  Result<std::string> payload_hash_for(ObjectSource& source, const SaveOptions& options) const;
  Result<S3ListPage> list_page(const S3Query& query, std::stop_token stop);

  const std::unique_ptr<S3Session> session_;
  const S3StoreOptions options_;
  std::atomic<bool> bucket_exists_ = false;
};

// The answer to HEAD has no body that could tell a missing bucket from a missing object.
Result<> S3Store::check_bucket(std::stop_token stop) {
  if (bucket_exists_) return {};
  TRY(session_->send(probe_of_bucket(), stop));
  bucket_exists_ = true;
  return {};
}

Error S3Store::explain_head(const std::string& key, Error error, std::stop_token stop) {
  if (error.code() == ErrorCode::not_found) {
    auto bucket = check_bucket(stop);
    return bucket ? error : std::move(bucket).error();
  }
  const bool unexplained =
      error.code() == ErrorCode::permission_denied || error.code() == ErrorCode::invalid_input;
  if (!unexplained) return error;
  // The same question by GET is answered with a reason.
  auto asked = session_->send({.key = key, .headers = {{"Range", "bytes=0-0"}}}, stop);
  return asked ? error : std::move(asked).error();
}

Result<ObjectInfo> S3Store::stat(std::string_view name, std::stop_token stop) {
  TRY(check_call(name, stop));
  const std::string key = key_of(name);
  auto response = session_->send({.method = "HEAD", .key = key}, stop);
  if (!response) return fail(explain_head(key, std::move(response).error(), stop));
  ObjectInfo info{std::string(name), 0};
  const std::string_view length = http::header_of(response->headers, "Content-Length");
  if (std::from_chars(length.data(), length.data() + length.size(), info.size).ec != std::errc()) {
    return fail(ErrorCode::unavailable,
                fmt::format("HEAD {} in {}: the answer has no length", name, location()));
  }
  bucket_exists_ = true;
  return info;
}

Result<> S3Store::load(std::string_view name, Range range, const Sink& sink, std::stop_token stop) {
  TRY(check_call(name, stop));
  const auto check_size = [&]() -> Result<> {
    const std::uint64_t size = TRY(stat(name, stop)).size;
    if (range.offset + range.length.value_or(0) <= size) return {};
    return fail(ErrorCode::corrupt,
                fmt::format("{} in {} has only {} bytes", name, location(), size));
  };
  if (range.length == 0u) return check_size();

  S3Call call{.key = key_of(name)};
  if (const auto header = range_header(range)) call.headers.emplace_back("Range", *header);
  std::uint64_t received = 0;
  auto response = session_->stream(
      call, [&](const http::Response& answer) { return check_range_answer(answer, range, name); },
      [&](BytesView piece) {
        received += piece.size();
        return sink(piece);
      },
      stop);
  if (!response) {
    // From the very end to the end is no error, though it is none of HTTP's ranges.
    const bool at_end = response.failed_with(ErrorCode::corrupt) && received == 0;
    return at_end && !range.length ? check_size() : fail(std::move(response).error());
  }
  bucket_exists_ = true;
  if (range.length && received != *range.length) {
    return fail(ErrorCode::corrupt, fmt::format("{} in {}: {} of {} bytes at offset {}", name,
                                                location(), received, *range.length, range.offset));
  }
  return {};
}

Result<std::string> S3Store::payload_hash_for(ObjectSource& source,
                                              const SaveOptions& options) const {
  if (options.sha256) return hex_of(*options.sha256);
  const bool protected_by_tls = session_->addressing().endpoint().starts_with("https:");
  if (protected_by_tls || !source.rewind()) return std::string(unsigned_payload);
  return hash_and_rewind(source);
}

Result<> S3Store::put(const std::string& key, ObjectSource& source, const SaveOptions& options,
                      std::stop_token stop) {
  S3Call call{.method = "PUT", .key = key, .source = &source};
  if (options.mode == SaveMode::create_only) call.headers.emplace_back("If-None-Match", "*");
  call.payload_hash = TRY(payload_hash_for(source, options));
  auto response = session_->send(call, stop);
  if (response.failed_with(ErrorCode::unsupported) && options.mode == SaveMode::create_only) {
    TRY(source.rewind());
    call.headers.clear();
    response = session_->send(call, stop);
  }
  if (!response) return fail(std::move(response).error());
  return {};
}

Result<> S3Store::save(std::string_view name, ObjectSource& source, const SaveOptions& options,
                       std::stop_token stop) {
  TRY(check_call(name, stop));
  const std::string key = key_of(name);
  if (options.mode == SaveMode::create_only) {
    auto existing = stat(name, stop);
    if (existing) {
      return fail(ErrorCode::already_exists, fmt::format("{} exists in {}", name, location()));
    }
    if (!existing.failed_with(ErrorCode::not_found)) return fail(std::move(existing).error());
  }
  if (source.size() > options_.multipart_threshold_bytes) {
    return MultipartUpload{*session_, key, options_.part_bytes}.run(source, options, stop);
  }
  return put(key, source, options, stop);
}

Result<> S3Store::remove(std::string_view name, std::stop_token stop) {
  TRY(check_call(name, stop));
  auto response = session_->send({.method = "DELETE", .key = key_of(name)}, stop);
  if (response || response.failed_with(ErrorCode::not_found)) return {};
  return fail(std::move(response).error());
}

Result<S3ListPage> S3Store::list_page(const S3Query& query, std::stop_token stop) {
  Retry retry{session_->clock(), session_->throttle(), {.max_tries = s3_part_tries}};
  return run_with_retries(retry, stop, [&]() -> Result<S3ListPage> {
    const auto response = TRY(session_->send({.query = query}, stop));
    return parse_list_page(response.body).context("list " + location());
  });
}

Result<> S3Store::list(std::string_view directory,
                       const std::function<Result<>(const ObjectInfo&)>& each,
                       std::stop_token stop) {
  TRY(check_list_call(directory, stop));
  std::string prefix = directory.empty() ? options_.prefix : key_of(directory);
  if (!prefix.empty()) prefix += '/';
  const std::size_t store_prefix = options_.prefix.empty() ? 0 : options_.prefix.size() + 1;
  std::string token;
  do {
    S3Query query{{"list-type", "2"}, {"prefix", prefix}};
    if (!token.empty()) query.emplace_back("continuation-token", token);
    S3ListPage page = TRY(list_page(query, stop));
    bucket_exists_ = true;
    for (ObjectInfo& object : page.objects) {
      if (!object.name.starts_with(prefix)) continue;
      object.name.erase(0, store_prefix);
      if (is_object_name(object.name)) TRY(each(object));  // others are not ours
    }
    token = std::move(page.next_token);
  } while (!token.empty());
  return {};
}

}  // namespace

std::unique_ptr<ObjectStore> open_s3_store(std::unique_ptr<S3Session> session,
                                           S3StoreOptions options) {
  return std::make_unique<S3Store>(std::move(session), std::move(options));
}

Result<> create_bucket(S3Session& session, std::stop_token stop) {
  auto existing = session.send(probe_of_bucket(), stop);
  if (existing) return {};
  // "No such bucket" is invalid_input; everything else would refuse the creation too.
  if (!existing.failed_with(ErrorCode::invalid_input)) return fail(std::move(existing).error());
  auto created = session.send(
      {.method = "PUT", .body = location_constraint(session.addressing().region())}, stop);
  if (created) return {};
  // Somebody else was faster, if the bucket now answers.
  if (session.send(probe_of_bucket(), stop)) return {};
  return fail(std::move(created).error());
}

}  // namespace dmaas::storage
