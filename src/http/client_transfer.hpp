#pragma once

#include <curl/curl.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "http/client.hpp"

namespace dmaas::http {

/// One connection with what drives it: the multi handle keeps the sockets and can be woken from
/// another thread.
struct CurlHandles {
  std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> multi{curl_multi_init(),
                                                              &curl_multi_cleanup};
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy{curl_easy_init(), &curl_easy_cleanup};
};

/// Where the body of a response goes.
struct BodyTarget {
  const std::function<Result<>(const Response&)>* on_headers = nullptr;
  const std::function<Result<>(BytesView)>* sink = nullptr;  // null: collected
  std::size_t max_collected_bytes = 0;
};

/// One exchange on one connection. Used once, by one thread.
class ClientTransfer {
public:
  ClientTransfer(const ClientOptions& options, const Request& request, const BodyTarget& target)
      : options_(options), request_(request), target_(target) {}
  ClientTransfer(const ClientTransfer&) = delete;
  ClientTransfer& operator=(const ClientTransfer&) = delete;

  Result<Response> run(CurlHandles& handles, std::stop_token stop);

private:
  using Time = std::chrono::steady_clock::time_point;
  using HeaderList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

  Result<> configure(CURL* easy);
  Result<> configure_address(CURL* easy);
  Result<> configure_headers(CURL* easy);
  void configure_tls(CURL* easy);
  void configure_body(CURL* easy);
  Result<CURLcode> drive(CurlHandles& handles, std::stop_token stop);
  Error error_of(CURLcode code) const;
  std::string description() const;

  std::size_t read_body(char* buffer, std::size_t capacity);
  int seek_body(curl_off_t offset, int origin);
  std::size_t write_header(std::string_view line);
  std::size_t write_body(BytesView piece);
  std::size_t refuse(Error error, std::size_t result);
  void touch() { last_activity_ = std::chrono::steady_clock::now(); }

  const ClientOptions& options_;
  const Request& request_;
  const BodyTarget target_;

  Response response_;
  bool headers_complete_ = false;
  std::uint64_t sent_bytes_ = 0;
  curl_off_t counted_bytes_ = 0;
  Time last_activity_{};
  std::optional<Error> refusal_;  // of a reader, sink or limit; explains curl's error
  HeaderList headers_{nullptr, &curl_slist_free_all};
  HeaderList connect_to_{nullptr, &curl_slist_free_all};
  char error_text_[CURL_ERROR_SIZE] = {};
};

}  // namespace dmaas::http
