#include "controller/standby/followers.hpp"

#include "api/standby.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {

kube::ObjectKey followed_by(const Json& standby) {
  auto namespace_name = text_at(standby, "spec", "repositoryRef", "namespace");
  return {namespace_name.empty() ? kube::namespace_of(standby) : namespace_name,
          text_at(standby, "spec", "repositoryRef", "name")};
}

std::optional<std::chrono::nanoseconds> refresh_interval_of(const World& world,
                                                            const kube::ObjectKey& repository) {
  std::optional<std::chrono::nanoseconds> shortest;
  for (const auto& object : world.stores.standbys.all()) {
    if (followed_by(*object) != repository) continue;
    auto standby = api::decode<api::Standby>(*object);
    // One that is active has nothing to wait for.
    if (!standby || standby->metadata.deletion_time || standby->status.activation_time) continue;
    auto interval = standby->spec.refresh_interval;
    if (!shortest || interval < *shortest) shortest = interval;
  }
  return shortest;
}

}  // namespace dmaas::controller
