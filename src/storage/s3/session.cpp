#include "storage/s3/session.hpp"

#include <fmt/format.h>

#include "crypto/sha256.hpp"
#include "storage/range_request.hpp"
#include "storage/s3/answer.hpp"

namespace dmaas::storage {

Result<http::Response> S3Session::send(const S3Call& call, std::stop_token stop) {
  return exchange(call, [&](const http::Request& request) { return client_->send(request, stop); });
}

Result<http::Response> S3Session::stream(
    const S3Call& call, const std::function<Result<>(const http::Response&)>& on_headers,
    const Sink& sink, std::stop_token stop) {
  return exchange(call, [&](const http::Request& request) {
    return client_->stream(request, on_headers, sink, stop);
  });
}

S3Addressing S3Session::addressing() const {
  std::lock_guard lock{mutex_};
  return addressing_;
}

bool S3Session::moved_to(const std::string& region, const S3Addressing& used) {
  if (region.empty() || region == used.region()) return false;
  std::lock_guard lock{mutex_};
  addressing_ = used.in_region(region);
  return true;
}

Result<http::Response> S3Session::exchange(const S3Call& call, const Exchange& send_once) {
  const S3Addressing first = addressing();
  auto response = TRY(send_once(make_request(call, first)));
  if (response.status >= 200 && response.status < 300) return response;
  if (!moved_to(parse_refusal(response).region, first)) {
    return fail(error_of(response, call, first));
  }
  if (call.source != nullptr) TRY(call.source->rewind());
  const S3Addressing second = addressing();
  response = TRY(send_once(make_request(call, second)));
  if (response.status >= 200 && response.status < 300) return response;
  return fail(error_of(response, call, second));
}

http::Request S3Session::make_request(const S3Call& call, const S3Addressing& addressing) const {
  const S3Address address = addressing.address_of(call.key);
  const Timestamp now = clock_.now();
  const std::string payload_hash =
      call.payload_hash.empty() ? hex_of(crypto::sha256(bytes_of(call.body))) : call.payload_hash;
  RequestToSign to_sign{call.method, address.path, call.query, call.headers};
  to_sign.headers.emplace_back("Host", address.host);
  to_sign.headers.emplace_back("X-Amz-Content-Sha256", payload_hash);
  to_sign.headers.emplace_back("X-Amz-Date", amz_date(now));
  if (!credentials_.session_token.empty()) {
    to_sign.headers.emplace_back("X-Amz-Security-Token", credentials_.session_token);
  }
  http::Request request{.method = call.method, .url = address.url, .headers = to_sign.headers};
  request.headers.emplace_back("Authorization",
                               sign_request(to_sign, credentials_, addressing.region(), now));
  if (!call.query.empty()) request.url += "?" + canonical_query(call.query);
  request.body = call.body;
  if (call.source != nullptr) {
    request.body_reader = body_reader_of(*call.source);
    request.body_size = call.source->size();
  }
  request.idle_timeout = call.idle_timeout;
  request.total_timeout = call.total_timeout;
  return request;
}

Error S3Session::error_of(const http::Response& response, const S3Call& call,
                          const S3Addressing& addressing) const {
  const auto wait = parse_retry_after(http::header_of(response.headers, "Retry-After"));
  if (wait) throttle_->pause_until(clock_.monotonic() + *wait);
  const std::string what =
      fmt::format("{} s3:{}", call.method, addressing.address_of(call.key).url);
  const std::string endpoint = addressing.endpoint();
  return explain_refusal(parse_refusal(response),
                         {.what = what, .bucket = addressing.bucket(), .endpoint = endpoint},
                         clock_difference(response, clock_.now()));
}

}  // namespace dmaas::storage
