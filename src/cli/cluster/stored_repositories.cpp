#include "cli/cluster/stored_repositories.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "base/encoding.hpp"
#include "cli/cluster/follow.hpp"
#include "cli/cluster/objects.hpp"
#include "crypto/random.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

constexpr std::chrono::minutes list_patience{30};
/// When the person is told that it takes its time.
constexpr std::chrono::seconds silence{5};
constexpr std::size_t max_named = 20;

std::vector<std::string> segments_of(const std::string& path) {
  std::vector<std::string> segments;
  for (std::size_t begin = 0; begin <= path.size();) {
    auto end = std::min(path.find('/', begin), path.size());
    segments.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return segments;
}

/// <cluster>/ns/<namespace>/<application> and <cluster>/groups/<namespace>/<plan>.
StoredRepositoryRow row_of_path(const std::string& path) {
  StoredRepositoryRow row{.path = path};
  auto segments = segments_of(path);
  bool is_ours = segments.size() == 4 && (segments[1] == "ns" || segments[1] == "groups");
  if (!is_ours) return row;
  row.owner = segments[0];
  row.application = segments[2] + "/" + segments[3];
  return row;
}

void add_knowledge(StoredRepositoryRow& row, const api::Repository& repository) {
  row.object = repository.metadata.key().text();
  const auto& status = repository.status;
  if (status.application)
    row.application = status.application->namespace_name + "/" + status.application->name;
  if (status.owner_cluster) row.owner = status.owner_cluster->name;
  if (status.format_version > 0) row.backups = status.snapshot_count;
  row.last_backup = status.last_backup_time;
}

}  // namespace

Result<kube::ObjectKey> find_storage(const Connection& connection, const std::string& text,
                                     std::stop_token stop) {
  std::vector<std::string> places{connection.namespace_name,
                                  std::string(api::default_system_namespace)};
  return find_reference(*connection.client, api::kind_info<api::BackupStorage>(), text, places,
                        std::move(stop));
}

Result<api::FoundRepositories> list_stored(kube::Client& client, const kube::ObjectKey& storage,
                                           std::stop_token stop) {
  const auto resource = api::kind_info<api::BackupStorage>().resource();
  auto request = hex_encode(crypto::random_bytes(8));
  Json patch =
      JsonObject{{"metadata", {{"annotations", {{api::annotation::list_repositories, request}}}}}};
  TRY(client.patch(resource, storage, {kube::PatchKind::merge, patch}, {}, stop));
  auto begun = system_clock().monotonic();
  bool was_told = false;
  while (system_clock().sleep(poll_period, stop)) {
    auto document = TRY(client.get(resource, storage, stop));
    auto now = TRY(api::decode<api::BackupStorage>(document));
    bool is_answered = now.status.found && now.status.found->request == request;
    if (is_answered && !now.status.found->message.empty())
      return fail(ErrorCode::unavailable,
                  "listing storage " + storage.text() + ": " + now.status.found->message);
    if (is_answered) return *now.status.found;
    const auto* ready = api::find_condition(now.status.conditions, api::condition::ready);
    if (ready != nullptr && ready->status != api::ConditionStatus::yes)
      return fail(ErrorCode::unavailable,
                  "storage " + storage.text() + " is not ready: " + ready->message);
    auto elapsed = system_clock().monotonic() - begun;
    if (elapsed > list_patience)
      return fail(ErrorCode::timeout, "storage " + storage.text() + " was not listed in time");
    if (elapsed > silence && !was_told) print_note("listing storage " + storage.text() + " ...");
    was_told = elapsed > silence;
  }
  return fail(ErrorCode::cancelled, "stopped");
}

std::vector<StoredRepositoryRow> stored_rows(const std::vector<std::string>& paths,
                                             const std::vector<api::Repository>& repositories) {
  std::vector<StoredRepositoryRow> rows;
  for (const auto& path : paths) {
    rows.push_back(row_of_path(path));
    for (const auto& repository : repositories) {
      if (repository.spec.path == path) add_knowledge(rows.back(), repository);
    }
  }
  return rows;
}

Result<std::string> choose_path(const api::FoundRepositories& found, const std::string& storage) {
  if (found.count == 1 && found.paths.size() == 1) return found.paths.front();
  if (found.count == 0)
    return fail(ErrorCode::not_found, "there is no repository on storage " + storage);
  auto shown = found.paths;
  if (shown.size() > max_named) shown.resize(max_named);
  return fail(ErrorCode::invalid_input,
              fmt::format("storage {} holds {} repositories; choose one with --path:\n  {}{}",
                          storage, found.count, fmt::join(shown, "\n  "),
                          shown.size() < static_cast<std::size_t>(found.count) ? "\n  ..." : ""));
}

}  // namespace dmaas::cli
