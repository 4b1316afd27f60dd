#include "http/websocket.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <functional>
#include <memory>
#include <thread>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "base/file.hpp"
#include "crypto/certificate.hpp"

namespace dmaas::http {
namespace {

using namespace std::chrono_literals;

/// The bytes of one accepted connection, plain or TLS.
struct Peer {
  int fd;
  SSL* tls;

  int read(char* buffer, int size) const {
    return tls != nullptr ? SSL_read(tls, buffer, size)
                          : static_cast<int>(::recv(fd, buffer, static_cast<std::size_t>(size), 0));
  }
  void write(const std::string& text) const {
    if (tls != nullptr) {
      SSL_write(tls, text.data(), static_cast<int>(text.size()));
    } else {
      ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    }
  }
  std::string read_exactly(std::size_t size) const {
    std::string text;
    char byte;
    while (text.size() < size && read(&byte, 1) == 1) text += byte;
    return text;
  }
  std::string read_head() const {
    std::string head;
    char byte;
    while (!head.ends_with("\r\n\r\n") && read(&byte, 1) == 1) head += byte;
    return head;
  }
  /// The payload of a short masked frame.
  std::string read_frame() const {
    auto head = read_exactly(6);
    if (head.size() < 6) return "gone";
    auto payload = read_exactly(static_cast<std::size_t>(head[1] & 0x7f));
    for (std::size_t i = 0; i < payload.size(); ++i)
      payload[i] = static_cast<char>(payload[i] ^ head[2 + i % 4]);
    return payload;
  }
};

std::string frame(std::string_view payload, int opcode = 2) {
  std::string text{static_cast<char>(0x80 | opcode), static_cast<char>(payload.size())};
  return text.append(payload);
}

std::string header_in(const std::string& head, const std::string& name) {
  auto at = head.find(name + ": ");
  if (at == head.npos) return {};
  at += name.size() + 2;
  return head.substr(at, head.find("\r\n", at) - at);
}

std::string accept_answer(const std::string& head, const std::string& protocol) {
  auto key = header_in(head, "Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  Bytes digest(SHA_DIGEST_LENGTH);
  SHA1(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
  std::string answer =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  if (!protocol.empty()) answer += "Sec-WebSocket-Protocol: " + protocol + "\r\n";
  return answer + "Sec-WebSocket-Accept: " + base64_encode(digest) + "\r\n\r\n";
}

/// Accepts one connection and plays `script` on it.
class OneConnectionServer {
public:
  using Script = std::function<void(const Peer&)>;
  explicit OneConnectionServer(Script script, const crypto::CertifiedKey* key = nullptr)
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ENSURE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    ENSURE(::listen(listener_.get(), 1) == 0);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    if (key != nullptr) load(*key);
    thread_ = std::jthread([this, script = std::move(script)] { play(script); });
  }
  ~OneConnectionServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  std::string url(const std::string& scheme) const {
    return scheme + "://127.0.0.1:" + std::to_string(port_) + "/x?a=%3B";
  }

private:
  void load(const crypto::CertifiedKey& key) {
    context_.reset(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    std::shared_ptr<BIO> certificate(BIO_new_mem_buf(key.certificate.data(), -1), BIO_free_all);
    std::shared_ptr<X509> leaf(PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr),
                               X509_free);
    std::shared_ptr<BIO> text(BIO_new_mem_buf(key.private_key.data(), -1), BIO_free_all);
    std::shared_ptr<EVP_PKEY> private_key(
        PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    ENSURE(SSL_CTX_use_certificate(context_.get(), leaf.get()) == 1);
    ENSURE(SSL_CTX_use_PrivateKey(context_.get(), private_key.get()) == 1);
  }

  void play(const Script& script) {
    FileDescriptor socket(::accept(listener_.get(), nullptr, nullptr));
    if (!socket.is_open()) return;
    std::shared_ptr<SSL> tls;
    if (context_) {
      tls.reset(SSL_new(context_.get()), SSL_free);
      SSL_set_fd(tls.get(), socket.get());
      if (SSL_accept(tls.get()) != 1) return;
    }
    script(Peer{socket.get(), tls.get()});
  }

  FileDescriptor listener_;
  std::uint16_t port_ = 0;
  std::shared_ptr<SSL_CTX> context_;
  std::jthread thread_;
};

void echo_once(const Peer& peer) {
  auto head = peer.read_head();
  peer.write(accept_answer(head, "v5.channel.k8s.io"));
  peer.write(frame(head.substr(0, head.find("\r\n")) + " " + header_in(head, "Authorization") +
                       " " + header_in(head, "Sec-WebSocket-Protocol"),
                   1));
  peer.write(frame("ping", 9));
  peer.write(frame("echo " + peer.read_frame()));
  EXPECT_EQ(peer.read_frame(), "ping");
  peer.write(frame(std::string("\x03\xe8", 2), 8));
  peer.read_frame();
}

void talk(const std::string& url, const ClientOptions& options) {
  auto socket = WebSocket::connect(url, {{"Authorization", "Bearer t"}},
                                   {"v5.channel.k8s.io", "v4.channel.k8s.io"}, options, {});
  ASSERT_TRUE(socket) << socket.error().message();
  EXPECT_EQ((*socket)->protocol(), "v5.channel.k8s.io");
  EXPECT_EQ((*socket)->receive({})->value(),
            "GET /x?a=%3B HTTP/1.1 Bearer t v5.channel.k8s.io, v4.channel.k8s.io");
  ASSERT_TRUE((*socket)->send(bytes_of("hello"), {}));
  EXPECT_EQ((*socket)->receive({})->value(), "echo hello");
  auto end = (*socket)->receive({});
  ASSERT_TRUE(end) << end.error().message();
  EXPECT_FALSE(end->has_value());
}

TEST(WebSocketTest, ExchangesMessagesUntilTheServerCloses) {
  OneConnectionServer server(echo_once);
  talk(server.url("ws"), {});
}

TEST(WebSocketTest, ExchangesMessagesOverTls) {
  auto authority = *crypto::make_authority("test", 24h, system_clock());
  auto key = *crypto::make_server_certificate(authority, {{}, {"127.0.0.1"}}, 24h, system_clock());
  OneConnectionServer server(echo_once, &key);
  ClientOptions options;
  options.ca_certificates = authority.certificate;
  talk(server.url("wss"), options);
}

TEST(WebSocketTest, RefusesServersThatItDoesNotTrust) {
  auto authority = *crypto::make_authority("test", 24h, system_clock());
  auto key =
      *crypto::make_server_certificate(authority, {{"elsewhere.svc"}, {}}, 24h, system_clock());
  ClientOptions options;
  options.ca_certificates = crypto::make_authority("other", 24h, system_clock())->certificate;
  {
    OneConnectionServer server([](const Peer&) {}, &key);
    EXPECT_EQ(WebSocket::connect(server.url("https"), {}, {}, options, {}).code(),
              ErrorCode::permission_denied);
  }
  options.ca_certificates = authority.certificate;
  OneConnectionServer server([](const Peer&) {}, &key);
  auto wrong_name = WebSocket::connect(server.url("https"), {}, {}, options, {});
  EXPECT_EQ(wrong_name.code(), ErrorCode::permission_denied) << wrong_name.error().message();
}

TEST(WebSocketTest, TellsWhyTheUpgradeWasRefused) {
  auto refused_with = [](const std::string& answer) {
    OneConnectionServer server([&](const Peer& peer) {
      peer.read_head();
      peer.write(answer);
    });
    auto socket = WebSocket::connect(server.url("http"), {}, {}, {}, {});
    ENSURE(!socket);
    return socket.error();
  };
  auto missing = refused_with("HTTP/1.1 404 Not Found\r\nContent-Length: 11\r\n\r\nno such pod");
  EXPECT_EQ(missing.code(), ErrorCode::not_found);
  EXPECT_NE(missing.message().find("no such pod"), std::string::npos) << missing.message();
  EXPECT_EQ(refused_with("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").code(),
            ErrorCode::permission_denied);
  EXPECT_EQ(refused_with("HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n").code(),
            ErrorCode::conflict);
  EXPECT_EQ(refused_with("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n").code(),
            ErrorCode::unavailable);
  EXPECT_EQ(refused_with("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").code(),
            ErrorCode::unsupported);
  EXPECT_EQ(refused_with("").code(), ErrorCode::unavailable);
  auto long_text =
      refused_with("HTTP/1.1 500 Oops\r\nContent-Length: 9000\r\n\r\n" + std::string(9000, 'x'));
  EXPECT_LT(long_text.message().size(), std::size_t{4500});
}

TEST(WebSocketTest, RefusesASubprotocolThatWasNotOffered) {
  OneConnectionServer server(
      [](const Peer& peer) { peer.write(accept_answer(peer.read_head(), "other")); });
  EXPECT_EQ(WebSocket::connect(server.url("ws"), {}, {"mine"}, {}, {}).code(),
            ErrorCode::unsupported);
}

TEST(WebSocketTest, StopsReceivingAndConnectingAtOnce) {
  OneConnectionServer server([](const Peer& peer) {
    peer.write(accept_answer(peer.read_head(), ""));
    peer.read_head();
  });
  auto socket = WebSocket::connect(server.url("ws"), {}, {}, {}, {});
  ASSERT_TRUE(socket);
  std::stop_source stop;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(50ms);
    stop.request_stop();
  });
  auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ((*socket)->receive(stop.get_token()).code(), ErrorCode::cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 1s);
  EXPECT_EQ(WebSocket::connect(server.url("ws"), {}, {}, {}, stop.get_token()).code(),
            ErrorCode::cancelled);
}

TEST(WebSocketTest, GivesUpOnServersThatDoNotAnswer) {
  OneConnectionServer server([](const Peer& peer) {
    peer.read_head();
    peer.read_exactly(1);
  });
  ClientOptions options;
  options.connect_timeout = 100ms;
  EXPECT_EQ(WebSocket::connect(server.url("ws"), {}, {}, options, {}).code(), ErrorCode::timeout);
}

TEST(WebSocketTest, ReportsConnectionsThatBreakAndMessagesThatAreTooLong) {
  {
    OneConnectionServer server(
        [](const Peer& peer) { peer.write(accept_answer(peer.read_head(), "")); });
    auto socket = WebSocket::connect(server.url("ws"), {}, {}, {}, {});
    ASSERT_TRUE(socket);
    EXPECT_EQ((*socket)->receive({}).code(), ErrorCode::unavailable);
  }
  OneConnectionServer server([](const Peer& peer) {
    peer.write(accept_answer(peer.read_head(), ""));
    peer.write(frame(std::string(100, 'x')));
    peer.read_frame();
  });
  ClientOptions options;
  options.max_body_bytes = 50;
  auto socket = WebSocket::connect(server.url("ws"), {}, {}, options, {});
  ASSERT_TRUE(socket);
  EXPECT_EQ((*socket)->receive({}).code(), ErrorCode::exhausted);
}

TEST(WebSocketTest, RefusesUrlsAndCertificatesThatAreNone) {
  EXPECT_EQ(WebSocket::connect("ftp://a/", {}, {}, {}, {}).code(), ErrorCode::invalid_input);
  ClientOptions options;
  options.ca_certificates = "not PEM";
  EXPECT_EQ(WebSocket::connect("wss://127.0.0.1:1/", {}, {}, options, {}).code(),
            ErrorCode::invalid_input);
  EXPECT_EQ(WebSocket::connect("ws://127.0.0.1:1/", {}, {}, {}, {}).code(), ErrorCode::unavailable);
}

}  // namespace
}  // namespace dmaas::http
