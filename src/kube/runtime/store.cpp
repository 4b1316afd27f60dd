#include "kube/runtime/store.hpp"

#include "kube/object/object.hpp"

namespace dmaas::kube {
namespace {

bool is_same_version(const SharedObject& a, const Json& b) {
  auto version = resource_version_of(b);
  return a != nullptr && !version.empty() && resource_version_of(*a) == version;
}

SharedObject local_copy_of(Json object) {
  ensure_object(object, "metadata").erase("managedFields");
  return std::make_shared<const Json>(std::move(object));
}

}  // namespace

SharedObject Store::find(const ObjectKey& key) const {
  std::lock_guard lock{mutex_};
  auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : found->second;
}

std::vector<SharedObject> Store::all() const {
  std::lock_guard lock{mutex_};
  std::vector<SharedObject> objects;
  objects.reserve(objects_.size());
  for (const auto& [key, object] : objects_) objects.push_back(object);
  return objects;
}

std::vector<SharedObject> Store::in_namespace(std::string_view namespace_name) const {
  std::lock_guard lock{mutex_};
  std::vector<SharedObject> objects;
  auto entry = objects_.lower_bound({std::string(namespace_name), ""});
  for (; entry != objects_.end() && entry->first.namespace_name == namespace_name; ++entry) {
    objects.push_back(entry->second);
  }
  return objects;
}

std::size_t Store::size() const {
  std::lock_guard lock{mutex_};
  return objects_.size();
}

bool Store::is_synced() const {
  std::lock_guard lock{mutex_};
  return synced_;
}

bool Store::wait_until_synced(std::stop_token stop) const {
  std::unique_lock lock{mutex_};
  return synced_changed_.wait(lock, stop, [&] { return synced_; });
}

void Store::subscribe(std::function<void(const Change&)> listener) {
  std::lock_guard lock{mutex_};
  listeners_.push_back(std::move(listener));
}

void Store::apply(Json object) {
  auto shared = local_copy_of(std::move(object));
  Change change{ChangeType::applied, shared, nullptr};
  {
    std::lock_guard lock{mutex_};
    auto& place = objects_[key_of(*shared)];
    if (is_same_version(place, *shared)) return;
    change.previous = std::exchange(place, shared);
  }
  publish(change);
}

void Store::remove(const Json& object) {
  Change change{ChangeType::removed, std::make_shared<const Json>(object), nullptr};
  {
    std::lock_guard lock{mutex_};
    auto found = objects_.find(key_of(object));
    if (found == objects_.end()) return;
    change.previous = std::move(found->second);
    objects_.erase(found);
  }
  publish(change);
}

void Store::begin_list() {
  std::lock_guard lock{mutex_};
  listed_.clear();
}

void Store::add_listed(Json object) {
  auto shared = local_copy_of(std::move(object));
  std::lock_guard lock{mutex_};
  listed_[key_of(*shared)] = std::move(shared);
}

void Store::finish_list() {
  std::vector<Change> changes;
  {
    std::lock_guard lock{mutex_};
    for (auto& [key, object] : listed_) {
      auto known = objects_.find(key);
      auto previous = known == objects_.end() ? nullptr : known->second;
      if (is_same_version(previous, *object)) continue;
      changes.push_back({ChangeType::applied, object, previous});
    }
    for (auto& [key, object] : objects_) {
      if (!listed_.contains(key)) changes.push_back({ChangeType::removed, object, object});
    }
    objects_ = std::move(listed_);
    listed_.clear();
    synced_ = true;
    synced_changed_.notify_all();
  }
  for (const auto& change : changes) publish(change);
}

void Store::publish(const Change& change) {
  // Listeners are only added before the watcher starts; calling them without the lock lets them
  // read the store.
  for (const auto& listener : listeners_) listener(change);
}

}  // namespace dmaas::kube
