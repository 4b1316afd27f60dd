#include "cli/cluster/objects.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "base/time_text.hpp"
#include "cli/cluster/follow.hpp"
#include "cli/cluster/kind_names.hpp"
#include "crypto/random.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

constexpr std::size_t max_named = 10;

std::string some_of(const std::vector<std::string>& names) {
  auto shown =
      std::vector(names.begin(),
                  names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), max_named)));
  auto text = fmt::format("{}", fmt::join(shown, ", "));
  if (names.size() > max_named) text += fmt::format(" and {} more", names.size() - max_named);
  return text;
}

/// All that the person may see; those of the namespace alone when that is all.
std::vector<kube::ObjectKey> keys_of(kube::Client& client, const api::KindInfo& kind,
                                     const std::string& namespace_name,
                                     const std::stop_token& stop) {
  auto objects = kube::list_all(client, kind.resource(), {}, stop);
  if (!objects) {
    objects = kube::list_all(client, kind.resource(), {.namespace_name = namespace_name}, stop);
  }
  std::vector<kube::ObjectKey> keys;
  if (!objects) return keys;
  for (const auto& object : *objects) keys.push_back(kube::key_of(object));
  return keys;
}

}  // namespace

std::string missing_text(const api::KindInfo& kind, const kube::ObjectKey& wanted,
                         const std::vector<kube::ObjectKey>& present) {
  std::vector<std::string> here;
  std::vector<std::string> elsewhere;
  for (const auto& key : present) {
    if (key.namespace_name == wanted.namespace_name) {
      here.push_back(key.name);
    } else {
      elsewhere.push_back(key.text());
    }
  }
  auto text = fmt::format("there is no {} {}", singular_word(kind), wanted.name);
  if (kind.is_namespaced()) text += " in namespace " + wanted.namespace_name;
  auto word = plural_word(kind);
  const auto* whose = kind.is_namespaced() ? "its" : "the";
  if (!here.empty()) return fmt::format("{}; {} {} are: {}", text, whose, word, some_of(here));
  if (elsewhere.empty()) return fmt::format("{}, nor any other", text);
  return fmt::format("{}; {} of other namespaces are: {}", text, word, some_of(elsewhere));
}

kube::ObjectKey key_in(const api::KindInfo& kind, const std::string& namespace_name,
                       const std::string& name) {
  return {kind.is_namespaced() ? namespace_name : "", name};
}

Result<Json> find_or_list(kube::Client& client, const api::KindInfo& kind,
                          const kube::ObjectKey& key, std::stop_token stop) {
  auto object = client.get(kind.resource(), key, stop);
  if (!object.failed_with(ErrorCode::not_found)) return object;
  return fail(ErrorCode::not_found,
              missing_text(kind, key, keys_of(client, kind, key.namespace_name, stop)));
}

Result<> wait_until_gone(kube::Client& client, const kube::Resource& resource, const Json& object,
                         std::chrono::nanoseconds patience, std::stop_token stop) {
  auto key = kube::key_of(object);
  auto deadline = system_clock().monotonic() + patience;
  while (system_clock().sleep(poll_period, stop)) {
    auto now = client.get(resource, key, stop);
    bool is_gone = now.failed_with(ErrorCode::not_found) ||
                   (now && kube::uid_of(*now) != kube::uid_of(object));
    if (is_gone) return {};
    if (!now && !is_retryable(now.code())) return fail(std::move(now).error());
    if (system_clock().monotonic() > deadline)
      return fail(ErrorCode::timeout, "still there after " + format_duration(patience));
  }
  return fail(ErrorCode::cancelled, "stopped");
}

api::NamespacedReference parse_reference(const std::string& text) {
  auto slash = text.find('/');
  if (slash == std::string::npos) return {.name = text};
  return {.name = text.substr(slash + 1), .namespace_name = text.substr(0, slash)};
}

Result<kube::ObjectKey> find_reference(kube::Client& client, const api::KindInfo& kind,
                                       const std::string& text,
                                       const std::vector<std::string>& namespaces,
                                       std::stop_token stop) {
  auto reference = parse_reference(text);
  auto places = namespaces;
  if (!reference.namespace_name.empty()) places = {reference.namespace_name};
  for (const auto& place : places) {
    auto object = client.get(kind.resource(), {place, reference.name}, stop);
    // Who may not read there may still refer to what is there.
    bool is_there = object || object.failed_with(ErrorCode::permission_denied);
    if (is_there) return kube::ObjectKey{place, reference.name};
    if (object.code() != ErrorCode::not_found) return fail(std::move(object).error());
  }
  kube::ObjectKey wanted{places.front(), reference.name};
  return fail(ErrorCode::not_found,
              missing_text(kind, wanted, keys_of(client, kind, places.front(), stop)));
}

api::NamespacedReference reference_to(const kube::ObjectKey& key,
                                      const std::string& namespace_name) {
  return {.name = key.name,
          .namespace_name = key.namespace_name == namespace_name ? "" : key.namespace_name};
}

std::string new_session_name(const std::string& prefix) {
  return fmt::format("{}-{}-{}", prefix, format_compact(system_clock().now()),
                     hex_encode(crypto::random_bytes(2)));
}

}  // namespace dmaas::cli
