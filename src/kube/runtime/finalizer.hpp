#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "kube/client/client.hpp"
#include "kube/runtime/controller.hpp"

namespace dmaas::kube {

struct FinalizerSteps {
  std::string finalizer{};  // "dmaas.io/cleanup"
  /// The object lives and carries the finalizer.
  std::function<Result<Action>()> reconcile{};
  /// The object is being deleted. Runs again until it succeeds, must succeed on half-made work, and
  /// only then the finalizer goes: once `reconcile` has been called, the object cannot disappear
  /// before `clean_up` succeeded. An Action with a delay means not finished yet.
  std::function<Result<Action>()> clean_up{};
};

/// Does what the state of `object` asks for:
///   lives, without finalizer  → adds it; the change brings the object again
///   lives, with finalizer     → `reconcile`
///   deleted, with finalizer   → `clean_up`, then removes it
///   deleted, without          → nothing
/// Adding and removing are JSON patches that test what they change: a concurrent writer makes them
/// fail (conflict), never lose his change.
Result<Action> with_finalizer(Client& client, const Resource& resource, const Json& object,
                              const FinalizerSteps& steps, std::stop_token stop);

/// Whether the object is being deleted and this finalizer keeps it.
bool is_kept_by(const Json& object, std::string_view finalizer);

/// Errors: conflict. The object already gone or with the finalizer is success.
Result<> add_finalizer(Client& client, const Resource& resource, const Json& object,
                       const std::string& finalizer, std::stop_token stop);

/// Errors: conflict. The object already gone or without the finalizer is success.
Result<> remove_finalizer(Client& client, const Resource& resource, const Json& object,
                          const std::string& finalizer, std::stop_token stop);

}  // namespace dmaas::kube
