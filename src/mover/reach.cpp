#include "mover/reach.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>

namespace dmaas::mover {
namespace {

struct AddressList {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, AddressList>;

Addresses resolve(const std::string& address) {
  auto colon = address.rfind(':');
  if (colon == std::string::npos) return nullptr;
  auto host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), address.c_str() + colon + 1, &hints, &found) != 0) return nullptr;
  return Addresses(found);
}

class Socket {
public:
  explicit Socket(const addrinfo& address)
      : fd_(::socket(address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                     address.ai_protocol)) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  bool connect(const addrinfo& address, std::chrono::milliseconds patience) const {
    if (fd_ < 0) return false;
    if (::connect(fd_, address.ai_addr, address.ai_addrlen) == 0) return true;
    pollfd waiting{fd_, POLLOUT, 0};
    if (errno != EINPROGRESS || ::poll(&waiting, 1, static_cast<int>(patience.count())) != 1)
      return false;
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
  }

private:
  int fd_;
};

}  // namespace

bool is_reachable(const std::string& address, std::chrono::milliseconds patience) {
  auto addresses = resolve(address);
  for (const auto* one = addresses.get(); one != nullptr; one = one->ai_next) {
    if (Socket(*one).connect(*one, patience)) return true;
  }
  return false;
}

}  // namespace dmaas::mover
