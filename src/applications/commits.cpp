#include "applications/find_commit.hpp"

#include <algorithm>

namespace dmaas::applications {
namespace {

constexpr std::string_view resources_tag = "dmaas.io/component=resources";
constexpr std::string_view session_tag = "dmaas.io/session=";

}  // namespace

Result<std::optional<engine::StoredSnapshot>> find_commit(engine::Repository& repository,
                                                          const std::string& session_uid,
                                                          std::stop_token stop) {
  auto has_tag = [](const engine::Snapshot& snapshot, const std::string& tag) {
    return std::ranges::find(snapshot.tags, tag) != snapshot.tags.end();
  };
  for (auto& stored : TRY(repository.load_snapshots(std::move(stop)))) {
    bool is_commit = has_tag(stored.snapshot, std::string(resources_tag)) &&
                     has_tag(stored.snapshot, std::string(session_tag) + session_uid);
    if (is_commit) return std::optional(std::move(stored));
  }
  return std::optional<engine::StoredSnapshot>();
}

}  // namespace dmaas::applications
