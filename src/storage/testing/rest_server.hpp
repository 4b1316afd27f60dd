#pragma once

#include "http/testing/scripted_server.hpp"
#include "storage/memory_store.hpp"

namespace dmaas::storage {

/// A restic REST server over memory for tests, with the rules of rest-server: content must have its
/// name as SHA-256, and an existing object is never written over (403).
class RestServer {
public:
  std::string url() const { return server_.origin() + "/repository/"; }

private:
  http::ScriptedReply answer(const http::ScriptedRequest& request);
  http::ScriptedReply answer_list(const std::string& directory);
  http::ScriptedReply answer_load(const http::ScriptedRequest& request, const std::string& name);
  http::ScriptedReply answer_save(const http::ScriptedRequest& request, const std::string& name);

  MemoryStore store_;
  http::ScriptedServer server_{[this](const auto& request) { return answer(request); }};
};

}  // namespace dmaas::storage
