#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "http/client.hpp"

namespace dmaas::http {

/// What the server saw of one request.
struct ScriptedRequest {
  std::string method;
  std::string target;  // path and query as sent
  Headers headers;
  std::string body;
};

/// What the server does to one request.
struct ScriptedReply {
  int status = 200;
  Headers headers = {};
  std::string body = {};
  std::chrono::milliseconds delay{0};  // before the first byte
  enum class Ending {
    whole,
    truncated,  // full Content-Length, half of the body, then the connection is closed
    reset,      // no byte, then a TCP reset
    stalled,    // half of the body, then nothing for as long as the server lives
  } ending = Ending::whole;
  enum class Framing { length, chunked } framing = Framing::length;
};

/// A plain HTTP/1.1 server on a free port of 127.0.0.1 for tests: does to each request what
/// `script` says, faults included. `script` is called from several threads. Request bodies up to 64
/// MiB are kept in memory.
class ScriptedServer {
public:
  using Script = std::function<ScriptedReply(const ScriptedRequest&)>;
  explicit ScriptedServer(Script script);
  ~ScriptedServer();

  /// "http://127.0.0.1:PORT"
  std::string origin() const { return origin_; }
  std::vector<ScriptedRequest> requests() const;
  std::size_t accepted_connections() const;

private:
  class Connection;

  void accept_connections(std::stop_token stop);

  const Script script_;
  FileDescriptor listener_;
  std::string origin_;
  mutable std::mutex mutex_;
  std::vector<ScriptedRequest> requests_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::jthread acceptor_;
};

}  // namespace dmaas::http
