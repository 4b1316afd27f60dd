#include "gateway/configuration.hpp"

#include <chrono>

#include "base/file.hpp"
#include "base/log.hpp"
#include "storage/object_name.hpp"

namespace dmaas::gateway {
namespace {

constexpr std::chrono::seconds look_interval{1};

std::string_view trim_slashes(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

class DirectorySource final : public ConfigurationSource {
public:
  DirectorySource(std::string directory, Clock& clock)
      : directory_(std::move(directory)), clock_(clock) {}

  void run(Configuration& configuration, std::stop_token stop) override {
    std::optional<std::string> storages, grants;
    do {
      if (read_change(api::gateway_storages_key, storages)) configuration.take_storages(*storages);
      if (read_change(api::gateway_grants_key, grants)) configuration.take_grants(*grants);
    } while (clock_.sleep(look_interval, stop));
  }

private:
  bool read_change(std::string_view name, std::optional<std::string>& known) const {
    auto text = read_small_file(directory_ + "/" + std::string(name));
    if (text.failed_with(ErrorCode::not_found)) text = std::string("[]");
    if (!text) {
      log_error("the gateway's configuration cannot be read", {{"error", text.error().message()}});
      return false;
    }
    if (known == *text) return false;
    known = std::move(*text);
    return true;
  }

  const std::string directory_;
  Clock& clock_;
};

}  // namespace

GrantTable::GrantTable(const std::vector<api::GatewayGrant>& grants) {
  for (auto grant : grants) {
    grant.repository = trim_slashes(grant.repository);
    if (grant.pod_uid.empty() || !storage::is_object_name(grant.repository)) {
      log_error("a grant without pod or with an impossible repository is ignored",
                {{"session", grant.session}, {"repository", grant.repository}});
      continue;
    }
    auto pod_uid = grant.pod_uid;
    grants_.emplace(std::move(pod_uid), std::move(grant));
  }
}

const api::GatewayGrant* GrantTable::find(std::string_view pod_uid, std::string_view storage,
                                          std::string_view repository) const {
  auto width = [](const api::GatewayGrant& grant) {
    return grant.scope == api::GatewayScope::maintain ? 2
           : grant.scope == api::GatewayScope::backup ? 1
                                                      : 0;
  };
  const api::GatewayGrant* widest = nullptr;
  auto [begin, end] = grants_.equal_range(pod_uid);
  for (auto entry = begin; entry != end; ++entry) {
    const auto& grant = entry->second;
    if (grant.storage != storage || grant.repository != repository) continue;
    if (widest == nullptr || width(grant) > width(*widest)) widest = &grant;
  }
  return widest;
}

void Configuration::take_storages(std::string_view text) {
  auto storages = api::decode_gateway_storages(text);
  if (!storages) {
    log_error("the list of storages is not changed", {{"error", storages.error().message()}});
    return;
  }
  storages_.update(*storages);
  std::lock_guard lock{mutex_};
  has_storages_ = true;
}

void Configuration::take_grants(std::string_view text) {
  auto grants = api::decode_gateway_grants(text);
  if (!grants) {
    log_error("the list of grants is not changed", {{"error", grants.error().message()}});
    return;
  }
  auto table = std::make_shared<const GrantTable>(*grants);
  std::lock_guard lock{mutex_};
  grants_ = std::move(table);
  has_grants_ = true;
}

std::shared_ptr<const GrantTable> Configuration::grants() const {
  std::lock_guard lock{mutex_};
  return grants_;
}

bool Configuration::is_complete() const {
  std::lock_guard lock{mutex_};
  return has_storages_ && has_grants_;
}

std::unique_ptr<ConfigurationSource> directory_source(std::string directory, Clock& clock) {
  return std::make_unique<DirectorySource>(std::move(directory), clock);
}

}  // namespace dmaas::gateway
