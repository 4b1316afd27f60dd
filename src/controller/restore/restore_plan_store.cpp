#include "controller/restore/restore_plan_store.hpp"

#include "api/labels.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

constexpr std::string_view key = "plan.json";

kube::ObjectKey place_of(const World& world, const api::RestoreSession& session) {
  return {world.settings.namespace_name, "restore-plan-" + session.metadata.uid};
}

}  // namespace

Result<> save_restore_plan(World& world, const api::RestoreSession& session,
                           const api::RestoreReport& plan, std::stop_token stop) {
  auto map = kube::make_object(kube::resources::config_maps(), place_of(world, session));
  kube::set_label(map, api::label::managed_by, "dmaas");
  kube::set_label(map, api::label::session_uid, session.metadata.uid);
  map.as_object()["data"] = JsonObject{{key, to_text(to_json(plan))}};
  TRY(world.client.apply(kube::resources::config_maps(), map, {}, std::move(stop)));
  return {};
}

Result<api::RestoreReport> load_restore_plan(World& world, const api::RestoreSession& session,
                                             std::stop_token stop) {
  auto map = TRY(
      world.client.get(kube::resources::config_maps(), place_of(world, session), std::move(stop)));
  auto document = TRY(parse_json(text_at(map, "data", key)));
  return from_json<api::RestoreReport>(document);
}

}  // namespace dmaas::controller
