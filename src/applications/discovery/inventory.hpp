#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "applications/discovery/facts.hpp"

namespace dmaas::applications {

/// The facts of the objects that discovery has read, and the ways from one to another. One writer,
/// then any readers; pointers stay valid while it lives.
class Inventory {
public:
  /// An object that is there already stays as it is.
  void add(ObjectFacts facts);

  const std::deque<ObjectFacts>& all() const { return facts_; }
  const ObjectFacts* find(const ObjectId& id) const;
  const ObjectFacts* find_uid(const std::string& uid) const;
  /// Objects with an owner reference to this uid.
  const std::vector<const ObjectFacts*>& owned_by(const std::string& uid) const;
  /// Objects that act on it: autoscalers, ingresses, role bindings.
  const std::vector<const ObjectFacts*>& acting_on(const ObjectId& id) const;
  /// Objects of the namespace that select pods.
  const std::vector<const ObjectFacts*>& selecting_pods_in(const std::string& namespace_name) const;
  const std::vector<const ObjectFacts*>& claims_in(const std::string& namespace_name) const;
  const std::vector<const ObjectFacts*>& pods_in(const std::string& namespace_name) const;

private:
  using Lists = std::unordered_map<std::string, std::vector<const ObjectFacts*>>;

  std::deque<ObjectFacts> facts_;
  std::unordered_map<ObjectId, const ObjectFacts*> by_id_;
  std::unordered_map<std::string, const ObjectFacts*> by_uid_;
  std::unordered_map<ObjectId, std::vector<const ObjectFacts*>> acting_on_;
  Lists owned_by_, selecting_pods_, claims_, pods_;
};

}  // namespace dmaas::applications
