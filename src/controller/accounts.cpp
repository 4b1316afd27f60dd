#include "controller/accounts.hpp"

#include "api/labels.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

/// Also the names of the bindings. The installation has a ClusterRole of the second name.
constexpr const char* restore_name = "dmaas-restore";
constexpr const char* hooks_name = "dmaas-hooks";

kube::ObjectKey account_for(const World& world, const std::string& name,
                            const std::string& namespace_name) {
  const auto& system = world.settings.namespace_name;
  if (namespace_name == system) return {system, restore_name};
  return {system, name + "-" + namespace_name};
}

Result<> bind_account(World& world, const std::string& name, const std::string& namespace_name,
                      const std::string& role, std::stop_token stop) {
  if (namespace_name == world.settings.namespace_name) return {};
  auto account = account_for(world, name, namespace_name);
  auto binding = kube::make_object(kube::resources::role_bindings(), {namespace_name, name});
  kube::set_label(binding, api::label::managed_by, "dmaas");
  auto& object = binding.as_object();
  object["roleRef"] = JsonObject{
      {"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", role}};
  object["subjects"] = JsonArray{JsonObject{
      {"kind", "ServiceAccount"}, {"name", account.name}, {"namespace", account.namespace_name}}};
  auto bound = world.client.create(kube::resources::role_bindings(), binding, {}, std::move(stop));
  if (bound || bound.code() == ErrorCode::already_exists) return {};
  return fail(std::move(bound).error());
}

}  // namespace

kube::ObjectKey restore_account(const World& world, const api::RestoreSession& session) {
  const auto& own = session.metadata.namespace_name;
  if (!session.spec.service_account_name.empty()) return {own, session.spec.service_account_name};
  return account_for(world, restore_name, own);
}

kube::ObjectKey hook_account(const World& world, const std::string& namespace_name) {
  return account_for(world, hooks_name, namespace_name);
}

Result<> bind_restore_account(World& world, const api::RestoreSession& session,
                              std::stop_token stop) {
  if (!session.spec.service_account_name.empty()) return {};
  return bind_account(world, restore_name, session.metadata.namespace_name, "admin",
                      std::move(stop));
}

Result<> bind_hook_account(World& world, const std::string& namespace_name, std::stop_token stop) {
  return bind_account(world, hooks_name, namespace_name, hooks_name, std::move(stop));
}

kube::Account impersonated(const kube::ObjectKey& account) {
  return kube::service_account(account.namespace_name, account.name);
}

}  // namespace dmaas::controller
