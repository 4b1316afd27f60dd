#include "applications/commits.hpp"

#include <algorithm>

#include "api/names.hpp"

namespace dmaas::applications {
namespace {

constexpr std::string_view session_prefix = "dmaas.io/session=";
constexpr std::string_view component_prefix = "dmaas.io/component=";

}  // namespace

std::string session_tag(std::string_view session_uid) {
  return std::string(session_prefix).append(session_uid);
}

std::string component_tag(std::string_view component) {
  return std::string(component_prefix).append(component);
}

std::string session_of(const engine::Snapshot& snapshot) {
  for (const auto& tag : snapshot.tags) {
    if (tag.starts_with(session_prefix)) return tag.substr(session_prefix.size());
  }
  return "";
}

bool is_commit(const engine::Snapshot& snapshot) {
  return std::ranges::count(snapshot.tags, component_tag(api::resources_component)) > 0;
}

Result<std::optional<engine::StoredSnapshot>> find_commit(engine::Repository& repository,
                                                          const std::string& session_uid,
                                                          std::stop_token stop) {
  for (auto& stored : TRY(repository.load_snapshots(std::move(stop)))) {
    if (is_commit(stored.snapshot) && session_of(stored.snapshot) == session_uid)
      return std::optional(std::move(stored));
  }
  return std::optional<engine::StoredSnapshot>();
}

}  // namespace dmaas::applications
