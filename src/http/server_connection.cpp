#include "http/server_connection.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "base/log.hpp"
#include "http/outcome.hpp"

namespace dmaas::http {
namespace {

namespace beast = boost::beast;
using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using SystemError = boost::system::error_code;
using HeaderParser = beast::http::request_parser<beast::http::empty_body>;
using BodyParser = beast::http::request_parser<beast::http::buffer_body>;
using ParserError = beast::http::error;

// Beast would read 512 bytes at a time else: measured 4 times slower and 16 times the latency.
constexpr std::size_t body_buffer_bytes = 64 << 10;
constexpr std::size_t header_read_bytes = 4 << 10;
constexpr std::size_t frame_bytes = 64 << 10;
// What a handler left unread is read and dropped up to here, so that the client gets the answer
// instead of a reset.
constexpr std::uint64_t max_discarded_bytes = 128 << 20;
constexpr milliseconds discard_timeout{10'000};
constexpr milliseconds close_timeout{2'000};

std::string_view reason_of(int status) {
  return {beast::http::obsolete_reason(static_cast<beast::http::status>(status)).data(),
          beast::http::obsolete_reason(static_cast<beast::http::status>(status)).size()};
}

bool has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

bool is_line_text(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos;
}

bool is_wish_to_close(std::string_view header, std::string_view value) {
  return header == "Connection" && value == "close";
}

/// The answer to what the parser refused; 0 when there is nobody to answer.
int status_of(const SystemError& error) {
  if (error == ParserError::header_limit || error == ParserError::buffer_overflow) return 431;
  if (error == ParserError::body_limit) return 413;
  if (error == ParserError::bad_version) return 505;
  return 400;
}

class Connection final : public ServerConnection,
                         public ServerRequest,
                         public ServerResponse,
                         public std::enable_shared_from_this<Connection> {
public:
  Connection(std::unique_ptr<Transport> transport, const ServerOptions& options, Ready ready)
      : transport_(std::move(transport)),
        options_(options),
        ready_(std::move(ready)),
        buffer_(options.max_header_bytes + body_buffer_bytes) {}

  void open() {
    transport_->handshake(options_.header_timeout,
                          [self = shared_from_this()](Result<std::size_t> done) {
                            if (done && *done > 0) self->await_request();
                          });
  }

  // --- ServerConnection

  void run(const Handler& handler, std::stop_token stop) override {
    stop_ = stop;
    try {
      handler(*this, *this, stop);
    } catch (const std::exception& exception) {
      log_error("a request handler threw",
                {{"method", std::string(method())}, {"error", exception.what()}});
    }
    finish_response();
    transport_->post([self = shared_from_this()] { self->after_response(); });
  }

  void end() override {
    transport_->post([self = shared_from_this()] {
      self->ending_ = true;
      if (self->waiting_) self->transport_->close();
    });
  }

  void cut() override {
    transport_->post([self = shared_from_this()] {
      self->cut_ = true;
      self->transport_->close();
    });
  }

  // --- ServerRequest, on the handler's thread

  std::string_view method() const override { return to_view(message().method_string()); }
  std::string_view path() const override { return path_; }
  std::string_view raw_path() const override { return target().substr(0, target().find('?')); }
  std::string_view query() const override {
    auto mark = target().find('?');
    return mark == std::string_view::npos ? std::string_view() : target().substr(mark + 1);
  }
  std::string_view header(std::string_view name) const override {
    return to_view(message()[beast::string_view(name.data(), name.size())]);
  }
  std::optional<std::uint64_t> content_length() const override { return content_length_; }
  std::string remote_address() const override { return transport_->remote_address(); }

  Result<std::size_t> read_body(std::span<std::uint8_t> buffer) override {
    if (broken_) return fail(*broken_);
    if (buffer.empty())
      return fail(ErrorCode::invalid_input, "reading a body into an empty buffer");
    if (!body_->is_done()) TRY(send_continue());
    while (true) {
      auto count = take_body(buffer);
      if (!count) return break_off(std::move(count).error());
      if (*count > 0 || body_->is_done()) return *count;
      auto received = on_loop(
          [&](Transport::Done done) { read_more(body_buffer_bytes, idle(), std::move(done)); });
      if (!received) return break_off(std::move(received).error());
      if (*received == 0) {
        return break_off(
            Error(ErrorCode::unavailable, "the client went away in the middle of the body"));
      }
    }
  }

  // --- ServerResponse, on the handler's thread

  Result<> send(int status, const Headers& headers, BytesView body) override {
    if (started_) return fail(ErrorCode::internal, "a second answer to one request");
    auto head = TRY(begin(status, headers, body.size()));
    if (method() == "HEAD" || !has_body(status)) body = {};
    remaining_ = 0;
    if (body.size() <= frame_bytes) {
      head.append(text_of(body));
      return write_out(bytes_of(head));
    }
    TRY(write_out(bytes_of(head)));
    return write_slices(body);
  }

  Result<> start(int status, const Headers& headers, std::optional<std::uint64_t> size) override {
    if (started_) return fail(ErrorCode::internal, "a second answer to one request");
    auto head = TRY(begin(status, headers, size));
    bodyless_ = method() == "HEAD" || !has_body(status);
    remaining_ = bodyless_ ? std::optional<std::uint64_t>(0) : size;
    return write_out(bytes_of(head));
  }

  Result<> write(BytesView piece) override {
    if (broken_) return fail(*broken_);
    if (bodyless_ || piece.empty()) return {};
    if (remaining_) {
      if (piece.size() > *remaining_) return fail(ErrorCode::internal, "more body than announced");
      *remaining_ -= piece.size();
      return write_slices(piece);
    }
    if (!chunked_) return write_slices(piece);
    for (; !piece.empty(); piece = piece.subspan(std::min(frame_bytes, piece.size()))) {
      auto part = piece.first(std::min(frame_bytes, piece.size()));
      scratch_ = fmt::format("{:x}\r\n", part.size());
      scratch_.append(text_of(part)).append("\r\n");
      TRY(write_out(bytes_of(scratch_)));
    }
    return {};
  }

  void abandon() override {
    if (!broken_) broken_ = Error(ErrorCode::cancelled, "the answer was abandoned");
  }

private:
  static std::string_view to_view(beast::string_view text) { return {text.data(), text.size()}; }
  const BodyParser::value_type& message() const { return body_->get(); }
  std::string_view target() const { return to_view(message().target()); }
  milliseconds idle() const { return options_.idle_timeout; }

  // --- on the event loop

  void await_request() {
    if (ending_) return close();
    header_.emplace();
    header_->header_limit(static_cast<std::uint32_t>(options_.max_header_bytes));
    header_->body_limit(options_.max_body_bytes);
    header_begun_.reset();
    waiting_ = true;
    if (buffer_.size() > 0) return parse_header();
    read_more(header_read_bytes, idle(), [self = shared_from_this()](Result<std::size_t> received) {
      if (!received || *received == 0 || self->ending_) return self->close();
      self->parse_header();
    });
  }

  void parse_header() {
    if (!header_begun_) header_begun_ = SteadyClock::now();
    SystemError error;
    buffer_.consume(header_->put(buffer_.data(), error));
    if (header_->is_header_done()) return dispatch();
    if (error && error != ParserError::need_more) return refuse(status_of(error));
    auto left = std::chrono::duration_cast<milliseconds>(*header_begun_ + options_.header_timeout -
                                                         SteadyClock::now());
    if (left <= milliseconds(0)) return close();
    if (buffer_.size() > options_.max_header_bytes) return refuse(431);
    read_more(header_read_bytes, left, [self = shared_from_this()](Result<std::size_t> received) {
      received && *received > 0 ? self->parse_header() : self->close();
    });
  }

  void dispatch() {
    body_.emplace(std::move(*header_));
    body_->eager(true);
    header_.reset();
    if (target().empty() || target()[0] != '/') return refuse(400);
    waiting_ = false;
    path_ = percent_decode(raw_path());
    content_length_.reset();
    if (auto length = body_->content_length()) content_length_ = *length;
    keep_alive_ = body_->keep_alive() && !ending_;
    expects_continue_ = beast::iequals(message()[beast::http::field::expect], "100-continue");
    started_ = chunked_ = bodyless_ = false;
    remaining_.reset();
    broken_.reset();
    waited_ = {};
    moved_bytes_ = 0;
    ready_(shared_from_this());
  }

  void after_response() {
    deadline_ = SteadyClock::now() + discard_timeout;
    discarded_bytes_ = 0;
    broken_ ? linger() : discard_body();
  }

  void discard_body() {
    while (!body_->is_done() && buffer_.size() > 0 && discarded_bytes_ <= max_discarded_bytes) {
      auto count = take_body(discard_buffer());
      if (!count) return close();
      discarded_bytes_ += *count;
      if (*count == 0) break;
    }
    if (body_->is_done()) {
      if (!keep_alive_) return linger();
      body_.reset();
      if (buffer_.size() == 0) buffer_.shrink_to_fit();
      return await_request();
    }
    // Who still waits for "100 Continue" sends nothing more; who sends too much or too slowly is
    // cut.
    if (expects_continue_ || discarded_bytes_ > max_discarded_bytes ||
        SteadyClock::now() > deadline_) {
      return linger();
    }
    read_more(body_buffer_bytes, close_timeout,
              [self = shared_from_this()](Result<std::size_t> received) {
                received && *received > 0 ? self->discard_body() : self->close();
              });
  }

  std::span<std::uint8_t> discard_buffer() {
    scratch_.resize(frame_bytes);
    return {reinterpret_cast<std::uint8_t*>(scratch_.data()), scratch_.size()};
  }

  /// Answers what the parser or a limit refused, then ends.
  void refuse(int status) {
    scratch_ = fmt::format("HTTP/1.1 {} {}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                           status, reason_of(status));
    transport_->write(bytes_of(scratch_), close_timeout,
                      [self = shared_from_this()](Result<std::size_t> done) {
                        done ? self->linger() : self->close();
                      });
  }

  /// Ends in good order: what the client still sends is dropped for a moment, because unread bytes
  /// would make the kernel send a reset that can overtake the answer.
  void linger() {
    if (cut_) return close();
    deadline_ = SteadyClock::now() + close_timeout;
    transport_->end_sending(close_timeout, [self = shared_from_this()](Result<std::size_t> done) {
      done ? self->drop_rest() : self->close();
    });
  }

  void drop_rest() {
    buffer_.clear();
    if (SteadyClock::now() > deadline_) return close();
    read_more(body_buffer_bytes, close_timeout,
              [self = shared_from_this()](Result<std::size_t> received) {
                received && *received > 0 ? self->drop_rest() : self->close();
              });
  }

  void close() { transport_->close(); }

  void read_more(std::size_t size, milliseconds timeout, Transport::Done done) {
    auto room = buffer_.prepare(std::min(size, buffer_.max_size() - buffer_.size()));
    transport_->read_some({static_cast<std::uint8_t*>(room.data()), room.size()}, timeout,
                          [this, done = std::move(done)](Result<std::size_t> received) {
                            if (received) buffer_.commit(*received);
                            done(std::move(received));
                          });
  }

  // --- on whichever thread has the connection

  /// Body bytes out of what was received; 0 when more must come or the body is done.
  Result<std::size_t> take_body(std::span<std::uint8_t> out) {
    auto& body = body_->get().body();
    body.data = out.data();
    body.size = out.size();
    SystemError error;
    while (buffer_.size() > 0 && body.size > 0 && !body_->is_done() && !error) {
      buffer_.consume(body_->put(buffer_.data(), error));
    }
    auto count = out.size() - body.size;
    body.data = nullptr;
    body.size = 0;
    if (!error || error == ParserError::need_more || error == ParserError::need_buffer)
      return count;
    if (error == ParserError::body_limit) {
      return fail(ErrorCode::exhausted,
                  fmt::format("the body is larger than {} bytes", options_.max_body_bytes));
    }
    return fail(ErrorCode::invalid_input, "malformed body: " + error.message());
  }

  // --- on the handler's thread

  /// Runs one operation on the event loop and waits for its end, which its timeout limits.
  template <class Operation>
  Result<std::size_t> on_loop(Operation operation) {
    auto outcome = std::make_shared<Outcome>();
    auto begun = SteadyClock::now();
    transport_->post([this, self = shared_from_this(), &operation, outcome] {
      if (cut_) return outcome->set(fail(ErrorCode::cancelled, "the server shuts down"));
      operation([self, outcome](Result<std::size_t> result) { outcome->set(std::move(result)); });
    });
    auto result = outcome->wait();
    waited_ += SteadyClock::now() - begun;
    if (result) moved_bytes_ += *result;
    if (result && is_too_slow())
      return fail(ErrorCode::timeout, "the client is slower than the least rate");
    return result;
  }

  bool is_too_slow() const {
    auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(waited_ - options_.body_rate_grace)
            .count();
    return seconds > 0 &&
           moved_bytes_ < options_.min_body_bytes_per_second * static_cast<std::uint64_t>(seconds);
  }

  Result<> write_out(BytesView bytes) {
    if (broken_) return fail(*broken_);
    auto written =
        on_loop([&](Transport::Done done) { transport_->write(bytes, idle(), std::move(done)); });
    if (!written) return break_off(std::move(written).error());
    return {};
  }

  Result<> write_slices(BytesView bytes) {
    for (; !bytes.empty(); bytes = bytes.subspan(std::min(frame_bytes, bytes.size()))) {
      TRY(write_out(bytes.first(std::min(frame_bytes, bytes.size()))));
    }
    return {};
  }

  std::unexpected<Error> break_off(Error error) {
    broken_ = error;
    return fail(std::move(error));
  }

  Result<> send_continue() {
    if (!std::exchange(expects_continue_, false) || started_) return {};
    return write_out(bytes_of("HTTP/1.1 100 Continue\r\n\r\n"));
  }

  Result<std::string> begin(int status, const Headers& headers, std::optional<std::uint64_t> size) {
    for (const auto& [name, value] : headers) {
      if (!is_line_text(name) || !is_line_text(value))
        return fail(ErrorCode::internal, "a line break in the header " + name.substr(0, 64));
      if (is_wish_to_close(name, value)) keep_alive_ = false;
    }
    started_ = true;
    if (!body_->is_done() && content_length_.value_or(0) > max_discarded_bytes) keep_alive_ = false;
    if (!body_->is_done() && expects_continue_) keep_alive_ = false;
    chunked_ = !size && message().version() == 11;
    if ((!size && !chunked_) || stop_.stop_requested()) keep_alive_ = false;
    auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    auto head = fmt::format("HTTP/1.1 {} {}\r\nDate: {:%a, %d %b %Y %H:%M:%S} GMT\r\n", status,
                            reason_of(status), fmt::gmtime(now));
    for (const auto& [name, value] : headers) {
      if (!is_wish_to_close(name, value)) head += fmt::format("{}: {}\r\n", name, value);
    }
    if (chunked_ && has_body(status)) head += "Transfer-Encoding: chunked\r\n";
    if (size && status != 204 && status != 304)
      head += fmt::format("Content-Length: {}\r\n", *size);
    if (!keep_alive_) head += "Connection: close\r\n";
    return head + "\r\n";
  }

  /// What the handler left undone: no answer at all, the end of a chunked body, fewer bytes than
  /// announced.
  void finish_response() {
    if (!started_ && !broken_) {
      static_cast<void>(send_text(500, "the request was not answered\n"));
    } else if (chunked_ && !bodyless_ && !remaining_ && !broken_) {
      static_cast<void>(write_out(bytes_of("0\r\n\r\n")));
    } else if (remaining_.value_or(0) > 0 && !broken_) {
      broken_ = Error(ErrorCode::internal, "the answer is shorter than announced");
    }
  }

  std::unique_ptr<Transport> transport_;
  const ServerOptions& options_;
  const Ready ready_;
  beast::flat_buffer buffer_;
  std::optional<HeaderParser> header_;
  std::optional<BodyParser> body_;
  std::string scratch_;

  // The event loop's.
  std::optional<SteadyClock::time_point> header_begun_;
  SteadyClock::time_point deadline_;
  std::uint64_t discarded_bytes_ = 0;
  bool waiting_ = true;  // no whole request has arrived
  bool ending_ = false;
  bool cut_ = false;

  // Of the request under way; a handler's thread has them between `dispatch` and `after_response`.
  std::string path_;
  std::stop_token stop_;
  std::optional<std::uint64_t> content_length_;
  bool keep_alive_ = false;
  bool expects_continue_ = false;
  bool started_ = false;
  bool chunked_ = false;
  bool bodyless_ = false;
  std::optional<std::uint64_t> remaining_;  // of an announced size
  std::optional<Error> broken_;
  SteadyClock::duration waited_{};
  std::uint64_t moved_bytes_ = 0;
};

}  // namespace

std::shared_ptr<ServerConnection> ServerConnection::start(std::unique_ptr<Transport> transport,
                                                          const ServerOptions& options,
                                                          Ready ready) {
  auto connection = std::make_shared<Connection>(std::move(transport), options, std::move(ready));
  connection->open();
  return connection;
}

}  // namespace dmaas::http
