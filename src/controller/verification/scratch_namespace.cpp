#include "controller/verification/scratch_namespace.hpp"

#include <fmt/format.h>

#include "api/backup_grant.hpp"
#include "api/labels.hpp"
#include "api/names.hpp"
#include "base/yaml.hpp"
#include "controller/accounts.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

const kube::Resource namespaces = kube::resources::namespaces();
const kube::Resource volumes = kube::resources::persistent_volumes();
constexpr std::string_view pod_security = "pod-security.kubernetes.io/enforce";
constexpr const char* grant_name = "dmaas-verify";

constexpr std::string_view policies_yaml = R"(
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: dmaas-isolation, namespace: {scratch}, labels: {{app.kubernetes.io/managed-by: dmaas}}}}
spec:
  podSelector: {{}}
  policyTypes: [Ingress, Egress]
  ingress: [{{from: [{{podSelector: {{}}}}]}}]
  egress:
  - {{to: [{{podSelector: {{}}}}]}}
  - to: [{{namespaceSelector: {{}}}}]
    ports: [{{protocol: UDP, port: 53}}, {{protocol: TCP, port: 53}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: dmaas-movers, namespace: {scratch}, labels: {{app.kubernetes.io/managed-by: dmaas}}}}
spec:
  podSelector: {{matchLabels: {{dmaas.io/part: mover}}}}
  policyTypes: [Egress]
  egress:
  - to: [{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {system}}}}}}}]
    ports: [{{protocol: TCP, port: 8443}}]
)";

/// The namespace, when it is there and this session's.
Result<std::optional<Json>> find_scratch(World& world, const api::VerificationSession& session,
                                         std::stop_token stop) {
  auto found =
      world.client.get(namespaces, {"", api::scratch_name(session.metadata.uid)}, std::move(stop));
  if (found.failed_with(ErrorCode::not_found)) return std::optional<Json>();
  if (!found) return fail(std::move(found).error());
  if (kube::label_of(*found, api::label::session_uid) == session.metadata.uid)
    return std::optional<Json>(std::move(*found));
  return fail(ErrorCode::already_exists,
              fmt::format("namespace {} is there and not of this session: remove it",
                          kube::name_of(*found)));
}

Result<Json> make_scratch(World& world, const api::VerificationSession& session,
                          std::stop_token stop) {
  auto source = world.client.get(namespaces, {"", session.status.source_namespace}, stop);
  if (!source && source.code() != ErrorCode::not_found) return fail(std::move(source).error());
  return world.client.create(namespaces, scratch_manifest(session, source.value_or(Json())), {},
                             std::move(stop));
}

/// Sessions of other namespaces restore into it by a grant, as everywhere. True when it is known.
Result<bool> ensure_grant(World& world, const api::VerificationSession& session,
                          std::stop_token stop) {
  const auto& own = session.metadata.namespace_name;
  if (own == world.settings.namespace_name) return true;
  kube::ObjectKey key{session.status.scratch_namespace, grant_name};
  if (world.stores.grants.find(key) != nullptr) return true;
  api::BackupGrant grant;
  grant.metadata.namespace_name = key.namespace_name;
  grant.metadata.name = key.name;
  grant.spec.to.namespace_name = own;
  grant.spec.verbs = {api::GrantVerb::restore};
  TRY(kube::ensure_created(world.client, api::kind_info<api::BackupGrant>().resource(),
                           api::encode(grant), std::move(stop)));
  return false;
}

bool is_claimed_by(const Json& volume, const std::string& scratch) {
  // One that a person made was not made for the claim, and is not removed with it.
  return text_at(volume, "spec", "claimRef", "namespace") == scratch &&
         !kube::annotation_of(volume, "pv.kubernetes.io/provisioned-by").empty();
}

/// Volumes of classes that keep them would stay behind, one more for every verification. Returns
/// the name of one that is still there, or "".
Result<std::string> give_up_volumes(World& world, const std::string& scratch,
                                    std::stop_token stop) {
  std::string waiting;
  for (const auto& volume : TRY(kube::list_all(world.client, volumes, {}, stop))) {
    if (!is_claimed_by(volume, scratch)) continue;
    waiting = kube::name_of(volume);
    if (text_at(volume, "spec", "persistentVolumeReclaimPolicy") == "Delete") continue;
    Json patch = JsonObject{{"spec", {{"persistentVolumeReclaimPolicy", "Delete"}}}};
    auto patched = world.client.patch(volumes, kube::key_of(volume),
                                      {kube::PatchKind::merge, std::move(patch)}, {}, stop);
    if (!patched && patched.code() != ErrorCode::not_found) return fail(std::move(patched).error());
  }
  return waiting;
}

/// What keeps a namespace that is being deleted, as its controller says.
std::string obstacle_of(const Json& space) {
  std::string text;
  for (const auto& condition : kube::conditions_of(space)) {
    bool tells = condition.status == kube::ConditionStatus::yes && !condition.message.empty();
    if (tells) text += ": " + condition.message;
  }
  return text;
}

}  // namespace

Json scratch_manifest(const api::VerificationSession& session, const Json& source) {
  auto manifest = kube::make_object(namespaces, {"", api::scratch_name(session.metadata.uid)});
  kube::set_label(manifest, api::label::managed_by, "dmaas");
  kube::set_label(manifest, api::label::part, "scratch");
  kube::set_label(manifest, api::label::session, kube::to_label_value(session.metadata.name));
  kube::set_label(manifest, api::label::session_namespace, session.metadata.namespace_name);
  kube::set_label(manifest, api::label::session_uid, session.metadata.uid);
  bool is_restricted = kube::label_of(source, pod_security) == "restricted";
  kube::set_label(manifest, pod_security, is_restricted ? "restricted" : "baseline");
  return manifest;
}

std::vector<Json> isolation_policies(const std::string& scratch, const std::string& system) {
  auto policies = parse_yaml_documents(fmt::format(
      fmt::runtime(policies_yaml), fmt::arg("scratch", scratch), fmt::arg("system", system)));
  ENSURE(policies);
  return std::move(*policies);
}

Result<bool> ensure_scratch(World& world, api::VerificationSession& session, std::stop_token stop) {
  auto& status = session.status;
  const auto& own = session.metadata.namespace_name;
  auto space = TRY(find_scratch(world, session, stop));
  if (!space) space = TRY(make_scratch(world, session, stop));
  if (kube::is_terminating(*space))
    return fail(ErrorCode::not_found, "the scratch namespace was deleted");
  status.scratch_namespace = kube::name_of(*space);
  status.scratch_namespace_uid = kube::uid_of(*space);
  for (const auto& policy :
       isolation_policies(status.scratch_namespace, world.settings.namespace_name))
    TRY(kube::ensure_created(world.client, kube::resources::network_policies(), policy, stop));
  // It also makes what Helm needs.
  if (session.spec.verification.service_account_name.empty() || session.spec.verification.helm)
    TRY(bind_verification_account(world, own, status.scratch_namespace, stop));
  if (!TRY(ensure_grant(world, session, stop))) return false;
  // Without it no pod is admitted; Kubernetes makes it a moment later.
  auto account = world.client.get(kube::resources::service_accounts(),
                                  {status.scratch_namespace, "default"}, std::move(stop));
  if (account.failed_with(ErrorCode::not_found)) return false;
  if (!account) return fail(std::move(account).error());
  return true;
}

Result<std::string> remove_scratch(World& world, api::VerificationSession& session,
                                   std::stop_token stop) {
  auto name = api::scratch_name(session.metadata.uid);
  auto space = find_scratch(world, session, stop);
  if (space.failed_with(ErrorCode::already_exists)) return std::string();  // another's
  auto found = TRY(std::move(space));
  auto volume = TRY(give_up_volumes(world, name, stop));
  if (!found) {
    session.status.scratch_namespace_uid.clear();
    return volume.empty() ? "" : fmt::format("waiting for volume {} to be removed", volume);
  }
  if (!kube::is_terminating(*found)) {
    TRY(kube::ensure_removed(world.client, namespaces, {"", name}, {.uid = kube::uid_of(*found)},
                             std::move(stop)));
  }
  return fmt::format("waiting for namespace {} to go{}", name, obstacle_of(*found));
}

}  // namespace dmaas::controller
