#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "kube/client/client.hpp"
#include "kube/runtime/backoff.hpp"
#include "kube/runtime/store.hpp"
#include "kube/runtime/work_queue.hpp"

namespace dmaas::kube {

/// What happens to an object after a reconciliation that succeeded.
class Action {
public:
  /// Not before something changes.
  static Action await_change() { return Action{std::nullopt}; }
  /// Again after `delay`, or when something changes before.
  static Action requeue(std::chrono::nanoseconds delay) { return Action{delay}; }

  std::optional<std::chrono::nanoseconds> delay() const { return delay_; }

private:
  explicit Action(std::optional<std::chrono::nanoseconds> delay) : delay_(delay) {}
  std::optional<std::chrono::nanoseconds> delay_;
};

class Reconciler {
public:
  virtual ~Reconciler() = default;

  /// Makes the world match `object`, which is what the store knows and may be some moments old;
  /// read from the server before anything that cannot be undone. Called at any time, any number of
  /// times, on several threads, but never twice at once for one key. Must not remember anything
  /// between calls that it cannot find again. Terminating objects come too (see finalizer.hpp). An
  /// error is retried with growing delays and logged by the controller.
  virtual Result<Action> reconcile(const Json& object, std::stop_token stop) = 0;

  /// The object is gone: drop what is cached in memory for it. May be missed; clean-up that must
  /// happen needs a finalizer.
  virtual void forget(const ObjectKey&) {}
};

enum class ReconcileOutcome { succeeded, failed, cancelled };

/// Where the runtime reports to. Called on many threads. The default does nothing.
class RuntimeMetrics {
public:
  virtual ~RuntimeMetrics() = default;
  virtual void reconciled(const std::string& controller, ReconcileOutcome outcome,
                          std::chrono::nanoseconds duration);
  virtual void queue_changed(const std::string& controller, std::size_t waiting);
  virtual void watch_failed(const std::string& resource, const Error& error);
  virtual void leadership_changed(const std::string& lease, bool leading);
};
RuntimeMetrics& no_metrics();

struct ControllerOptions {
  std::string name{};  // for logs and metrics
  unsigned workers = 2;
  BackoffOptions backoff{};
  /// Every object comes again after this time though nothing changed; zero: never.
  std::chrono::nanoseconds resync{0};
  Clock* clock = &system_clock();
  RuntimeMetrics* metrics = &no_metrics();
};

/// Reconciles all objects of one store. Configure, then `run`.
class Controller {
public:
  /// `store` holds the objects that are reconciled; both must outlive the controller.
  Controller(ControllerOptions options, Store& store, Reconciler& reconciler);
  ~Controller();

  /// Which changes of own objects count; default: all but those of the status alone. Deletions
  /// always do.
  Controller& when(std::function<bool(const Change&)> counts);
  /// Changes of objects in `children` reconcile the own object that is their controller by
  /// ownerReference.
  Controller& triggered_by_children(Store& children, std::string owner_kind);
  /// Changes in `others` reconcile the own objects that `affected` names. Called on the watcher's
  /// thread: no I/O.
  Controller& triggered_by(Store& others,
                           std::function<std::vector<ObjectKey>(const Json& changed)> affected);
  /// Reconciles `key` soon, for triggers from outside the cluster. Thread-safe, also while running.
  void enqueue(const ObjectKey& key, std::chrono::nanoseconds delay = {});

  /// Waits until all stores are synced, then works until `stop`; running reconciliations see the
  /// stop and are joined.
  void run(std::stop_token stop);

private:
  void work(std::stop_token stop);
  void process(const ObjectKey& key, std::stop_token stop);
  void settle(const ObjectKey& key, const Result<Action>& result);

  ControllerOptions options_;
  Store& store_;
  Reconciler& reconciler_;
  std::vector<Store*> watched_;
  std::shared_ptr<std::function<bool(const Change&)>> counts_;
  std::shared_ptr<WorkQueue> queue_;
  std::mutex mutex_;
  std::map<ObjectKey, unsigned> failures_;
};

/// Whether spec, labels, annotations, finalizers or deletion changed: everything but status and
/// bookkeeping.
bool is_change_of_intent(const Change& change);

}  // namespace dmaas::kube
