#include "controller/storage/reconcile_storage.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/backup_session.hpp"
#include "api/labels.hpp"
#include "api/repository.hpp"
#include "api/validate.hpp"
#include "base/encoding.hpp"
#include "controller/references.hpp"
#include "controller/status.hpp"
#include "controller/wipe_out/wipe_out_storage.hpp"
#include "kube/object/object.hpp"
#include "kube/runtime/finalizer.hpp"

namespace dmaas::controller {
namespace {

constexpr std::chrono::minutes probe_period{5};
/// How often it is tried while it fails, or while a session or maintenance works on it.
constexpr std::chrono::seconds retry_period{10};
/// How often the Secret with the credentials is looked at: nothing tells of its changes.
constexpr std::chrono::seconds look_period{20};
/// How long the gateway may take to learn of a changed storage.
constexpr std::chrono::seconds settle_period{2};
/// Of all paths that a status holds, so that it stays a small object.
constexpr std::size_t max_path_bytes = 128 << 10;

std::string location_of(const api::StorageBackend& backend) {
  if (backend.local) return "local:" + backend.local->path;
  auto endpoint = backend.s3->endpoint.empty() ? "https://s3.amazonaws.com" : backend.s3->endpoint;
  while (endpoint.ends_with('/')) endpoint.pop_back();
  auto location = fmt::format("s3:{}/{}", endpoint, backend.s3->bucket);
  return backend.s3->prefix.empty() ? location : location + "/" + backend.s3->prefix;
}

Result<std::string> secret_value(const Json& secret, const std::string& key) {
  auto value = TRY(base64_decode(text_at(secret, "data", key)));
  return std::string(text_of(value));
}

/// Bytes a second; 0: as fast as it goes.
Result<std::int64_t> rate_of(const std::optional<Quantity>& rate) {
  return rate ? parse_quantity(rate->text) : Result<std::int64_t>(0);
}

const kube::Resource& storages() {
  static const auto resource = api::kind_info<api::BackupStorage>().resource();
  return resource;
}

}  // namespace

api::FoundRepositories found_repositories(const std::vector<std::string>& paths) {
  api::FoundRepositories found;
  found.count = static_cast<std::int32_t>(paths.size());
  std::size_t bytes = 0;
  for (const auto& path : paths) {
    bytes += path.size();
    if (found.paths.size() == api::FoundRepositories::max_paths || bytes > max_path_bytes) break;
    found.paths.push_back(path);
  }
  return found;
}

Result<api::GatewayStorage> StorageReconciler::gateway_storage(const api::BackupStorage& storage,
                                                               std::stop_token stop) {
  api::GatewayStorage told;
  told.name = storage.metadata.key().text();
  told.location = location_of(storage.spec.backend);
  told.create_container = storage.spec.backend.local.has_value();
  if (const auto& bandwidth = storage.spec.bandwidth) {
    told.upload_rate = TRY(rate_of(bandwidth->upload));
    told.download_rate = TRY(rate_of(bandwidth->download));
  }
  if (const auto& s3 = storage.spec.backend.s3) {
    told.region = s3->region;
    told.addressing = names_of(s3->path_style)[static_cast<std::size_t>(s3->path_style)];
    told.ca_certificate = s3->ca_certificate;
    told.create_container = s3->create_bucket;
  }
  if (!storage.spec.credential_secret) return told;
  kube::ObjectKey key{storage.metadata.namespace_name, storage.spec.credential_secret->name};
  auto secret = TRY(
      world_.client.get(kube::resources::secrets(), key, std::move(stop)).context("credentials"));
  told.access_key = TRY(secret_value(secret, "AWS_ACCESS_KEY_ID"));
  told.secret_key = TRY(secret_value(secret, "AWS_SECRET_ACCESS_KEY"));
  told.session_token = TRY(secret_value(secret, "AWS_SESSION_TOKEN"));
  if (told.access_key.empty() || told.secret_key.empty()) {
    return fail(ErrorCode::invalid_input,
                fmt::format("Secret {} lacks AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY: add them",
                            key.text()));
  }
  return told;
}

Result<bool> StorageReconciler::tell_gateway(const kube::ObjectKey& key,
                                             std::optional<api::GatewayStorage> storage,
                                             std::stop_token stop) {
  std::lock_guard lock{mutex_};
  kube::ObjectKey secret_key{world_.settings.namespace_name,
                             std::string(api::gateway_storages_name)};
  if (!loaded_) {
    auto secret = world_.client.get(kube::resources::secrets(), secret_key, stop);
    if (!secret && secret.code() != ErrorCode::not_found) return fail(std::move(secret).error());
    if (secret) {
      auto text = TRY(secret_value(*secret, std::string(api::gateway_storages_key)));
      for (auto& known : TRY(api::decode_gateway_storages(text.empty() ? "[]" : text)))
        told_[known.name] = std::move(known);
    }
    loaded_ = true;
  }
  auto before = told_;
  if (storage) {
    told_[key.text()] = std::move(*storage);
  } else {
    told_.erase(key.text());
  }
  if (told_ == before) return false;
  std::vector<api::GatewayStorage> all;
  for (const auto& [name, known] : told_) all.push_back(known);
  auto secret = kube::make_object(kube::resources::secrets(), secret_key);
  auto text = api::encode_gateway_storages(all);
  secret.as_object()["data"] =
      JsonObject{{api::gateway_storages_key, base64_encode(bytes_of(text))}};
  auto written = world_.client.apply(kube::resources::secrets(), secret, {}, std::move(stop));
  if (!written) {
    told_ = std::move(before);
    return fail(std::move(written).error());
  }
  return true;
}

bool StorageReconciler::is_in_use(const api::BackupStorage& storage) const {
  auto uses_it = [&](const auto& object) {
    auto session = api::decode<api::BackupSession>(*object);
    if (!session || is_final(session->status.phase) || !session->status.start_time) return false;
    auto plan = find_object<api::BackupConfiguration>(
        world_.stores.plans, {session->metadata.namespace_name, session->spec.plan.name});
    auto used = plan
                    ? written_storages_of(world_, *plan).value_or(std::vector<api::BackupStorage>())
                    : std::vector<api::BackupStorage>();
    return std::ranges::any_of(used, [&](const api::BackupStorage& candidate) {
      return candidate.metadata.key() == storage.metadata.key();
    });
  };
  auto is_maintained_on_it = [&](const auto& object) {
    auto phase = text_at(*object, "status", "maintenance", "phase");
    if (phase.empty() || phase == name_of(api::MaintenancePhase::idle)) return false;
    auto repository = api::decode<api::Repository>(*object);
    return repository && place_of(*repository).storage == storage.metadata.key();
  };
  return std::ranges::any_of(world_.stores.backup_sessions.all(), uses_it) ||
         std::ranges::any_of(world_.stores.repositories.all(), is_maintained_on_it);
}

bool StorageReconciler::must_probe(const api::BackupStorage& storage) {
  std::chrono::nanoseconds period = probe_period;
  if (is_in_use(storage)) period = retry_period;
  std::lock_guard lock{mutex_};
  auto known = reached_at_.find(storage.metadata.key());
  return known == reached_at_.end() || world_.clock.monotonic() - known->second >= period;
}

void StorageReconciler::note_probe(const kube::ObjectKey& key, ProbeResult result) {
  std::lock_guard lock{mutex_};
  if (result == ProbeResult::reached) {
    reached_at_[key] = world_.clock.monotonic();
  } else {
    reached_at_.erase(key);
  }
}

void StorageReconciler::list_if_asked(api::BackupStorage& storage) {
  auto& status = storage.status;
  auto request = storage.metadata.annotations.find(std::string(api::annotation::list_repositories));
  if (request == storage.metadata.annotations.end()) return;
  if (status.found && status.found->request == request->second) return;
  auto key = storage.metadata.key();
  auto done = world_.background.run(
      "list/" + storage.metadata.uid,
      [this, key, asked = request->second](std::stop_token stop) -> Result<Json> {
        auto paths = gateway_.list_repositories(key, stop);
        auto found = paths ? found_repositories(*paths) : api::FoundRepositories{};
        if (!paths) found.message = paths.error().message();
        found.request = asked;
        found.time = std::chrono::floor<std::chrono::seconds>(world_.clock.now());
        return to_json(found);
      },
      [this, key] { wake_(key); });
  if (!done || !*done) return;
  auto found = from_json<api::FoundRepositories>(**done);
  if (found) status.found = std::move(*found);
}

std::int32_t StorageReconciler::count_repositories(const kube::ObjectKey& storage) const {
  std::int32_t count = 0;
  for (const auto& object : world_.stores.repositories.all()) {
    auto repository = api::decode<api::Repository>(*object);
    if (repository && api::storage_of(*repository) == storage) ++count;
  }
  return count;
}

Result<kube::Action> StorageReconciler::reconcile(const Json& object, std::stop_token stop) {
  auto decoded = api::decode<api::BackupStorage>(object);
  if (!decoded) return fail(std::move(decoded).error());
  auto storage = std::move(*decoded);
  const std::string finalizer{api::wipe_out_finalizer};
  if (storage.metadata.deletion_time) {
    if (kube::has_finalizer(object, finalizer)) return wipe_out(storage, stop);
    forget(storage.metadata.key());
    return kube::Action::await_change();
  }
  bool stays = outlives_its_deletion(world_, storage);
  if (stays != kube::has_finalizer(object, finalizer)) {
    TRY(stays ? kube::add_finalizer(world_.client, storages(), object, finalizer, stop)
              : kube::remove_finalizer(world_.client, storages(), object, finalizer, stop));
    return kube::Action::await_change();
  }
  auto before = to_json(storage.status);
  auto& status = storage.status;
  status.observed_generation = storage.metadata.generation;
  status.location = location_of(storage.spec.backend);
  auto reached = [&]() -> Result<> {
    TRY(api::validate(storage.spec, surroundings(world_, storage.metadata.namespace_name)));
    auto told = TRY(gateway_storage(storage, stop));
    bool is_news = TRY(tell_gateway(storage.metadata.key(), std::move(told), stop));
    if (is_news) {
      world_.vault.forget(storage.metadata.key());
      world_.clock.sleep(settle_period, stop);
    }
    if (!is_news && !must_probe(storage)) return {};
    auto probed = gateway_.probe(storage.metadata.key(), stop);
    note_probe(storage.metadata.key(), probed ? ProbeResult::reached : ProbeResult::failed);
    return probed;
  }();
  auto now = world_.clock.now();
  if (reached) {
    if (!status.reachable_since) status.reachable_since = now;
    set_ready(status.conditions, {.reason = "Reachable", .message = "written to and read from"},
              now);
  } else {
    status.reachable_since.reset();
    bool is_invalid = reached.code() == ErrorCode::invalid_input;
    set_ready(
        status.conditions,
        {.reason = std::string(is_invalid ? api::reason::invalid_spec : api::reason::unreachable),
         .message = reached.error().message(),
         .ready = false},
        now);
  }
  status.repositories = count_repositories(storage.metadata.key());
  if (reached) list_if_asked(storage);
  if (reached) meter_.look(storage, wake_, stop);
  if (to_json(status) != before) TRY(write_status(world_, storage, stop));
  return kube::Action::requeue(reached && !is_in_use(storage) ? look_period : retry_period);
}

Result<kube::Action> StorageReconciler::wipe_out(api::BackupStorage& storage,
                                                 std::stop_token stop) {
  auto waiting = TRY(wipe_out_repositories(world_, storage, stop));
  if (waiting.empty()) {
    TRY(kube::remove_finalizer(world_.client, storages(), storage.source,
                               std::string(api::wipe_out_finalizer), stop));
    return kube::Action::await_change();
  }
  // What is erased through the gateway may need other credentials meanwhile.
  if (auto told = gateway_storage(storage, stop))
    TRY(tell_gateway(storage.metadata.key(), std::move(*told), stop));
  auto before = to_json(storage.status);
  set_ready(storage.status.conditions,
            {.reason = std::string(api::reason::wiping_out), .message = waiting, .ready = false},
            world_.clock.now());
  if (to_json(storage.status) != before) TRY(write_status(world_, storage, stop));
  return kube::Action::requeue(poll_period);
}

void StorageReconciler::forget(const kube::ObjectKey& key) {
  // A failure is made good by the next change of any storage, which writes the whole list.
  static_cast<void>(tell_gateway(key, std::nullopt, {}));
  world_.vault.forget(key);
  meter_.forget(key);
}

}  // namespace dmaas::controller
