#include "http/testing/scripted_server.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>

namespace dmaas::http {
namespace {

constexpr int poll_interval_ms = 20;
constexpr std::size_t max_body_bytes = 64 << 20;
constexpr std::size_t max_head_bytes = 64 << 10;

std::optional<ScriptedRequest> parse_head(std::string_view head) {
  ScriptedRequest request;
  const std::size_t line_end = head.find("\r\n");
  const std::string_view line = head.substr(0, line_end);
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == line.npos || last == first) return std::nullopt;
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, last - first - 1);
  head.remove_prefix(line_end + 2);
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    const std::string_view field = head.substr(0, end);
    const std::size_t colon = field.find(':');
    if (colon == field.npos) break;
    std::string_view value = field.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    request.headers.emplace_back(field.substr(0, colon), value);
    head.remove_prefix(end + 2);
  }
  return request;
}

std::string head_of(const ScriptedReply& reply, bool without_length) {
  std::string head = fmt::format("HTTP/1.1 {} Scripted\r\n", reply.status);
  for (const auto& [name, value] : reply.headers) head += name + ": " + value + "\r\n";
  if (reply.framing == ScriptedReply::Framing::chunked) {
    head += "Transfer-Encoding: chunked\r\n";
  } else if (!without_length && header_of(reply.headers, "Content-Length").empty()) {
    head += fmt::format("Content-Length: {}\r\n", reply.body.size());
  }
  return head + "\r\n";
}

std::string framed_body(const ScriptedReply& reply) {
  if (reply.framing == ScriptedReply::Framing::length) return reply.body;
  if (reply.body.empty()) return "0\r\n\r\n";
  return fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", reply.body.size(), reply.body);
}

}  // namespace

class ScriptedServer::Connection {
public:
  Connection(ScriptedServer& server, int socket)
      : server_(server), socket_(socket), thread_([this](std::stop_token stop) {
          while (serve_one(stop)) {
          }
          socket_.reset();
        }) {}

private:
  bool serve_one(std::stop_token stop);
  bool read_more(std::stop_token stop);
  bool read_until(std::size_t size, std::stop_token stop);
  std::optional<std::string> read_chunks(std::stop_token stop);
  std::optional<std::string> read_line(std::stop_token stop);
  bool write(std::string_view text);
  bool answer(const ScriptedRequest& request, const ScriptedReply& reply, std::stop_token stop);

  ScriptedServer& server_;
  FileDescriptor socket_;
  std::string buffer_;
  std::jthread thread_;
};

bool ScriptedServer::Connection::read_more(std::stop_token stop) {
  pollfd waiting{socket_.get(), POLLIN, 0};
  while (!stop.stop_requested()) {
    if (::poll(&waiting, 1, poll_interval_ms) <= 0) continue;
    char piece[64 << 10];
    const ssize_t length = ::recv(socket_.get(), piece, sizeof piece, 0);
    if (length <= 0) return false;
    buffer_.append(piece, static_cast<std::size_t>(length));
    return true;
  }
  return false;
}

bool ScriptedServer::Connection::read_until(std::size_t size, std::stop_token stop) {
  while (buffer_.size() < size) {
    if (size > max_body_bytes || !read_more(stop)) return false;
  }
  return true;
}

std::optional<std::string> ScriptedServer::Connection::read_line(std::stop_token stop) {
  std::size_t end;
  while ((end = buffer_.find("\r\n")) == buffer_.npos) {
    if (!read_more(stop)) return std::nullopt;
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

std::optional<std::string> ScriptedServer::Connection::read_chunks(std::stop_token stop) {
  std::string body;
  for (;;) {
    auto line = read_line(stop);
    if (!line) return std::nullopt;
    const std::size_t size = std::stoul(*line, nullptr, 16);
    if (!read_until(size + 2, stop)) return std::nullopt;
    body.append(buffer_, 0, size);
    buffer_.erase(0, size + 2);
    if (size == 0) return body;
  }
}

bool ScriptedServer::Connection::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t length = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (length <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(length));
  }
  return true;
}

bool ScriptedServer::Connection::serve_one(std::stop_token stop) {
  std::size_t end;
  while ((end = buffer_.find("\r\n\r\n")) == buffer_.npos) {
    if (buffer_.size() > max_head_bytes || !read_more(stop)) return false;
  }
  auto request = parse_head(std::string_view(buffer_).substr(0, end + 2));
  buffer_.erase(0, end + 4);
  if (!request) return false;
  if (header_of(request->headers, "Expect") == "100-continue" &&
      !write("HTTP/1.1 100 Continue\r\n\r\n")) {
    return false;
  }
  if (header_of(request->headers, "Transfer-Encoding") == "chunked") {
    auto body = read_chunks(stop);
    if (!body) return false;
    request->body = std::move(*body);
  } else if (const auto length = header_of(request->headers, "Content-Length"); !length.empty()) {
    const std::size_t size = std::stoul(std::string(length));
    if (!read_until(size, stop)) return false;
    request->body = buffer_.substr(0, size);
    buffer_.erase(0, size);
  }
  {
    std::lock_guard lock{server_.mutex_};
    server_.requests_.push_back(*request);
  }
  return answer(*request, server_.script_(*request), stop);
}

bool ScriptedServer::Connection::answer(const ScriptedRequest& request, const ScriptedReply& reply,
                                        std::stop_token stop) {
  if (!system_clock().sleep(reply.delay, stop)) return false;
  if (reply.ending == ScriptedReply::Ending::reset) {
    const linger at_once{1, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return false;
  }
  const bool bodiless = request.method == "HEAD" || reply.status == 204 || reply.status == 304;
  // Head and body in one write, or the client's delayed acknowledgement holds up the body.
  const std::string head = head_of(reply, reply.status == 204 || reply.status == 304);
  if (bodiless) return write(head);
  const std::string body = framed_body(reply);
  if (reply.ending == ScriptedReply::Ending::whole) return write(head + body);
  write(head + body.substr(0, body.size() / 2));
  if (reply.ending == ScriptedReply::Ending::stalled) {
    while (read_more(stop)) buffer_.clear();  // until the client or the server gives up
  }
  return false;
}

ScriptedServer::ScriptedServer(Script script) : script_(std::move(script)) {
  listener_ = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ENSURE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  ENSURE(::listen(listener_.get(), 64) == 0);
  ENSURE(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  origin_ = fmt::format("http://127.0.0.1:{}", ntohs(address.sin_port));
  acceptor_ = std::jthread([this](std::stop_token stop) { accept_connections(stop); });
}

ScriptedServer::~ScriptedServer() {
  acceptor_.request_stop();
  acceptor_.join();
}

void ScriptedServer::accept_connections(std::stop_token stop) {
  pollfd waiting{listener_.get(), POLLIN, 0};
  while (!stop.stop_requested()) {
    if (::poll(&waiting, 1, poll_interval_ms) <= 0) continue;
    const int socket = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    std::lock_guard lock{mutex_};
    connections_.push_back(std::make_unique<Connection>(*this, socket));
  }
}

std::vector<ScriptedRequest> ScriptedServer::requests() const {
  std::lock_guard lock{mutex_};
  return requests_;
}

std::size_t ScriptedServer::accepted_connections() const {
  std::lock_guard lock{mutex_};
  return connections_.size();
}

}  // namespace dmaas::http
