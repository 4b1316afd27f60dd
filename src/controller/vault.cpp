#include "controller/vault.hpp"

#include <fmt/format.h>

#include "api/labels.hpp"
#include "api/names.hpp"
#include "base/encoding.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "crypto/random.hpp"
#include "kube/object/object.hpp"
#include "storage/open.hpp"

namespace dmaas::controller {
namespace {

constexpr std::size_t password_bytes = 32;
constexpr std::chrono::seconds lock_patience{10};
// A password of 256 random bits needs no stretching.
constexpr engine::KeyOptions random_password_key{.cost = {2, 1, 1}};

Error wrong_recovery(const api::BackupStorage& storage, const std::string& path) {
  return Error(
      ErrorCode::wrong_key,
      fmt::format("the recovery password of storage {} does not open repository {}, which "
                  "would be lost with this cluster: put the password that it was made "
                  "with into Secret {}",
                  storage.metadata.key().text(), path, storage.spec.recovery_password_secret.name));
}

std::string random_password() {
  Bytes bytes(password_bytes);
  crypto::fill_random(bytes);
  return hex_encode(bytes);
}

}  // namespace

Vault::Vault(kube::Client& client, const Settings& settings, std::string cluster_uid, Clock& clock)
    : client_(client),
      settings_(settings),
      owner_prefix_("dmaas-" + cluster_uid.substr(0, 8) + "-"),
      clock_(clock),
      ca_certificate_(read_small_file(settings.tls_directory + "/ca.crt").value_or("")) {}

std::string Vault::url_of(const RepositoryPlace& place) const {
  auto base = settings_.gateway_url.empty()
                  ? fmt::format("https://dmaas-gateway.{}.svc:8443", settings_.namespace_name)
                  : settings_.gateway_url;
  return fmt::format("rest:{}/{}/{}/{}/", base, place.storage.namespace_name, place.storage.name,
                     place.path);
}

api::OrderRepository Vault::order_for(const RepositoryPlace& place,
                                      const engine::MasterKey& key) const {
  return {.url = url_of(place),
          .ca_certificate = ca_certificate_,
          .master_key = base64_encode(bytes_of(engine::encode_master_key(key)))};
}

Result<std::unique_ptr<storage::ObjectStore>> Vault::open_store(
    const RepositoryPlace& place) const {
  storage::StorageOptions options;
  options.ca_certificates = ca_certificate_;
  options.rest_password_file = settings_.gateway_token_file;
  options.give_up_after = std::chrono::seconds{30};
  return storage::open_storage(url_of(place), options, clock_);
}

Result<std::shared_ptr<OpenRepository>> Vault::open(const api::BackupStorage& storage,
                                                    const std::string& path, WhenAbsent when_absent,
                                                    std::stop_token stop) {
  RepositoryPlace place{storage.metadata.key(), path};
  {
    std::lock_guard lock{mutex_};
    if (auto known = open_.find(place); known != open_.end()) return known->second;
  }
  auto opened = std::make_shared<OpenRepository>();
  opened->store = TRY(open_store(place));
  opened->repository = TRY(open_or_create(*opened->store, storage, path, when_absent, stop));
  TRY(remove_own_stale_locks(*opened->repository, stop));
  std::lock_guard lock{mutex_};
  return open_.try_emplace(place, std::move(opened)).first->second;
}

Result<std::unique_ptr<engine::Repository>> Vault::open_or_create(storage::ObjectStore& store,
                                                                  const api::BackupStorage& storage,
                                                                  const std::string& path,
                                                                  WhenAbsent when_absent,
                                                                  std::stop_token stop) {
  auto key = storage.metadata.key();
  auto secret = api::repository_secret_name(key.namespace_name, key.name, path);
  engine::RepositoryOptions options;
  options.owner.hostname = owner_prefix_ + settings_.pod_name;
  auto password = TRY(stored_password(secret, stop));
  auto recovery = TRY(recovery_password(storage, stop));
  if (!password.empty()) {
    auto repository = engine::Repository::open(store, password, options, clock_, stop);
    if (repository) {
      auto recovers = ensure_recovery(**repository, recovery, stop);
      if (recovers.failed_with(ErrorCode::wrong_key)) return fail(wrong_recovery(storage, path));
      TRY(recovers);
    }
    if (repository || !(repository.failed_with(ErrorCode::wrong_key) ||
                        repository.failed_with(ErrorCode::not_found))) {
      return repository;
    }
  }
  auto repository = engine::Repository::open(store, recovery, options, clock_, stop);
  if (repository.failed_with(ErrorCode::not_found) && when_absent == WhenAbsent::create) {
    return create(store, secret, recovery, stop);
  }
  if (repository.failed_with(ErrorCode::wrong_key)) {
    return fail(wrong_recovery(storage, path));
  }
  return repository;
}

Result<> Vault::ensure_recovery(engine::Repository& repository, const std::string& password,
                                std::stop_token stop) {
  auto opened = engine::Repository::open(repository.store(), password, {}, clock_, stop);
  // With one key only, the making of the repository was broken off before the second was added.
  bool is_unfinished =
      opened.failed_with(ErrorCode::wrong_key) && TRY(repository.list_keys(stop)).size() == 1;
  if (!is_unfinished) return opened ? Result<>() : Result<>(fail(std::move(opened).error()));
  TRY(repository.add_key(password, {}, stop).context("adding the recovery password"));
  return {};
}

Result<std::unique_ptr<engine::Repository>> Vault::create(storage::ObjectStore& store,
                                                          const std::string& secret,
                                                          const std::string& recovery_password,
                                                          std::stop_token stop) {
  // The Secret comes first: a repository whose password was lost in a crash would still open by the
  // recovery password.
  auto password = TRY(stored_password(secret, stop));
  if (password.empty()) {
    password = random_password();
    auto object = kube::make_object(kube::resources::secrets(), {settings_.namespace_name, secret});
    kube::set_label(object, api::label::managed_by, "dmaas");
    object.as_object()["stringData"] = JsonObject{{"password", password}};
    TRY(client_.create(kube::resources::secrets(), object, {}, stop));
  }
  engine::RepositoryOptions options;
  options.owner.hostname = owner_prefix_ + settings_.pod_name;
  engine::InitOptions init;
  init.key = random_password_key;
  auto repository = TRY(engine::Repository::init(store, password, init, options, clock_, stop));
  TRY(repository->add_key(recovery_password, {}, stop).context("adding the recovery password"));
  return repository;
}

Result<std::string> Vault::recovery_password(const api::BackupStorage& storage,
                                             std::stop_token stop) {
  const auto& reference = storage.spec.recovery_password_secret;
  kube::ObjectKey key{storage.metadata.namespace_name, reference.name};
  auto secret = client_.get(kube::resources::secrets(), key, std::move(stop));
  if (!secret)
    return fail(std::move(secret).error().context("recovery password of storage " +
                                                  storage.metadata.key().text()));
  auto password = TRY(base64_decode(text_at(*secret, "data", reference.key)));
  if (password.empty()) {
    return fail(ErrorCode::invalid_input,
                fmt::format("Secret {} has no key '{}': put the storage's recovery password there",
                            key.text(), reference.key));
  }
  return std::string(text_of(password));
}

Result<std::string> Vault::stored_password(const std::string& secret, std::stop_token stop) {
  auto object =
      client_.get(kube::resources::secrets(), {settings_.namespace_name, secret}, std::move(stop));
  if (object.failed_with(ErrorCode::not_found)) return std::string();
  if (!object) return fail(std::move(object).error());
  return std::string(text_of(TRY(base64_decode(text_at(*object, "data", "password")))));
}

Result<> Vault::remove_own_stale_locks(engine::Repository& repository, std::stop_token stop) {
  // Only the leading controller of this cluster takes locks by these names, and this process has
  // taken none here yet.
  std::vector<Digest> stale;
  auto collect = [&](const engine::StoredFile& file) -> Result<> {
    auto text = repository.load_file(engine::FileKind::lock, file.id, stop);
    if (!text) return {};
    auto lock = parse_json(*text);
    if (lock && text_at(*lock, "hostname").starts_with(owner_prefix_)) stale.push_back(file.id);
    return {};
  };
  TRY(repository.list_files(engine::FileKind::lock, collect, stop));
  for (const auto& id : stale) TRY(repository.remove_file(engine::FileKind::lock, id, stop));
  return {};
}

Result<> Vault::hold(const RepositoryPlace& place, const std::string& session_uid,
                     std::stop_token stop) {
  std::shared_ptr<OpenRepository> opened;
  {
    std::lock_guard lock{mutex_};
    auto& held = held_[place];
    if (held.lock && !held.lock->lost().stop_requested()) {
      held.sessions.insert(session_uid);
      return {};
    }
    auto known = open_.find(place);
    if (known == open_.end())
      return fail(ErrorCode::internal, "repository " + place.path + " is not open");
    opened = known->second;
  }
  auto taken =
      TRY(opened->repository->lock(engine::LockKind::shared, lock_patience, std::move(stop)));
  std::lock_guard lock{mutex_};
  auto& held = held_[place];
  if (!held.lock || held.lock->lost().stop_requested()) held.lock = std::move(taken);
  held.sessions.insert(session_uid);
  return {};
}

void Vault::release(const std::string& session_uid) {
  std::vector<std::unique_ptr<engine::RepositoryLock>>
      released;  // removed outside the mutex: it writes to the storage
  std::lock_guard lock{mutex_};
  for (auto& [place, held] : held_) {
    held.sessions.erase(session_uid);
    if (held.sessions.empty() && held.lock) released.push_back(std::move(held.lock));
  }
}

void Vault::forget(const kube::ObjectKey& storage) {
  std::lock_guard lock{mutex_};
  std::erase_if(open_, [&](const auto& entry) {
    auto held = held_.find(entry.first);
    bool in_use = held != held_.end() && !held->second.sessions.empty();
    return entry.first.storage == storage && !in_use;
  });
}

}  // namespace dmaas::controller
