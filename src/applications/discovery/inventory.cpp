#include "applications/discovery/inventory.hpp"

#include <algorithm>

namespace dmaas::applications {
namespace {

template <class Map, class Key>
const std::vector<const ObjectFacts*>& list_of(const Map& map, const Key& key) {
  static const std::vector<const ObjectFacts*> none;
  auto found = map.find(key);
  return found == map.end() ? none : found->second;
}

}  // namespace

void Inventory::add(ObjectFacts added) {
  if (by_id_.contains(added.id)) return;
  const ObjectFacts& facts = facts_.emplace_back(std::move(added));
  const std::string& in_namespace = facts.id.key.namespace_name;
  by_id_.emplace(facts.id, &facts);
  if (!facts.uid.empty()) by_uid_.emplace(facts.uid, &facts);
  for (const auto& owner : facts.owners) owned_by_[owner.uid].push_back(&facts);
  for (const auto& reference : facts.references) {
    if (reference.role == ReferenceRole::acts_on) acting_on_[reference.object].push_back(&facts);
  }
  if (facts.selects_pods) selecting_pods_[in_namespace].push_back(&facts);
  if (facts.id.kind == "PersistentVolumeClaim") claims_[in_namespace].push_back(&facts);
  if (facts.id.kind == "Pod") pods_[in_namespace].push_back(&facts);
}

const ObjectFacts* Inventory::find(const ObjectId& id) const {
  auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

const ObjectFacts* Inventory::find_uid(const std::string& uid) const {
  auto found = by_uid_.find(uid);
  return found == by_uid_.end() ? nullptr : found->second;
}

const std::vector<const ObjectFacts*>& Inventory::owned_by(const std::string& uid) const {
  return list_of(owned_by_, uid);
}
const std::vector<const ObjectFacts*>& Inventory::acting_on(const ObjectId& id) const {
  return list_of(acting_on_, id);
}
const std::vector<const ObjectFacts*>& Inventory::selecting_pods_in(
    const std::string& namespace_name) const {
  return list_of(selecting_pods_, namespace_name);
}
const std::vector<const ObjectFacts*>& Inventory::claims_in(
    const std::string& namespace_name) const {
  return list_of(claims_, namespace_name);
}
const std::vector<const ObjectFacts*>& Inventory::pods_in(const std::string& namespace_name) const {
  return list_of(pods_, namespace_name);
}

}  // namespace dmaas::applications
