#include "storage/testing/rest_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/id.hpp"
#include "crypto/sha256.hpp"

namespace dmaas::storage {
namespace {

using http::ScriptedReply;
using http::ScriptedRequest;

std::string name_of_target(std::string_view target) {
  std::string name{target.substr(std::string_view("/repository/").size())};
  if (name.starts_with("data/") && name.size() > 7) name.insert(5, name.substr(5, 2) + "/");
  return name;
}

/// "bytes=A-B" or "bytes=A-" of an object with `size` bytes; nothing when it begins beyond the end.
std::optional<std::pair<std::size_t, std::size_t>> parse_range(std::string_view text,
                                                               std::size_t size) {
  std::size_t first = 0;
  std::size_t last = size - 1;
  text.remove_prefix(std::string_view("bytes=").size());
  const std::size_t dash = text.find('-');
  std::from_chars(text.data(), text.data() + dash, first);
  std::from_chars(text.data() + dash + 1, text.data() + text.size(), last);
  if (first >= size) return std::nullopt;
  return std::pair{first, std::min(last, size - 1) - first + 1};
}

}  // namespace

ScriptedReply RestServer::answer(const ScriptedRequest& request) {
  if (request.target == "/repository/?create=true") return {};
  const std::string name = name_of_target(request.target);
  if (name.ends_with('/')) return answer_list(name.substr(0, name.size() - 1));
  if (request.method == "POST") return answer_save(request, name);
  if (request.method == "DELETE") {
    return {.status = store_.remove(name, {}) ? 200 : 404};
  }
  return answer_load(request, name);
}

ScriptedReply RestServer::answer_list(const std::string& directory) {
  std::string entries;
  static_cast<void>(store_.list(directory,
                                [&](const ObjectInfo& info) -> Result<> {
                                  entries += fmt::format(
                                      R"({}{{"name":"{}","size":{}}})", entries.empty() ? "" : ",",
                                      info.name.substr(info.name.rfind('/') + 1), info.size);
                                  return {};
                                },
                                {}));
  return {.body = "[" + entries + "]", .framing = ScriptedReply::Framing::chunked};
}

ScriptedReply RestServer::answer_load(const ScriptedRequest& request, const std::string& name) {
  const auto object = store_.load_all(name, {});
  if (!object) return {.status = 404, .body = "absent"};
  const std::string content{text_of(*object)};
  if (request.method == "HEAD") {
    return {.headers = {{"Content-Length", std::to_string(content.size())}}};
  }
  const auto text = http::header_of(request.headers, "Range");
  if (text.empty()) return {.body = content};
  const auto range = parse_range(text, content.size());
  if (!range) return {.status = 416};
  return {.status = 206, .body = content.substr(range->first, range->second)};
}

ScriptedReply RestServer::answer_save(const ScriptedRequest& request, const std::string& name) {
  const std::string hash = hex_of(crypto::sha256(bytes_of(request.body)));
  if (name != "config" && !name.ends_with(hash)) return {.status = 400, .body = "wrong hash"};
  const SaveOptions options{.mode = SaveMode::create_only};
  return {.status = store_.save_bytes(name, bytes_of(request.body), options, {}) ? 200 : 403};
}

}  // namespace dmaas::storage
