#include "storage/s3/multipart_upload.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "storage/retry.hpp"
#include "storage/s3/answer.hpp"
#include "storage/verifying_source.hpp"

namespace dmaas::storage {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t max_parts = 10'000;  // S3's limit
constexpr auto abort_timeout = 10s;
// Servers join the parts before they answer.
constexpr auto complete_idle_timeout = 300s;

/// Fills `part` up to `size` bytes, less only at the end.
Result<> read_part(ObjectSource& source, Bytes& part, std::size_t size) {
  part.resize(size);
  std::size_t filled = 0;
  while (filled < size) {
    const std::size_t length = TRY(source.read(std::span(part).subspan(filled)));
    if (length == 0) break;
    filled += length;
  }
  part.resize(filled);
  return {};
}

std::string escaped(std::string_view text) {
  std::string result;
  for (char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

}  // namespace

Result<> MultipartUpload::run(ObjectSource& source, const SaveOptions& options,
                              std::stop_token stop) {
  if (source.size() > max_parts * part_bytes_) {
    return fail(ErrorCode::exhausted, fmt::format("{}: {} bytes are more than {} parts of {} bytes",
                                                  key_, source.size(), max_parts, part_bytes_));
  }
  const auto begun =
      TRY(session_.send({.method = "POST", .key = key_, .query = {{"uploads", ""}}}, stop));
  upload_id_ = TRY(parse_upload_id(begun.body));
  auto uploaded = [&]() -> Result<> {
    if (!options.must_check_content()) return upload(source, options, stop);
    VerifyingSource verified{source, *options.sha256};
    return upload(verified, options, stop);
  }();
  if (!uploaded) abort();
  return uploaded;
}

Result<> MultipartUpload::upload(ObjectSource& source, const SaveOptions& options,
                                 std::stop_token stop) {
  Bytes part;
  std::uint64_t sent = 0;
  while (sent < source.size()) {
    TRY(read_part(source, part, std::min(part_bytes_, source.size() - sent)));
    if (part.empty()) {
      return fail(ErrorCode::corrupt, fmt::format("{}: the content has {} instead of {} bytes",
                                                  key_, sent, source.size()));
    }
    const auto number = static_cast<unsigned>(entity_tags_.size() + 1);
    Retry retry{session_.clock(), session_.throttle(), {.max_tries = s3_part_tries}};
    entity_tags_.push_back(
        TRY(run_with_retries(retry, stop, [&] { return send_part(number, part, stop); })));
    sent += part.size();
  }
  return complete(options.mode, stop);
}

Result<std::string> MultipartUpload::send_part(unsigned number, const Bytes& part,
                                               std::stop_token stop) {
  const auto source = source_of(part);
  const auto response = TRY(
      session_.send({.method = "PUT",
                     .key = key_,
                     .query = {{"partNumber", std::to_string(number)}, {"uploadId", upload_id_}},
                     .source = source.get(),
                     .payload_hash = hex_of(crypto::sha256(part))},
                    stop));
  const std::string_view tag = http::header_of(response.headers, "ETag");
  if (tag.empty()) {
    return fail(ErrorCode::unavailable, key_ + ": the answer to a part has no ETag");
  }
  return std::string(tag);
}

Result<> MultipartUpload::complete(SaveMode mode, std::stop_token stop) {
  S3Call call{.method = "POST", .key = key_, .query = {{"uploadId", upload_id_}}};
  call.body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (std::size_t i = 0; i < entity_tags_.size(); ++i) {
    call.body += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", i + 1,
                             escaped(entity_tags_[i]));
  }
  call.body += "</CompleteMultipartUpload>";
  call.idle_timeout = complete_idle_timeout;
  if (mode == SaveMode::create_only) call.headers.emplace_back("If-None-Match", "*");
  const auto response = TRY(session_.send(call, stop));
  // The status is sent before the work is done; a failure then follows in the body.
  const S3Refusal refusal = parse_refusal(response);
  if (refusal.code.empty()) return {};
  const S3Addressing addressing = session_.addressing();
  const std::string what = "complete " + key_;
  const std::string endpoint = addressing.endpoint();
  Error error =
      explain_refusal(refusal, {.what = what, .bucket = addressing.bucket(), .endpoint = endpoint});
  if (refusal.code != "InternalError") return fail(std::move(error));
  return fail(ErrorCode::unavailable, error.message());
}

void MultipartUpload::abort() {
  // Best effort and for a cancelled upload too; what remains is removed by the bucket's life-cycle
  // rules.
  static_cast<void>(session_.send({.method = "DELETE",
                                   .key = key_,
                                   .query = {{"uploadId", upload_id_}},
                                   .total_timeout = abort_timeout},
                                  {}));
}

}  // namespace dmaas::storage
