#include "controller/vault.hpp"

#include <fmt/format.h>

#include "api/labels.hpp"
#include "api/names.hpp"
#include "base/encoding.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "crypto/random.hpp"
#include "kube/client/deadline.hpp"
#include "kube/object/object.hpp"
#include "storage/open.hpp"

namespace dmaas::controller {
namespace {

constexpr std::size_t password_bytes = 32;
constexpr std::chrono::seconds lock_patience{10};
/// A storage that does not remove a lock by then is left to `tidy`.
constexpr std::chrono::seconds release_patience{5};
constexpr std::chrono::milliseconds gate_pause{20};
// A password of 256 random bits needs no stretching.
constexpr engine::KeyOptions random_password_key{.cost = {2, 1, 1}};

std::string random_password() {
  Bytes bytes(password_bytes);
  crypto::fill_random(bytes);
  return hex_encode(bytes);
}

}  // namespace

Vault::Origin::Origin(const api::BackupStorage& storage, const std::string& path)
    : place{storage.metadata.key(), path},
      recovery_password(storage.spec.recovery_password_secret) {}

Error Vault::wrong_recovery(const Origin& origin) {
  return Error(
      ErrorCode::wrong_key,
      fmt::format("the recovery password of storage {} does not open repository {}, which "
                  "would be lost with this cluster: put the password that it was made "
                  "with into Secret {}",
                  origin.place.storage.text(), origin.place.path, origin.recovery_password.name));
}

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

Result<std::shared_ptr<http::Client>> Vault::connect_to_gateway() {
  std::lock_guard lock{mutex_};
  if (gateway_ == nullptr)
    gateway_ = TRY(http::Client::create({.ca_certificates = ca_certificate_}));
  return gateway_;
}

Result<std::unique_ptr<storage::ObjectStore>> Vault::open_store(const RepositoryPlace& place) {
  storage::StorageOptions options;
  options.client = TRY(connect_to_gateway());
  options.rest_password_file = settings_.gateway_token_file;
  options.give_up_after = std::chrono::seconds{30};
  return storage::open_storage(url_of(place), options, clock_);
}

std::shared_ptr<Vault::Entry> Vault::entry_of(const RepositoryPlace& place) {
  std::lock_guard lock{mutex_};
  auto& entry = entries_[place];
  if (entry == nullptr) entry = std::make_shared<Entry>();
  return entry;
}

std::vector<std::pair<RepositoryPlace, std::shared_ptr<Vault::Entry>>> Vault::all_entries() {
  std::lock_guard lock{mutex_};
  return {entries_.begin(), entries_.end()};
}

Vault::~Vault() {
  for (auto& [place, entry] : all_entries()) {
    if (entry->lock) entry->lock->leave();
  }
}

Result<std::shared_ptr<OpenRepository>> Vault::open(const api::BackupStorage& storage,
                                                    const std::string& path, WhenAbsent when_absent,
                                                    std::stop_token stop) {
  Origin origin(storage, path);
  auto entry = entry_of(origin.place);
  auto gate = TRY(enter(*entry, stop));
  entry->origin = std::move(origin);
  TRY(open_entry(*entry, when_absent, std::move(stop)));
  return entry->opened;
}

Result<> Vault::open_entry(Entry& entry, WhenAbsent when_absent, std::stop_token stop) {
  if (entry.opened != nullptr) return {};
  auto opened = std::make_shared<OpenRepository>();
  opened->store = TRY(open_store(entry.origin.place));
  opened->repository =
      TRY(open_or_create(*opened->store, entry.origin, when_absent, std::move(stop)));
  entry.opened = std::move(opened);
  std::lock_guard lock{mutex_};
  entry.chunker = entry.opened->repository->chunker_parameters();
  return {};
}

engine::ChunkerParameters Vault::chunker_for(const RepositoryPlace& place) {
  std::lock_guard lock{mutex_};
  for (const auto& [other, entry] : entries_) {
    if (other.path == place.path && other.storage != place.storage && entry->chunker)
      return *entry->chunker;
  }
  return {};
}

engine::RepositoryOptions Vault::repository_options() const {
  engine::RepositoryOptions options;
  options.owner.hostname = owner_prefix_ + settings_.pod_name;
  return options;
}

Result<std::shared_ptr<OpenRepository>> Vault::open_apart(const api::BackupStorage& storage,
                                                          const std::string& path,
                                                          std::stop_token stop) {
  Origin origin(storage, path);
  auto opened = std::make_shared<OpenRepository>();
  opened->store = TRY(open_store(origin.place));
  opened->repository =
      TRY(open_or_create(*opened->store, origin, WhenAbsent::fail, std::move(stop)));
  return opened;
}

Result<std::unique_ptr<engine::Repository>> Vault::open_or_create(storage::ObjectStore& store,
                                                                  const Origin& origin,
                                                                  WhenAbsent when_absent,
                                                                  std::stop_token stop) {
  const auto& [storage, path] = origin.place;
  auto secret = api::repository_secret_name(storage.namespace_name, storage.name, path);
  auto options = repository_options();
  auto password = TRY(stored_password(secret, stop));
  auto recovery = TRY(recovery_password(origin, stop));
  if (!password.empty()) {
    auto repository = engine::Repository::open(store, password, options, clock_, stop);
    if (repository) {
      auto recovers = ensure_recovery(**repository, recovery, stop);
      if (recovers.failed_with(ErrorCode::wrong_key)) return fail(wrong_recovery(origin));
      TRY(recovers);
    }
    if (repository || !(repository.failed_with(ErrorCode::wrong_key) ||
                        repository.failed_with(ErrorCode::not_found))) {
      return repository;
    }
  }
  auto repository = engine::Repository::open(store, recovery, options, clock_, stop);
  if (repository.failed_with(ErrorCode::not_found) && when_absent == WhenAbsent::create) {
    return create(store, {secret, recovery, chunker_for(origin.place)}, stop);
  }
  if (repository.failed_with(ErrorCode::wrong_key)) {
    return fail(wrong_recovery(origin));
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
                                                          const NewRepository& wanted,
                                                          std::stop_token stop) {
  // The Secret comes first: with it the next process goes on where this one ended.
  auto password = TRY(stored_password(wanted.secret, stop));
  if (password.empty()) {
    password = random_password();
    auto object =
        kube::make_object(kube::resources::secrets(), {settings_.namespace_name, wanted.secret});
    kube::set_label(object, api::label::managed_by, "dmaas");
    object.as_object()["stringData"] = JsonObject{{"password", password}};
    TRY(client_.create(kube::resources::secrets(), object, {}, stop));
  }
  // Keys without a config are of an attempt that was cut short. They hold another master key, and
  // stock restic would try to read the config with it.
  std::vector<std::string> orphans;
  auto collect = [&](const storage::ObjectInfo& info) -> Result<> {
    orphans.push_back(info.name);
    return {};
  };
  TRY(store.list("keys", collect, stop));
  for (const auto& orphan : orphans) TRY(store.remove(orphan, stop));
  engine::InitOptions init;
  init.key = random_password_key;
  init.chunker = wanted.chunker;
  auto repository =
      TRY(engine::Repository::init(store, password, init, repository_options(), clock_, stop));
  TRY(repository->add_key(wanted.recovery_password, {}, stop)
          .context("adding the recovery password"));
  return repository;
}

Result<std::string> Vault::recovery_password(const Origin& origin, std::stop_token stop) {
  const auto& reference = origin.recovery_password;
  kube::ObjectKey key{origin.place.storage.namespace_name, reference.name};
  auto secret = client_.get(kube::resources::secrets(), key, std::move(stop));
  if (!secret)
    return fail(std::move(secret).error().context("recovery password of storage " +
                                                  origin.place.storage.text()));
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

Result<> Vault::remove_password(const RepositoryPlace& place, std::stop_token stop) {
  auto secret =
      api::repository_secret_name(place.storage.namespace_name, place.storage.name, place.path);
  return kube::ensure_removed(client_, kube::resources::secrets(),
                              {settings_.namespace_name, secret}, {}, std::move(stop));
}

Result<std::vector<Vault::OwnLock>> Vault::own_locks(engine::Repository& repository,
                                                     std::stop_token stop) {
  std::vector<Digest> ids;
  auto collect = [&](const engine::StoredFile& file) -> Result<> {
    ids.push_back(file.id);
    return {};
  };
  TRY(repository.list_files(engine::FileKind::lock, collect, stop));
  std::vector<OwnLock> own;
  for (const auto& id : ids) {
    auto text = repository.load_file(engine::FileKind::lock, id, stop);
    if (!text && is_retryable(text.code())) return fail(std::move(text).error());
    auto lock = text ? parse_json(*text) : Result<Json>(Json());
    if (lock && text_at(*lock, "hostname").starts_with(owner_prefix_))
      own.push_back({id, flag_at(*lock, "exclusive")});
  }
  return own;
}

Result<> Vault::hold(const RepositoryPlace& place, const std::string& session_uid,
                     std::stop_token stop) {
  auto entry = entry_of(place);
  auto gate = TRY(enter(*entry, stop));
  if (entry->is_alone)
    return fail(ErrorCode::locked, "repository " + place.path + " is being maintained");
  TRY(take_lock(*entry, engine::LockKind::shared, std::move(stop)));
  join(*entry, session_uid);
  return {};
}

Result<> Vault::hold_alone(const RepositoryPlace& place, const std::string& holder_uid,
                           std::stop_token stop) {
  auto entry = entry_of(place);
  auto gate = TRY(enter(*entry, stop));
  if (entry->is_alone && !has_session(*entry, holder_uid))
    return fail(ErrorCode::locked, "repository " + place.path + " is being maintained");
  if (!entry->is_alone && has_sessions(*entry))
    return fail(ErrorCode::locked, "repository " + place.path + " is used by a session");
  TRY(take_lock(*entry, engine::LockKind::exclusive, std::move(stop)));
  entry->is_alone = true;
  join(*entry, holder_uid);
  return {};
}

void Vault::join(Entry& entry, const std::string& session_uid) {
  std::lock_guard lock{mutex_};
  entry.sessions.insert(session_uid);
}

bool Vault::has_sessions(const Entry& entry) {
  std::lock_guard lock{mutex_};
  return !entry.sessions.empty();
}

bool Vault::has_session(const Entry& entry, const std::string& session_uid) {
  std::lock_guard lock{mutex_};
  return entry.sessions.contains(session_uid);
}

bool Vault::is_untidy(const Entry& entry) {
  std::lock_guard lock{mutex_};
  return entry.is_untidy;
}

void Vault::set_untidy(Entry& entry, bool is_untidy) {
  std::lock_guard lock{mutex_};
  entry.is_untidy = is_untidy;
}

Result<> Vault::take_lock(Entry& entry, engine::LockKind kind, std::stop_token stop) {
  // One that the last session left and nobody has tidied yet: it may be of the other kind.
  if (!has_sessions(entry)) drop_lock(entry);
  if (entry.lock != nullptr && !entry.lock->lost().stop_requested()) return {};
  if (entry.opened == nullptr)
    return fail(ErrorCode::unavailable,
                "repository " + entry.origin.place.path + " is being opened anew");
  auto& repository = *entry.opened->repository;
  // Only the leading controller of this cluster takes locks by these names, and this process has
  // none here: they are of an earlier one. They go only when the new one is there, unless the two
  // cannot be there together.
  auto former = TRY(own_locks(repository, stop));
  auto is_in_the_way = [&](const OwnLock& own) {
    return own.is_exclusive || kind == engine::LockKind::exclusive;
  };
  for (const auto& own : former) {
    if (is_in_the_way(own)) TRY(repository.remove_file(engine::FileKind::lock, own.id, stop));
  }
  entry.lock = TRY(repository.lock(kind, lock_patience, stop));
  TRY(remove_locks(repository, former, stop));
  entry.has_taken_over = true;
  return {};
}

Result<> Vault::remove_locks(engine::Repository& repository, const std::vector<OwnLock>& locks,
                             std::stop_token stop) {
  for (const auto& own : locks) TRY(repository.remove_file(engine::FileKind::lock, own.id, stop));
  return {};
}

bool Vault::is_held(const RepositoryPlace& place, const std::string& session_uid) {
  auto entry = entry_of(place);
  std::unique_lock lock{entry->gate, std::try_to_lock};
  // Whoever has the gate is opening or locking it; the caller comes again.
  if (!lock.owns_lock()) return false;
  return entry->lock != nullptr && !entry->lock->lost().stop_requested() &&
         has_session(*entry, session_uid);
}

std::vector<std::shared_ptr<Vault::Entry>> Vault::leave(const std::string& session_uid) {
  std::vector<std::shared_ptr<Entry>> left;
  std::lock_guard lock{mutex_};
  for (auto& [place, entry] : entries_) {
    if (entry->sessions.erase(session_uid) == 0 || !entry->sessions.empty()) continue;
    entry->is_untidy = true;
    left.push_back(entry);
  }
  return left;
}

Result<std::unique_lock<std::mutex>> Vault::enter(Entry& entry, std::stop_token stop) {
  std::unique_lock gate{entry.gate, std::try_to_lock};
  while (!gate.owns_lock()) {
    if (!clock_.sleep(gate_pause, stop))
      return fail(ErrorCode::cancelled, "cancelled while another one waited for the repository");
    gate.try_lock();
  }
  return gate;
}

void Vault::release(const std::string& session_uid, const std::vector<Origin>& former,
                    std::stop_token stop) {
  // The session's object, and perhaps its namespace, waits for this.
  kube::Deadline deadline(clock_, release_patience, std::move(stop));
  for (auto& entry : leave(session_uid)) {
    if (auto gate = enter(*entry, deadline.token())) tidy_entry(*entry, deadline.token());
  }
  for (const auto& origin : former) {
    auto entry = entry_of(origin.place);
    auto gate = enter(*entry, deadline.token());
    if (!gate) {
      set_untidy(*entry, true);
      continue;
    }
    if (entry->has_taken_over || is_untidy(*entry)) continue;
    entry->origin = origin;
    tidy_entry(*entry, deadline.token());
  }
}

void Vault::remove_former_locks(const api::BackupStorage& storage, const std::string& path,
                                engine::Repository& opened, const std::function<bool()>& is_used,
                                std::stop_token stop) {
  Origin origin(storage, path);
  auto entry = entry_of(origin.place);
  auto gate = enter(*entry, stop);
  if (!gate) return;
  entry->origin = std::move(origin);
  if (entry->has_taken_over || is_untidy(*entry) || has_sessions(*entry)) return;
  auto former = own_locks(opened, stop);
  // Without an answer nobody knows whether one protects a session: the next look asks again.
  if (!former || (!former->empty() && is_used())) return;
  note_tidied(*entry, remove_locks(opened, *former, stop));
}

void Vault::tidy(std::stop_token stop) {
  for (auto& [place, entry] : all_entries()) {
    if (!is_untidy(*entry)) continue;
    // Whoever has the gate may wait for its storage: the next call tries again.
    if (std::unique_lock gate{entry->gate, std::try_to_lock}) tidy_entry(*entry, stop);
  }
}

void Vault::drop_lock(Entry& entry) {
  if (entry.lock != nullptr) entry.lock->leave();
  entry.lock.reset();
}

void Vault::tidy_entry(Entry& entry, std::stop_token stop) {
  if (has_sessions(entry)) return;
  entry.is_alone = false;
  drop_lock(entry);
  auto tidied = [&]() -> Result<> {
    TRY(open_entry(entry, WhenAbsent::fail, stop));
    auto& repository = *entry.opened->repository;
    return remove_locks(repository, TRY(own_locks(repository, stop)), stop);
  }();
  note_tidied(entry, tidied);
}

void Vault::note_tidied(Entry& entry, const Result<>& tidied) {
  entry.has_taken_over = tidied || tidied.failed_with(ErrorCode::not_found);
  set_untidy(entry, !entry.has_taken_over);
  if (entry.has_taken_over) return;
  log_warning("locks of this cluster may be left in a repository",
              {{"repository", entry.origin.place.path}, {"cause", tidied.error().message()}});
}

void Vault::forget(const kube::ObjectKey& storage) {
  for (auto& [place, entry] : all_entries()) {
    if (place.storage != storage) continue;
    std::lock_guard lock{entry->gate};
    if (!has_sessions(*entry) && entry->lock == nullptr) entry->opened.reset();
  }
}

}  // namespace dmaas::controller
