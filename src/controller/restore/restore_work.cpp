#include "controller/restore/restore_work.hpp"

#include "api/names.hpp"

namespace dmaas::controller {

std::string volume_component(const api::RestoredVolume& volume) {
  return "volume/" + volume.namespace_name + "/" + volume.claim;
}

kube::ObjectKey fill_key(const World& world, const RestoreWork& work,
                         const api::RestoredVolume& volume) {
  auto component = volume_component(volume);
  return {world.settings.namespace_name,
          api::fill_name(
              {.session_uid = work.session.metadata.uid, .component = component, .storage = ""})};
}

api::OrderSession identity_of(const api::RestoreSession& session) {
  return {"RestoreSession", session.metadata.namespace_name, session.metadata.name,
          session.metadata.uid};
}

MoverWish wish_of(const World& world, const RestoreWork& work, std::string component) {
  MoverWish wish;
  wish.storage = work.source.place.storage.text();
  wish.max_movers = work.source.storage.spec.max_concurrent_movers;
  wish.repository = work.source.place.path;
  wish.scope = api::GatewayScope::read;
  wish.pod.key.namespace_name = world.settings.namespace_name;
  wish.pod.session = identity_of(work.session);
  wish.pod.component = std::move(component);
  wish.pod.settings = work.session.spec.mover;
  return wish;
}

}  // namespace dmaas::controller
