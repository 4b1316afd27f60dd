#include "controller/belongings.hpp"

#include "api/labels.hpp"
#include "base/log.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

struct Place {
  kube::Resource resource;
  bool is_anywhere;
};

Result<> remove_listed(World& world, const Place& place, const std::string& selector,
                       const std::function<bool(const Json&)>& is_unwanted, std::stop_token stop) {
  kube::ListOptions options{.label_selector = selector};
  if (!place.is_anywhere) options.namespace_name = world.settings.namespace_name;
  for (const auto& object : TRY(kube::list_all(world.client, place.resource, options, stop))) {
    if (kube::is_terminating(object) || !is_unwanted(object)) continue;
    auto uid = kube::uid_of(object);
    if (place.resource == kube::resources::pods()) TRY(world.grants.remove(uid, stop));
    auto removed = kube::ensure_removed(world.client, place.resource, kube::key_of(object),
                                        {.uid = uid}, stop);
    // Another object of this name has taken its place.
    if (!removed && removed.code() != ErrorCode::conflict) return removed;
  }
  return {};
}

Result<> remove_all(World& world, const std::string& selector,
                    const std::function<bool(const Json&)>& is_unwanted, std::stop_token stop) {
  // Pods before claims before volumes: each holds on to the next.
  for (const auto& place : {Place{kube::resources::pods(), true},
                            Place{kube::resources::persistent_volume_claims(), false},
                            Place{kube::resources::persistent_volumes(), true},
                            Place{kube::resources::config_maps(), false}}) {
    TRY(remove_listed(world, place, selector, is_unwanted, stop));
  }
  return {};
}

}  // namespace

Result<> remove_belongings(World& world, const std::function<bool(const Json&)>& is_unwanted,
                           std::stop_token stop) {
  auto noted = [&](const Json& object) {
    if (!is_unwanted(object)) return false;
    log_info("removing a leftover", {{"object", kube::describe(object)}});
    return true;
  };
  return remove_all(world, std::string(api::label::session_uid), noted, std::move(stop));
}

Result<> remove_belongings_of(World& world, const std::string& session_uid, std::stop_token stop) {
  auto selector = std::string(api::label::session_uid) + "=" + session_uid;
  return remove_all(world, selector, [](const Json&) { return true; }, std::move(stop));
}

}  // namespace dmaas::controller
