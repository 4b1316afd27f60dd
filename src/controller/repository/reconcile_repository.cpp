#include "controller/repository/reconcile_repository.hpp"

#include <fmt/format.h>

#include "base/json.hpp"
#include "controller/policy/share_backups.hpp"
#include "controller/references.hpp"
#include "controller/repository/discover_backups.hpp"
#include "controller/repository/own_storage.hpp"
#include "controller/repository/publish_backup.hpp"
#include "controller/standby/followers.hpp"
#include "controller/status.hpp"

namespace dmaas::controller {
namespace {

/// Other clusters write to repositories too, and nothing tells of it.
constexpr std::chrono::hours longest_look_period{1};
/// A controller that starts has all of them to look at. Each costs memory and asks the storage.
constexpr std::size_t max_looks_at_once = 4;
constexpr std::chrono::seconds queue_period{1};
/// A Secret with a password may be corrected, a storage may come back.
constexpr std::chrono::minutes retry_period{1};

std::string_view reason_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::not_found:
      return api::reason::no_repository;
    case ErrorCode::wrong_key:
      return api::reason::wrong_password;
    case ErrorCode::unsupported:
      return api::reason::newer_format;
    case ErrorCode::corrupt:
      return api::reason::damaged;
    case ErrorCode::permission_denied:
      return api::reason::not_granted;
    case ErrorCode::invalid_input:
      return api::reason::invalid_spec;
    default:
      return api::reason::unreachable;
  }
}

void show_failure(api::RepositoryStatus& status, std::string_view reason, const Error& error,
                  Timestamp now) {
  set_ready(status.conditions,
            {.reason = std::string(reason), .message = error.message(), .ready = false}, now);
}

/// What a look found, but nothing that others write meanwhile.
void take_over(api::RepositoryStatus& status, const api::RepositoryStatus& found) {
  status.format_version = found.format_version;
  status.repository_id = found.repository_id;
  status.snapshot_count = found.snapshot_count;
  status.last_backup_time = found.last_backup_time;
  if (found.owner_cluster) status.owner_cluster = found.owner_cluster;
  if (found.application) status.application = found.application;
  for (const auto& condition : found.conditions)
    api::set_condition(status.conditions, condition,
                       condition.last_transition_time.value_or(Timestamp{}));
}

std::chrono::nanoseconds look_period(const World& world, const kube::ObjectKey& repository) {
  auto wanted = refresh_interval_of(world, repository).value_or(longest_look_period);
  return std::min<std::chrono::nanoseconds>(wanted, longest_look_period);
}

std::string_view first_segment(std::string_view path) {
  return path.substr(0, path.find('/'));
}

}  // namespace

Result<kube::Action> RepositoryReconciler::reconcile(const Json& object, std::stop_token stop) {
  auto decoded = api::decode<api::Repository>(object);
  if (!decoded) return fail(std::move(decoded).error());
  auto repository = std::move(*decoded);
  if (repository.metadata.deletion_time) return kube::Action::await_change();
  if (lacks_path(repository)) {
    TRY(give_path(world_, repository, stop));
    return kube::Action::await_change();
  }
  auto before = to_json(repository.status);
  auto& status = repository.status;
  auto key = repository.metadata.key();
  auto now = world_.clock.now();
  std::chrono::nanoseconds delay = retry_period;
  auto storage = find_ready_storage(repository, stop);
  if (!storage) {
    bool is_missing = storage.code() == ErrorCode::not_found;
    show_failure(status, is_missing ? api::reason::reference_missing : reason_of(storage.code()),
                 storage.error(), now);
  } else if (auto shown = shown_backups(world_, key).size(); must_look(repository, shown)) {
    if (!may_look(key)) return kube::Action::requeue(queue_period);
    auto found = look(repository, *storage);
    if (found && !*found) return kube::Action::await_change();  // woken when it is done
    if (found) {
      take_over(status, **found);
      std::lock_guard lock{mutex_};
      auto made =
          std::min<std::size_t>(static_cast<std::size_t>(status.snapshot_count), max_shown_backups);
      looks_[key] = {repository.metadata.generation, std::max(shown, made), now};
      delay = look_period(world_, key);
    } else {
      show_failure(status, reason_of(found.code()), found.error(), now);
    }
  } else {
    note_shown(key, shown);
    delay = std::max<std::chrono::nanoseconds>(time_to_look(key), queue_period);
  }
  leave_queue(key);
  status.observed_generation = repository.metadata.generation;
  show_owner(repository);
  if (to_json(status) != before) TRY(write_status(world_, repository, stop));
  return kube::Action::requeue(delay);
}

Result<api::BackupStorage> RepositoryReconciler::find_ready_storage(
    const api::Repository& repository, std::stop_token stop) const {
  if (repository.spec.backend) TRY(keep_own_storage(world_, repository, std::move(stop)));
  const auto& own = repository.metadata.namespace_name;
  auto storage =
      TRY(readable_storage_of(world_, repository, {own, world_.settings.namespace_name}));
  if (api::is_true(storage.status.conditions, api::condition::ready)) return storage;
  const auto* ready = api::find_condition(storage.status.conditions, api::condition::ready);
  return fail(ErrorCode::unavailable,
              fmt::format("BackupStorage {} is not ready: {}", storage.metadata.key().text(),
                          ready == nullptr ? "not looked at yet" : ready->message));
}

bool RepositoryReconciler::must_look(const api::Repository& repository, std::size_t shown) const {
  const auto& maintenance = repository.status.maintenance;
  if (maintenance.phase != api::MaintenancePhase::idle) return false;
  if (!api::is_true(repository.status.conditions, api::condition::ready)) return true;
  auto left = time_to_look(repository.metadata.key());
  std::lock_guard lock{mutex_};
  auto known = looks_.find(repository.metadata.key());
  if (known == looks_.end() || known->second.generation != repository.metadata.generation)
    return true;
  if (maintenance.completion_time && *maintenance.completion_time > known->second.time) return true;
  // Fewer objects than before: somebody tidied up, and gets them back with the next backup.
  return shown > known->second.shown || left == std::chrono::nanoseconds{0};
}

void RepositoryReconciler::note_shown(const kube::ObjectKey& key, std::size_t shown) {
  std::lock_guard lock{mutex_};
  auto known = looks_.find(key);
  if (known != looks_.end()) known->second.shown = std::min(known->second.shown, shown);
}

std::chrono::nanoseconds RepositoryReconciler::time_to_look(const kube::ObjectKey& key) const {
  auto period = look_period(world_, key);
  std::lock_guard lock{mutex_};
  auto known = looks_.find(key);
  if (known == looks_.end()) return period;
  // The clock may have been set back.
  auto age = std::max<std::chrono::nanoseconds>(world_.clock.now() - known->second.time,
                                                std::chrono::nanoseconds{0});
  return std::max<std::chrono::nanoseconds>(period - age, std::chrono::nanoseconds{0});
}

bool RepositoryReconciler::may_look(const kube::ObjectKey& key) {
  std::lock_guard lock{mutex_};
  if (looking_.size() < max_looks_at_once) looking_.insert(key);
  return looking_.contains(key);
}

void RepositoryReconciler::leave_queue(const kube::ObjectKey& key) {
  std::lock_guard lock{mutex_};
  looking_.erase(key);
}

Result<std::optional<api::RepositoryStatus>> RepositoryReconciler::look(
    const api::Repository& repository, const api::BackupStorage& storage) {
  auto done = world_.background.run(
      "repository/" + repository.metadata.uid,
      [this, repository, storage](std::stop_token stopped) -> Result<Json> {
        return to_json(TRY(discover_backups(world_, gateway_, repository, storage, stopped)));
      },
      [this, key = repository.metadata.key()] { wake_(key); });
  if (!done) return std::nullopt;
  auto found = TRY(std::move(*done));
  return TRY(
      from_json<api::RepositoryStatus>(found, "status", {.rules = DecodeOptions::Rules::ignore}));
}

void RepositoryReconciler::show_owner(api::Repository& repository) const {
  auto& status = repository.status;
  const auto& owner = status.owner_cluster;
  status.owned_by_this_cluster =
      owner && owner->uid == world_.cluster_uid && !is_shared(world_, repository);
  auto place = place_of(repository);
  auto may_write = owner ? check_owner(world_, place, *owner) : Result<>();
  bool is_taken = !may_write && first_segment(place.path) == world_.settings.cluster_name;
  if (!is_taken) {
    api::remove_condition(status.conditions, api::condition::cluster_name_taken);
    return;
  }
  api::set_condition(status.conditions,
                     {.type = std::string(api::condition::cluster_name_taken),
                      .status = api::ConditionStatus::yes,
                      .reason = "OtherCluster",
                      .message = may_write.error().message()},
                     world_.clock.now());
}

void RepositoryReconciler::forget(const kube::ObjectKey& key) {
  std::lock_guard lock{mutex_};
  looks_.erase(key);
  looking_.erase(key);
}

}  // namespace dmaas::controller
