#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "api/object.hpp"
#include "api/references.hpp"
#include "kube/client/client.hpp"

namespace dmaas::cli {

/// Makes an object, or only asks the API server whether it would be accepted.
template <class Kind>
Result<Json> create(kube::Client& client, const Kind& object, kube::DryRun dry_run,
                    std::stop_token stop) {
  return client.create(api::kind_info<Kind>().resource(), api::encode(object), {.dry_run = dry_run},
                       std::move(stop));
}

/// The key of an object that a person names; some kinds are of no namespace.
kube::ObjectKey key_in(const api::KindInfo& kind, const std::string& namespace_name,
                       const std::string& name);

/// One object of the kind. Errors: not_found; the message names those that there are, here and in
/// other namespaces.
Result<Json> find_or_list(kube::Client& client, const api::KindInfo& kind,
                          const kube::ObjectKey& key, std::stop_token stop);

/// The same, typed.
template <class Kind>
Result<Kind> load_or_list(kube::Client& client, const kube::ObjectKey& key, std::stop_token stop) {
  auto object = TRY(find_or_list(client, api::kind_info<Kind>(), key, std::move(stop)));
  return api::decode<Kind>(object);
}

/// All objects of the kind in a namespace, of all namespaces with ""; what cannot be read is left
/// out.
template <class Kind>
Result<std::vector<Kind>> list_decoded(kube::Client& client, const std::string& namespace_name,
                                       std::stop_token stop) {
  std::vector<Kind> objects;
  kube::ListOptions options{.namespace_name = namespace_name};
  for (const auto& document :
       TRY(kube::list_all(client, api::kind_info<Kind>().resource(), options, std::move(stop)))) {
    if (auto object = api::decode<Kind>(document)) objects.push_back(std::move(*object));
  }
  return objects;
}

/// Until the object is gone, or another one of its name is there. Errors: timeout, cancelled.
Result<> wait_until_gone(kube::Client& client, const kube::Resource& resource, const Json& object,
                         std::chrono::nanoseconds patience, std::stop_token stop);

/// "[namespace/]name".
api::NamespacedReference parse_reference(const std::string& text);

/// The object that a person names as "[namespace/]name". Without namespace it is looked for in each
/// of `namespaces` in turn. Errors: not_found as find_or_list.
Result<kube::ObjectKey> find_reference(kube::Client& client, const api::KindInfo& kind,
                                       const std::string& text,
                                       const std::vector<std::string>& namespaces,
                                       std::stop_token stop);

/// A reference to `key` from an object of `namespace_name`.
api::NamespacedReference reference_to(const kube::ObjectKey& key,
                                      const std::string& namespace_name);

/// "there is no plan shop/db; there are db-main here, and web in namespace www". Pure.
std::string missing_text(const api::KindInfo& kind, const kube::ObjectKey& wanted,
                         const std::vector<kube::ObjectKey>& present);

/// "<prefix>-<time of day>-<4 hexadecimal digits>": two people may start one in the same second.
std::string new_session_name(const std::string& prefix);

}  // namespace dmaas::cli
