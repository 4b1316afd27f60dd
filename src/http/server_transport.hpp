#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace dmaas::http {

/// One accepted connection, plain or TLS, on an event loop of one thread. Every call but `post` is
/// made on that loop and every handler is called there; one read or write is under way at a time. A
/// timeout holds for one call. Errors handed to handlers: timeout, unavailable (reset), cancelled
/// (after `close`).
class Transport {
public:
  using Done = std::function<void(Result<std::size_t>)>;

  virtual ~Transport() = default;
  virtual std::string remote_address() const = 0;
  virtual void post(std::function<void()> task) = 0;
  /// TLS handshake; nothing for a plain connection.
  virtual void handshake(std::chrono::milliseconds timeout, Done done) = 0;
  /// At least one byte, or 0 at the end of the stream.
  virtual void read_some(std::span<std::uint8_t> buffer, std::chrono::milliseconds timeout,
                         Done done) = 0;
  /// All of `bytes`, which live until `done`.
  virtual void write(BytesView bytes, std::chrono::milliseconds timeout, Done done) = 0;
  /// Tells the other side in good order that nothing more is sent.
  virtual void end_sending(std::chrono::milliseconds timeout, Done done) = 0;
  /// At once; a pending call ends with `cancelled`.
  virtual void close() = 0;
};

/// Accepts connections and runs their event loops. Thread-safe.
class Listener {
public:
  struct Options {
    std::string address;
    std::uint16_t port = 0;
    std::string certificate;       // PEM chain; empty: plain
    std::string private_key;       // PEM
    unsigned max_connections = 0;  // no more are accepted while so many transports live
    unsigned event_loops = 2;
  };
  /// Called on the event loop of the new connection.
  using OnAccept = std::function<void(std::unique_ptr<Transport>)>;

  /// Listens; connections are accepted after `accept`. Errors: unavailable (address in use),
  /// invalid_input.
  static Result<std::unique_ptr<Listener>> open(Options options);
  /// Stops the loops. No transport may be alive.
  virtual ~Listener() = default;

  virtual void accept(OnAccept on_accept) = 0;
  /// Afterwards every accepted connection has been handed over and none follows.
  virtual void stop_accepting() = 0;
  virtual std::uint16_t port() const = 0;
  /// For connections accepted from now on. Errors: invalid_input, unsupported (a plain listener).
  virtual Result<> replace_certificate(const std::string& certificate,
                                       const std::string& private_key) = 0;
};

}  // namespace dmaas::http
