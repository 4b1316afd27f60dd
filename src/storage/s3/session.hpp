#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "http/client.hpp"
#include "storage/object_store.hpp"
#include "storage/s3/address.hpp"
#include "storage/s3/signature.hpp"
#include "storage/throttle.hpp"

namespace dmaas::storage {

/// One request to an S3 server.
struct S3Call {
  std::string method = "GET";
  std::string key = {};  // empty: the bucket
  S3Query query = {};
  http::Headers headers = {};
  std::string body = {};
  ObjectSource* source = nullptr;  // streamed instead of `body`
  std::string payload_hash = {};   // hexadecimal SHA-256 or unsigned_payload; empty: that of `body`
  std::chrono::milliseconds idle_timeout{60'000};
  std::chrono::milliseconds total_timeout{0};
};

/// Sends signed requests about one bucket. Follows the bucket to its region, notes how long the
/// server asks to wait, and makes refusals errors with a remedy. Does not retry. Thread-safe.
class S3Session {
public:
  S3Session(std::shared_ptr<http::Client> client, S3Addressing addressing,
            S3Credentials credentials, Clock& clock, std::shared_ptr<Throttle> throttle)
      : client_(std::move(client)),
        credentials_(std::move(credentials)),
        clock_(clock),
        throttle_(std::move(throttle)),
        addressing_(std::move(addressing)) {}

  /// The answer, if its status is 200 to 299. Errors: see explain_refusal and http::Client.
  Result<http::Response> send(const S3Call& call, std::stop_token stop);
  /// The same with the body given to `sink`.
  Result<http::Response> stream(const S3Call& call,
                                const std::function<Result<>(const http::Response&)>& on_headers,
                                const Sink& sink, std::stop_token stop);
  Clock& clock() { return clock_; }
  const Throttle& throttle() const { return *throttle_; }
  S3Addressing addressing() const;

private:
  using Exchange = std::function<Result<http::Response>(const http::Request&)>;

  Result<http::Response> exchange(const S3Call& call, const Exchange& send_once);
  http::Request make_request(const S3Call& call, const S3Addressing& addressing) const;
  bool moved_to(const std::string& region, const S3Addressing& used);
  Error error_of(const http::Response& response, const S3Call& call,
                 const S3Addressing& addressing) const;

  const std::shared_ptr<http::Client> client_;
  const S3Credentials credentials_;
  Clock& clock_;
  const std::shared_ptr<Throttle> throttle_;
  mutable std::mutex mutex_;
  S3Addressing addressing_;
};

}  // namespace dmaas::storage
