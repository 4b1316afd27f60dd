#include "controller/storage/storage_changes.hpp"

#include "api/conditions.hpp"
#include "kube/object/object.hpp"
#include "kube/runtime/controller.hpp"

namespace dmaas::controller {

bool changes_use(const kube::Change& change) {
  if (kube::is_change_of_intent(change)) return true;
  auto ready = kube::find_condition(*change.object, api::condition::ready);
  auto was_ready = kube::find_condition(*change.previous, api::condition::ready);
  if (ready != was_ready) return true;
  return kube::is_condition_true(*change.object, api::condition::space_low) !=
         kube::is_condition_true(*change.previous, api::condition::space_low);
}

}  // namespace dmaas::controller
