#include "http/testing/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace dmaas::http {

RawClient::RawClient(std::uint16_t port)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ENSURE(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  timeval limit{10, 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

bool RawClient::send(std::string_view text) {
  while (!text.empty()) {
    auto count = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool RawClient::receive() {
  char buffer[64 << 10];
  auto count = ::recv(socket_.get(), buffer, sizeof buffer, 0);
  if (count > 0) received_.append(buffer, static_cast<std::size_t>(count));
  return count > 0;
}

std::string RawClient::read_until(std::string_view ending) {
  while (received_.find(ending) == received_.npos && receive()) {
  }
  return std::exchange(received_, {});
}

std::string RawClient::read_to_end() {
  while (receive()) {
  }
  return std::exchange(received_, {});
}

std::string RawClient::read_answer() {
  while (received_.find("\r\n\r\n") == received_.npos && receive()) {
  }
  auto head_end = received_.find("\r\n\r\n");
  if (head_end == received_.npos) return std::exchange(received_, {});
  auto total = head_end + 4;
  auto length = received_.substr(0, head_end).find("Content-Length: ");
  if (length != received_.npos)
    total += std::strtoull(received_.c_str() + length + 16, nullptr, 10);
  while (received_.size() < total && receive()) {
  }
  auto answer = received_.substr(0, total);
  received_.erase(0, total);
  return answer;
}

std::size_t RawClient::drop(std::size_t size) {
  auto left = size;
  do {
    auto count = std::min(left, received_.size());
    left -= count;
    received_.erase(0, count);
  } while (left > 0 && receive());
  return size - left;
}

void RawClient::reset() {
  linger at_once{1, 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket_.reset();
}

}  // namespace dmaas::http
