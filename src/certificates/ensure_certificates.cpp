#include "certificates/ensure_certificates.hpp"

#include <algorithm>
#include <map>

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "certificates/renewal.hpp"
#include "certificates/secrets.hpp"
#include "kube/client/client.hpp"
#include "kube/object/object.hpp"

namespace dmaas::certificates {
namespace {

constexpr int max_attempts = 5;

/// A Secret's values by key.
using Values = std::map<std::string, std::string>;

struct StoredSecret {
  kube::ObjectKey key;
  std::string resource_version;  // "": it is not there
  Values values;
};

Result<StoredSecret> load_secret(kube::Client& client, const kube::ObjectKey& key,
                                 std::stop_token stop) {
  auto object = client.get(kube::resources::secrets(), key, std::move(stop));
  if (object.failed_with(ErrorCode::not_found)) return StoredSecret{key, "", {}};
  if (!object) return fail(std::move(object).error());
  StoredSecret stored{key, kube::resource_version_of(*object), {}};
  const auto* data = find(*object, "data");
  if (data == nullptr || !data->is_object()) return stored;
  for (const auto& [name, value] : data->get_object()) {
    auto bytes = base64_decode(value.is_string() ? std::string_view(value.get_string()) : "");
    if (bytes) stored.values[name] = std::string(bytes->begin(), bytes->end());
  }
  return stored;
}

/// Only over the version that was loaded, so that of several at once one decides. Errors: conflict
/// and already_exists: another one did.
Result<> save_secret(kube::Client& client, const StoredSecret& stored, const Values& values,
                     std::stop_token stop) {
  JsonObject data;
  for (const auto& [name, value] : values) data[name] = base64_encode(bytes_of(value));
  const auto resource = kube::resources::secrets();
  if (stored.resource_version.empty()) {
    auto object = kube::make_object(resource, stored.key);
    kube::set_label(object, "app.kubernetes.io/name", "dmaas");
    object.as_object()["type"] = "kubernetes.io/tls";
    object.as_object()["data"] = std::move(data);
    TRY(client.create(resource, object, {}, std::move(stop)));
    return {};
  }
  Json patch = JsonObject{{"metadata", {{"resourceVersion", stored.resource_version}}},
                          {"data", std::move(data)}};
  TRY(client.patch(resource, stored.key, {kube::PatchKind::merge, std::move(patch)}, {},
                   std::move(stop)));
  return {};
}

crypto::CertifiedKey pair_of(const StoredSecret& stored) {
  auto value_of = [&](const char* name) {
    auto found = stored.values.find(name);
    return found == stored.values.end() ? std::string() : found->second;
  };
  return {value_of("tls.crt"), value_of("tls.key")};
}

Values values_of(const crypto::CertifiedKey& pair) {
  return {{"tls.crt", pair.certificate}, {"tls.key", pair.private_key}};
}

Result<> renew_once(kube::Client& client, const std::string& namespace_name, Clock& clock,
                    std::stop_token stop) {
  auto load = [&](std::string_view name) {
    return load_secret(client, {namespace_name, std::string(name)}, stop);
  };
  auto authority = TRY(load(authority_secret));
  auto controller = TRY(load(controller_secret));
  auto gateway = TRY(load(gateway_secret));
  const auto renewal = TRY(plan_renewal({.authority = pair_of(authority),
                                         .trusted = controller.values["ca.crt"],
                                         .controller = pair_of(controller),
                                         .gateway = pair_of(gateway)},
                                        namespace_name, clock));
  const auto& planned = renewal.certificates;
  auto controller_values = values_of(planned.controller);
  controller_values["ca.crt"] = planned.trusted;
  // The authority first: what it signed must not be there without it. Then who is trusted.
  const std::pair<const StoredSecret*, Values> all[] = {{&authority, values_of(planned.authority)},
                                                        {&controller, controller_values},
                                                        {&gateway, values_of(planned.gateway)}};
  for (const auto& [stored, values] : all) {
    if (std::ranges::includes(stored->values, values)) continue;
    TRY(save_secret(client, *stored, values, stop));
    log_info("wrote a Secret", {{"name", stored->key.text()}});
  }
  for (const auto& reason : renewal.reasons) log_info("made", {{"what", reason}});
  if (renewal.reasons.empty()) log_info("all certificates are good");
  return {};
}

}  // namespace

Result<> ensure_certificates(kube::Client& client, const std::string& namespace_name, Clock& clock,
                             std::stop_token stop) {
  for (int attempt = 1;; ++attempt) {
    auto done = renew_once(client, namespace_name, clock, stop);
    bool was_overtaken =
        done.failed_with(ErrorCode::conflict) || done.failed_with(ErrorCode::already_exists);
    if (!was_overtaken || attempt == max_attempts) return done;
  }
}

}  // namespace dmaas::certificates
