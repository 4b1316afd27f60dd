#include "controller/accounts.hpp"

#include "api/labels.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

/// Also the names of the bindings. The installation has ClusterRoles of the second and
/// the last name.
constexpr const char* restore_name = "dmaas-restore";
constexpr const char* hooks_name = "dmaas-hooks";
constexpr const char* verify_name = "dmaas-verify";
constexpr const char* launch_name = "dmaas-launch";

kube::ObjectKey account_for(const World& world, const std::string& name,
                            const std::string& namespace_name) {
  const auto& system = world.settings.namespace_name;
  if (namespace_name == system) return {system, restore_name};
  return {system, name + "-" + namespace_name};
}

struct AccountBinding {
  kube::ObjectKey account{};
  std::string name{};  // of the binding
  std::string role{};  // a ClusterRole
};

Result<> bind_account(World& world, const AccountBinding& wanted, const std::string& namespace_name,
                      std::stop_token stop) {
  const auto& account = wanted.account;
  auto binding = kube::make_object(kube::resources::role_bindings(), {namespace_name, wanted.name});
  kube::set_label(binding, api::label::managed_by, "dmaas");
  auto& object = binding.as_object();
  object["roleRef"] = JsonObject{
      {"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", wanted.role}};
  object["subjects"] = JsonArray{JsonObject{
      {"kind", "ServiceAccount"}, {"name", account.name}, {"namespace", account.namespace_name}}};
  return kube::ensure_created(world.client, kube::resources::role_bindings(), binding,
                              std::move(stop));
}

}  // namespace

kube::ObjectKey restore_account(const World& world, const api::RestoreSession& session) {
  const auto& own = session.metadata.namespace_name;
  if (!session.spec.service_account_name.empty()) return {own, session.spec.service_account_name};
  if (session.spec.defuse) return verification_account(world, own);
  return account_for(world, restore_name, own);
}

kube::ObjectKey verification_account(const World& world, const std::string& namespace_name) {
  return {world.settings.namespace_name, std::string(verify_name) + "-" + namespace_name};
}

kube::ObjectKey hook_account(const World& world, const std::string& namespace_name) {
  return account_for(world, hooks_name, namespace_name);
}

Result<> bind_restore_account(World& world, const api::RestoreSession& session,
                              std::stop_token stop) {
  if (!session.spec.service_account_name.empty() || session.spec.defuse) return {};
  const auto& own = session.metadata.namespace_name;
  if (own == world.settings.namespace_name) return {};
  return bind_account(world, {account_for(world, restore_name, own), restore_name, "admin"}, own,
                      std::move(stop));
}

Result<> bind_verification_account(World& world, const std::string& namespace_name,
                                   const std::string& scratch, std::stop_token stop) {
  return bind_account(world, {verification_account(world, namespace_name), verify_name, "admin"},
                      scratch, std::move(stop));
}

kube::ObjectKey launch_account(const std::string& scratch) {
  return {scratch, launch_name};
}

Result<> bind_launch_account(World& world, const std::string& scratch, std::stop_token stop) {
  return bind_account(world, {launch_account(scratch), launch_name, launch_name}, scratch,
                      std::move(stop));
}

Result<> bind_hook_account(World& world, const std::string& namespace_name, std::stop_token stop) {
  if (namespace_name == world.settings.namespace_name) return {};
  return bind_account(world, {hook_account(world, namespace_name), hooks_name, hooks_name},
                      namespace_name, std::move(stop));
}

kube::Account impersonated(const kube::ObjectKey& account) {
  return kube::service_account(account.namespace_name, account.name);
}

}  // namespace dmaas::controller
