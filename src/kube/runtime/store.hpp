#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "kube/object/object_key.hpp"

namespace dmaas::kube {

using SharedObject = std::shared_ptr<const Json>;

enum class ChangeType { applied, removed };
struct Change {
  ChangeType type = ChangeType::applied;
  SharedObject object;    // removed: its last known state
  SharedObject previous;  // null: was not known
};

/// A local copy of all objects that a watch covers, without managedFields: they are half of an
/// object, and whoever needs them asks the server. Objects are immutable; readers keep theirs as
/// long as they like. Thread-safe for many readers and one writer (the watcher).
class Store {
public:
  /// Null: absent as of the last event. A missing object may exist already, a present one may be
  /// gone.
  SharedObject find(const ObjectKey& key) const;
  std::vector<SharedObject> all() const;
  std::vector<SharedObject> in_namespace(std::string_view namespace_name) const;
  std::size_t size() const;
  bool is_synced() const;
  /// Blocks until the first list is complete. False when `stop` was requested.
  bool wait_until_synced(std::stop_token stop) const;

  /// `listener` is called on the writer's thread after every change, in order. Add before the
  /// watcher starts.
  void subscribe(std::function<void(const Change&)> listener);

  // For the writer.

  void apply(Json object);
  void remove(const Json& object);
  /// A new list begins: what it does not contain is removed by `finish_list`, which is how
  /// deletions that no event told of are found. Until then readers see the old objects.
  void begin_list();
  void add_listed(Json object);
  void finish_list();

private:
  void publish(const Change& change);

  mutable std::mutex mutex_;
  mutable std::condition_variable_any synced_changed_;
  std::map<ObjectKey, SharedObject> objects_;
  std::map<ObjectKey, SharedObject> listed_;
  bool synced_ = false;
  std::vector<std::function<void(const Change&)>> listeners_;
};

}  // namespace dmaas::kube
