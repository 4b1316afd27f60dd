#include "gateway/storage_set.hpp"

#include <chrono>

#include "base/log.hpp"
#include "storage/limited_store.hpp"

namespace dmaas::gateway {
namespace {

// The mover waits for an answer and repeats by itself: better an early "not now" than a long
// silence.
constexpr std::chrono::seconds give_up_after{20};
constexpr unsigned connections_per_storage = 16;

}  // namespace

storage::StorageOptions storage_options_of(const api::GatewayStorage& definition) {
  using Addressing = storage::StorageOptions::Addressing;
  storage::StorageOptions options;
  options.s3 = {definition.access_key, definition.secret_key, definition.session_token};
  if (!definition.region.empty()) options.region = definition.region;
  if (definition.addressing == "path") options.addressing = Addressing::path;
  if (definition.addressing == "virtualHost") options.addressing = Addressing::virtual_host;
  options.ca_certificates = definition.ca_certificate;
  options.connections = connections_per_storage;
  options.give_up_after = give_up_after;
  return options;
}

Result<std::unique_ptr<storage::ObjectStore>> open_store(const api::GatewayStorage& definition,
                                                         Clock& clock) {
  auto store =
      TRY(storage::open_storage(definition.location, storage_options_of(definition), clock));
  return storage::limited(std::move(store), {definition.upload_rate, definition.download_rate},
                          clock);
}

void StorageSet::update(const std::vector<api::GatewayStorage>& definitions) {
  std::map<std::string, Entry, std::less<>> next;
  for (const auto& definition : definitions) {
    auto known = find(definition.name);
    const bool unchanged = known && (*known)->definition == definition;
    next.insert_or_assign(definition.name, unchanged ? std::move(known) : open(definition));
  }
  std::lock_guard lock{mutex_};
  storages_ = std::move(next);
}

StorageSet::Entry StorageSet::open(const api::GatewayStorage& definition) const {
  auto store = opener_(definition);
  if (!store) {
    log_error("a storage cannot be opened",
              {{"storage", definition.name}, {"error", store.error().message()}});
    return fail(std::move(store).error());
  }
  return std::make_shared<OpenStorage>(definition, std::move(*store));
}

Result<std::shared_ptr<OpenStorage>> StorageSet::find(std::string_view name) const {
  std::lock_guard lock{mutex_};
  auto found = storages_.find(name);
  if (found != storages_.end()) return found->second;
  return fail(ErrorCode::not_found, "the gateway knows no storage " + std::string(name));
}

std::size_t StorageSet::size() const {
  std::lock_guard lock{mutex_};
  return storages_.size();
}

}  // namespace dmaas::gateway
