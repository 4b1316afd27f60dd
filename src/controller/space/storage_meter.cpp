#include "controller/space/storage_meter.hpp"

#include <algorithm>

#include "api/backup_session.hpp"
#include "api/copy_session.hpp"
#include "api/repository.hpp"
#include "base/time_text.hpp"
#include "controller/references.hpp"
#include "controller/space/storage_space.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

constexpr std::chrono::minutes retry_period{1};

/// "2026-01-02T03:04:05": equal within a second, and in the order of time.
constexpr std::size_t seconds_length = 19;

bool writes_to(const Json& session, const std::string& storage) {
  return std::ranges::any_of(items_at(session, "status", "storages"), [&](const Json& result) {
    return text_at(result, "storage") == storage;
  });
}

/// Those that have not ended before `time`. Most have: they are told apart before they are decoded.
std::vector<api::BackupSession> sessions_since(const World& world, const std::string& storage,
                                               Timestamp time) {
  auto since = format_seconds(time).substr(0, seconds_length);
  std::vector<api::BackupSession> sessions;
  for (const auto& object : world.stores.backup_sessions.all()) {
    auto end = text_at(*object, "status", "completionTime").substr(0, seconds_length);
    if ((!end.empty() && end < since) || !writes_to(*object, storage)) continue;
    if (auto session = api::decode<api::BackupSession>(*object))
      sessions.push_back(std::move(*session));
  }
  return sessions;
}

std::vector<api::Repository> repositories_on(const World& world, const kube::ObjectKey& storage) {
  std::vector<api::Repository> repositories;
  for (const auto& object : world.stores.repositories.all()) {
    auto repository = api::decode<api::Repository>(*object);
    if (repository && place_of(*repository).storage == storage)
      repositories.push_back(std::move(*repository));
  }
  return repositories;
}

/// When a session or a maintenance ended last that may have changed what is stored there.
std::optional<Timestamp> last_change_of(const World& world, const kube::ObjectKey& storage) {
  std::optional<Timestamp> last;
  std::string newest;
  for (const auto& object : world.stores.backup_sessions.all()) {
    auto end = text_at(*object, "status", "completionTime");
    if (end > newest && writes_to(*object, storage.text())) newest = end;
  }
  if (auto end = parse_timestamp(newest)) last = *end;
  for (const auto& object : world.stores.copy_sessions.all()) {
    auto copy = api::decode<api::CopySession>(*object);
    if (copy && copy->spec.storage.key(copy->metadata.namespace_name) == storage)
      last = std::max(last, copy->status.completion_time);
  }
  for (const auto& repository : repositories_on(world, storage))
    last = std::max(last, repository.status.maintenance.completion_time);
  return last;
}

/// Free space moves all the time; a status is written only for what matters.
bool is_news(const std::optional<std::int64_t>& known, const std::optional<std::int64_t>& now) {
  return !known || !now || std::abs(*known - *now) > *known / 100;
}

}  // namespace

void StorageMeter::look(api::BackupStorage& storage,
                        const std::function<void(const kube::ObjectKey&)>& wake,
                        std::stop_token stop) {
  auto& space = storage.status.space;
  if (!space) space.emplace();
  auto known = space->filesystem_free_bytes;
  measure_filesystem(gateway_, storage, stop);
  if (!is_news(known, space->filesystem_free_bytes)) space->filesystem_free_bytes = known;
  measure_repositories(storage, wake);
  if (!judge_space(storage, added_to(world_, storage), world_.clock.now())) return;
  const auto* low = api::find_condition(storage.status.conditions, api::condition::space_low);
  world_.events.record(storage.source, {.severity = kube::EventSeverity::warning,
                                        .reason = std::string(api::condition::space_low),
                                        .action = "Measure",
                                        .message = low->message});
}

void StorageMeter::measure_repositories(api::BackupStorage& storage,
                                        const std::function<void(const kube::ObjectKey&)>& wake) {
  auto& space = *storage.status.space;
  auto key = storage.metadata.key();
  auto now = world_.clock.now();
  if (!is_measurement_due(space, last_change_of(world_, key), now) || !may_measure(key)) return;
  auto done = world_.background.run(
      "measure/" + storage.metadata.uid,
      [this, key](std::stop_token stopped) -> Result<Json> {
        auto begun = world_.clock.now();
        auto begun_monotonic = world_.clock.monotonic();
        JsonObject sizes;
        for (const auto& [path, bytes] : TRY(gateway_.measure_repositories(key, stopped)))
          sizes[path] = bytes;
        auto took =
            std::chrono::ceil<std::chrono::seconds>(world_.clock.monotonic() - begun_monotonic);
        // What comes while it lists may be counted or not: it counts as coming afterwards.
        return Json(JsonObject{{"time", format_seconds(begun)},
                               {"seconds", took.count()},
                               {"sizes", std::move(sizes)}});
      },
      [wake, key] { wake(key); });
  if (!done) return;
  if (!*done) {
    if (!done->failed_with(ErrorCode::cancelled)) space.message = done->error().message();
    std::lock_guard lock{mutex_};
    failed_at_[key] = world_.clock.monotonic();
    return;
  }
  std::map<std::string, std::int64_t> sizes;
  for (const auto& [path, bytes] : find(**done, "sizes")->get_object())
    sizes[std::string(path)] = number_of(&bytes).value_or(0);
  space.measuring_seconds = number_at(**done, "seconds").value_or(0);
  auto begun = parse_timestamp(text_at(**done, "time"));
  take_sizes(space, sizes, repositories_on(world_, key), begun.value_or(now));
}

bool StorageMeter::may_measure(const kube::ObjectKey& key) {
  std::lock_guard lock{mutex_};
  auto failed = failed_at_.find(key);
  if (failed == failed_at_.end()) return true;
  if (world_.clock.monotonic() - failed->second < retry_period) return false;
  failed_at_.erase(failed);
  return true;
}

void StorageMeter::forget(const kube::ObjectKey& key) {
  std::lock_guard lock{mutex_};
  failed_at_.erase(key);
}

void measure_filesystem(const GatewayClient& gateway, api::BackupStorage& storage,
                        std::stop_token stop) {
  if (!storage.spec.backend.local) return;
  auto measured = gateway.measure_filesystem(storage.metadata.key(), std::move(stop));
  if (!measured || !*measured) return;
  auto& space = storage.status.space;
  if (!space) space.emplace();
  space->filesystem_bytes = (*measured)->capacity_bytes;
  space->filesystem_free_bytes = (*measured)->free_bytes;
}

std::int64_t added_to(const World& world, const api::BackupStorage& storage) {
  const auto& space = storage.status.space;
  auto key = storage.metadata.key().text();
  return space && space->time
             ? added_since(sessions_since(world, key, *space->time), key, *space->time)
             : 0;
}

}  // namespace dmaas::controller
