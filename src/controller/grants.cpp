#include "controller/grants.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {

Grants::Grants(kube::Client& client, std::string namespace_name)
    : client_(client), namespace_(std::move(namespace_name)) {}

Result<> Grants::load(std::stop_token stop) {
  auto map = client_.get(kube::resources::config_maps(),
                         {namespace_, std::string(api::gateway_grants_name)}, stop);
  if (map.failed_with(ErrorCode::not_found)) return {};
  if (!map) return fail(std::move(map).error());
  auto text = text_at(*map, "data", api::gateway_grants_key);
  if (text.empty()) return {};
  std::lock_guard lock{mutex_};
  for (auto& grant : TRY(api::decode_gateway_grants(text)))
    by_pod_[grant.pod_uid].push_back(std::move(grant));
  return {};
}

Result<> Grants::add(const api::GatewayGrant& grant, std::stop_token stop) {
  std::lock_guard lock{mutex_};
  auto before = by_pod_;
  auto& known = by_pod_[grant.pod_uid];
  if (std::ranges::count(known, grant) > 0) return {};
  std::erase_if(known, [&](const auto& other) {
    return other.storage == grant.storage && other.repository == grant.repository;
  });
  known.push_back(grant);
  auto written = write(std::move(stop));
  if (!written) by_pod_ = std::move(before);
  return written;
}

Result<> Grants::remove(const std::string& pod_uid, std::stop_token stop) {
  std::lock_guard lock{mutex_};
  auto known = by_pod_.extract(pod_uid);
  if (known.empty()) return {};
  auto written = write(std::move(stop));
  if (!written) by_pod_.insert(std::move(known));
  return written;
}

std::vector<api::GatewayGrant> Grants::all() const {
  std::lock_guard lock{mutex_};
  return flat();
}

std::vector<api::GatewayGrant> Grants::flat() const {
  std::vector<api::GatewayGrant> grants;
  for (const auto& [pod, own] : by_pod_) grants.insert(grants.end(), own.begin(), own.end());
  return grants;
}

std::set<std::string> Grants::pods() const {
  std::lock_guard lock{mutex_};
  std::set<std::string> pods;
  for (const auto& [pod, own] : by_pod_) pods.insert(pod);
  return pods;
}

Result<> Grants::write(std::stop_token stop) {
  auto map = kube::make_object(kube::resources::config_maps(),
                               {namespace_, std::string(api::gateway_grants_name)});
  map.as_object()["data"] =
      JsonObject{{api::gateway_grants_key, api::encode_gateway_grants(flat())}};
  TRY(client_.apply(kube::resources::config_maps(), map, {}, std::move(stop)));
  return {};
}

}  // namespace dmaas::controller
