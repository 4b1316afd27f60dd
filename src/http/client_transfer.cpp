#include "http/client_transfer.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>

#include "http/url.hpp"

namespace dmaas::http {
namespace {

using namespace std::chrono_literals;

// How long a server may take to agree to a large body before it is sent unasked.
constexpr long expect_continue_ms = 300;
constexpr long transfer_buffer_bytes = 256 << 10;
// A machine or pod that goes without a word resets no connection. A live one acknowledges what it
// gets at once, however long its answer takes, so that silence of the connection itself means its
// end.
constexpr int silence_ms = 20'000;
constexpr long keep_alive_idle_seconds = 10;
constexpr long keep_alive_interval_seconds = 5;
// The loop looks at the idle timeout at least so often; stops and data wake it at once.
constexpr std::chrono::milliseconds poll_interval = 500ms;

curl_blob blob_of(const std::string& text) {
  return {const_cast<char*>(text.data()), text.size(), CURL_BLOB_NOCOPY};
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

// A peer that refuses our certificate says so by a TLS alert, in TLS 1.3 only after the handshake.
bool is_certificate_alert(std::string_view text) {
  return contains(text, "alert") &&
         (contains(text, "certificate") || contains(text, "unknown ca") ||
          contains(text, "access denied"));
}

ErrorCode classify(CURLcode code, std::string_view text) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
      return ErrorCode::invalid_input;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return ErrorCode::permission_denied;
    case CURLE_OPERATION_TIMEDOUT:
      return ErrorCode::timeout;
    case CURLE_OUT_OF_MEMORY:
      return ErrorCode::exhausted;
    case CURLE_SSL_CONNECT_ERROR:
      // Reached a port that does not speak TLS.
      if (contains(text, "wrong version number")) return ErrorCode::invalid_input;
      [[fallthrough]];
    default:
      return is_certificate_alert(text) ? ErrorCode::permission_denied : ErrorCode::unavailable;
  }
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

int status_of(std::string_view status_line) {
  const std::size_t space = status_line.find(' ');
  int status = 0;
  if (space != status_line.npos) {
    std::from_chars(status_line.data() + space + 1, status_line.data() + status_line.size(),
                    status);
  }
  return status;
}

int end_silent_connections(void*, curl_socket_t socket, curlsocktype) {
  // Where it cannot be set, the idle timeout of the request ends the call later.
  ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence_ms, sizeof silence_ms);
  return CURL_SOCKOPT_OK;
}

bool has_body(const Request& request) {
  return request.body_reader || !request.body.empty() || request.method == "POST" ||
         request.method == "PUT" || request.method == "PATCH";
}

}  // namespace

Result<Response> ClientTransfer::run(CurlHandles& handles, std::stop_token stop) {
  if (stop.stop_requested()) return fail(ErrorCode::cancelled, description() + ": cancelled");
  curl_easy_reset(handles.easy.get());
  TRY(configure(handles.easy.get()));
  touch();
  if (curl_multi_add_handle(handles.multi.get(), handles.easy.get()) != CURLM_OK) {
    return fail(ErrorCode::internal, description() + ": the transfer could not be added");
  }
  auto outcome = drive(handles, stop);
  curl_multi_remove_handle(handles.multi.get(), handles.easy.get());
  if (refusal_) return fail(std::move(*refusal_));
  if (!outcome) return fail(std::move(outcome).error());
  if (*outcome != CURLE_OK) return fail(error_of(*outcome));
  return std::move(response_);
}

Result<> ClientTransfer::configure(CURL* easy) {
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text_);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, keep_alive_idle_seconds);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, keep_alive_interval_seconds);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, end_silent_connections);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, transfer_buffer_bytes);
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, transfer_buffer_bytes);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  // A name server that does not answer must not hold up a cancelled call.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(options_.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request_.total_timeout.count()));

  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(
      easy, CURLOPT_HEADERFUNCTION, +[](char* data, std::size_t, std::size_t size, void* self) {
        return static_cast<ClientTransfer*>(self)->write_header({data, size});
      });
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(
      easy, CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t, std::size_t size, void* self) {
        return static_cast<ClientTransfer*>(self)->write_body(bytes_of({data, size}));
      });
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, this);
  curl_easy_setopt(
      easy, CURLOPT_XFERINFOFUNCTION,
      +[](void* data, curl_off_t, curl_off_t down, curl_off_t, curl_off_t up) {
        auto* self = static_cast<ClientTransfer*>(data);
        if (down + up != self->counted_bytes_) self->touch();
        self->counted_bytes_ = down + up;
        return 0;
      });
  TRY(configure_address(easy));
  configure_tls(easy);
  configure_body(easy);
  return configure_headers(easy);
}

Result<> ClientTransfer::configure_address(CURL* easy) {
  const Url url = TRY(parse_url(request_.url));
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  // Signatures are over the path as it was written.
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  if (options_.server_name.empty()) {
    curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
    return {};
  }
  // The name in the URL is what curl announces and verifies; the connection goes to the host of the
  // request.
  Url named = url;
  named.host = options_.server_name;
  const std::string port = !url.port.empty() ? url.port : url.scheme == "http" ? "80" : "443";
  const std::string target = fmt::format("{}:{}:{}:{}", named.host, port, url.host, port);
  connect_to_.reset(curl_slist_append(nullptr, target.c_str()));
  curl_easy_setopt(easy, CURLOPT_CONNECT_TO, connect_to_.get());
  headers_.reset(curl_slist_append(nullptr, ("Host: " + url.authority()).c_str()));
  const std::string text = named.origin() + url.path + (url.query.empty() ? "" : "?" + url.query);
  curl_easy_setopt(easy, CURLOPT_URL, text.c_str());
  return {};
}

Result<> ClientTransfer::configure_headers(CURL* easy) {
  curl_slist* list = headers_.release();
  for (const auto& [name, value] : request_.headers) {
    const bool valid = !name.empty() && name.find_first_of(" :\r\n") == name.npos &&
                       value.find_first_of(std::string_view("\r\n\0", 3)) == value.npos;
    if (!valid) {
      headers_.reset(list);
      return fail(ErrorCode::invalid_input,
                  description() + ": header \"" + name + "\" is malformed");
    }
    // "Name;" is curl's notation for a header without value.
    list = curl_slist_append(list, (value.empty() ? name + ";" : name + ": " + value).c_str());
  }
  headers_.reset(list);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
  return {};
}

void ClientTransfer::configure_tls(CURL* easy) {
  const bool verify = options_.verify == ClientOptions::Verify::peer;
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
  if (!options_.ca_certificates.empty()) {
    curl_blob blob = blob_of(options_.ca_certificates);
    curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
  if (!options_.client_certificate.empty()) {
    curl_blob certificate = blob_of(options_.client_certificate);
    curl_blob key = blob_of(options_.client_key);
    curl_easy_setopt(easy, CURLOPT_SSLCERTTYPE, "PEM");
    curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &certificate);
    curl_easy_setopt(easy, CURLOPT_SSLKEYTYPE, "PEM");
    curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key);
  }
}

void ClientTransfer::configure_body(CURL* easy) {
  if (request_.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  if (!has_body(request_)) {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    return;
  }
  curl_off_t size = static_cast<curl_off_t>(request_.body.size());
  if (request_.body_reader) {
    size = request_.body_size ? static_cast<curl_off_t>(*request_.body_size) : -1;
  }
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, size);
  curl_easy_setopt(easy, CURLOPT_EXPECT_100_TIMEOUT_MS, expect_continue_ms);
  curl_easy_setopt(easy, CURLOPT_READDATA, this);
  curl_easy_setopt(
      easy, CURLOPT_READFUNCTION,
      +[](char* buffer, std::size_t item, std::size_t count, void* self) {
        return static_cast<ClientTransfer*>(self)->read_body(buffer, item * count);
      });
  curl_easy_setopt(easy, CURLOPT_SEEKDATA, this);
  curl_easy_setopt(
      easy, CURLOPT_SEEKFUNCTION, +[](void* self, curl_off_t offset, int origin) {
        return static_cast<ClientTransfer*>(self)->seek_body(offset, origin);
      });
}

Result<CURLcode> ClientTransfer::drive(CurlHandles& handles, std::stop_token stop) {
  CURLM* multi = handles.multi.get();
  std::stop_callback wake{stop, [multi] { curl_multi_wakeup(multi); }};
  for (;;) {
    int running = 0;
    if (curl_multi_perform(multi, &running) != CURLM_OK) {
      return fail(ErrorCode::internal, description() + ": the transfer loop failed");
    }
    int waiting = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &waiting)) {
      if (message->msg == CURLMSG_DONE) return message->data.result;
    }
    if (stop.stop_requested()) return fail(ErrorCode::cancelled, description() + ": cancelled");
    const auto idle = std::chrono::steady_clock::now() - last_activity_;
    if (idle >= request_.idle_timeout) {
      return fail(ErrorCode::timeout, fmt::format("{}: nothing was sent or received for {} ms",
                                                  description(), request_.idle_timeout.count()));
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(request_.idle_timeout - idle);
    curl_multi_poll(multi, nullptr, 0, static_cast<int>(std::min(left, poll_interval).count()),
                    nullptr);
  }
}

Error ClientTransfer::error_of(CURLcode code) const {
  const std::string text = error_text_[0] != '\0' ? error_text_ : curl_easy_strerror(code);
  return Error(classify(code, text), description() + ": " + text);
}

std::string ClientTransfer::description() const {
  return request_.method + " " + without_secrets(request_.url);
}

std::size_t ClientTransfer::refuse(Error error, std::size_t result) {
  refusal_ = std::move(error);
  return result;
}

std::size_t ClientTransfer::read_body(char* buffer, std::size_t capacity) {
  if (!request_.body_reader) {
    const std::size_t length = std::min<std::size_t>(capacity, request_.body.size() - sent_bytes_);
    std::copy_n(request_.body.data() + sent_bytes_, length, buffer);
    sent_bytes_ += length;
    return length;
  }
  if (request_.body_size) {
    capacity = std::min<std::uint64_t>(capacity, *request_.body_size - sent_bytes_);
  }
  if (capacity == 0) return 0;
  auto length = request_.body_reader({reinterpret_cast<std::uint8_t*>(buffer), capacity});
  touch();
  if (!length) return refuse(std::move(length).error(), CURL_READFUNC_ABORT);
  sent_bytes_ += *length;
  if (*length == 0 && request_.body_size) {
    return refuse(Error(ErrorCode::invalid_input,
                        fmt::format("{}: the body ended after {} of {} bytes", description(),
                                    sent_bytes_, *request_.body_size)),
                  CURL_READFUNC_ABORT);
  }
  return *length;
}

int ClientTransfer::seek_body(curl_off_t offset, int origin) {
  const bool nothing_sent = sent_bytes_ == 0 && offset == 0;
  if (origin != SEEK_SET || (request_.body_reader && !nothing_sent)) return CURL_SEEKFUNC_FAIL;
  sent_bytes_ = static_cast<std::uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

std::size_t ClientTransfer::write_header(std::string_view line) {
  touch();
  if (headers_complete_) return line.size();  // trailers
  if (line.starts_with("HTTP/")) {
    response_.status = status_of(line);
    response_.headers.clear();
    return line.size();
  }
  const std::string_view text = trimmed(line);
  if (!text.empty()) {
    const std::size_t colon = text.find(':');
    if (colon != text.npos) {
      response_.headers.emplace_back(trimmed(text.substr(0, colon)),
                                     trimmed(text.substr(colon + 1)));
    }
    return line.size();
  }
  if (response_.status < 200) return line.size();  // "100 Continue" precedes the answer
  headers_complete_ = true;
  if (target_.on_headers == nullptr || !*target_.on_headers) return line.size();
  auto accepted = (*target_.on_headers)(response_);
  touch();
  return accepted ? line.size() : refuse(std::move(accepted).error(), 0);
}

std::size_t ClientTransfer::write_body(BytesView piece) {
  touch();
  if (piece.empty()) return 0;
  const bool success = response_.status >= 200 && response_.status < 300;
  if (target_.sink != nullptr && success) {
    auto taken = (*target_.sink)(piece);
    touch();
    return taken ? piece.size() : refuse(std::move(taken).error(), 0);
  }
  if (response_.body.size() + piece.size() > target_.max_collected_bytes) {
    return refuse(
        Error(ErrorCode::exhausted, fmt::format("{}: the answer is longer than {} bytes",
                                                description(), target_.max_collected_bytes)),
        0);
  }
  response_.body.append(text_of(piece));
  return piece.size();
}

}  // namespace dmaas::http
