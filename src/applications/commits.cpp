#include "applications/commits.hpp"

#include <algorithm>
#include <set>

#include "api/names.hpp"

namespace dmaas::applications {
namespace {

constexpr std::string_view session_prefix = "dmaas.io/session=";
constexpr std::string_view component_prefix = "dmaas.io/component=";

Result<StoredSnapshots> load_one_by_one(engine::Repository& repository, std::stop_token stop) {
  StoredSnapshots snapshots;
  for (const auto& id : TRY(repository.list_snapshots(stop))) {
    auto snapshot = repository.load_snapshot(id, stop);
    if (snapshot) {
      snapshots.readable.push_back({id, std::move(*snapshot)});
    } else if (snapshot.failed_with(ErrorCode::corrupt)) {
      snapshots.damaged.push_back(id);
    } else if (!snapshot.failed_with(ErrorCode::not_found)) {
      return fail(std::move(snapshot).error());
    }
  }
  std::ranges::sort(snapshots.readable, {},
                    [](const auto& stored) { return stored.snapshot.time; });
  return snapshots;
}

bool is_copy_of(const engine::StoredSnapshot& stored, const std::string& id) {
  return stored.snapshot.original && stored.snapshot.original->hex() == id;
}

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

Result<StoredSnapshots> load_readable(engine::Repository& repository, std::stop_token stop) {
  auto snapshots = repository.load_snapshots(stop);
  if (snapshots) return StoredSnapshots{std::move(*snapshots), {}};
  if (!snapshots.failed_with(ErrorCode::corrupt)) return fail(std::move(snapshots).error());
  return load_one_by_one(repository, std::move(stop));
}

const engine::StoredSnapshot* find_component(const std::vector<engine::StoredSnapshot>& snapshots,
                                             const std::string& session_uid,
                                             const api::DocumentComponent& component) {
  auto first = [&](auto&& is_it) -> const engine::StoredSnapshot* {
    auto found = std::ranges::find_if(snapshots, is_it);
    return found == snapshots.end() ? nullptr : &*found;
  };
  const auto& id = component.snapshot_id;
  if (const auto* named = first([&](const auto& s) { return s.id.hex() == id; })) return named;
  if (const auto* copy = first([&](const auto& s) { return is_copy_of(s, id); })) return copy;
  return first([&](const auto& stored) {
    const auto& snapshot = stored.snapshot;
    return snapshot.tree.hex() == component.tree_id && session_of(snapshot) == session_uid &&
           std::ranges::count(snapshot.tags, component_tag(component.name)) > 0;
  });
}

Result<> resolve_components(engine::Repository& repository,
                            const std::vector<api::BackupDocument*>& documents,
                            std::stop_token stop) {
  std::set<std::string> ids;
  for (const auto& id : TRY(repository.list_snapshots(stop))) ids.insert(id.hex());
  auto is_elsewhere = [&](const api::DocumentComponent& component) {
    return !component.snapshot_id.empty() && !ids.contains(component.snapshot_id);
  };
  std::optional<StoredSnapshots> snapshots;
  for (auto* document : documents) {
    for (auto& component : document->components) {
      if (!is_elsewhere(component)) continue;
      if (!snapshots) snapshots = TRY(load_readable(repository, stop));
      const auto* found = find_component(snapshots->readable, document->session_uid, component);
      if (found != nullptr) component.snapshot_id = found->id.hex();
    }
  }
  return {};
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
