#include "kube/runtime/controller.hpp"

#include <exception>

#include "base/log.hpp"
#include "base/task_group.hpp"
#include "base/time_text.hpp"
#include "kube/object/object.hpp"

namespace dmaas::kube {
namespace {

/// Without what the server or a controller changes while nobody wants anything new.
Json intent_of(const Json& object) {
  Json intent = object;
  if (!intent.is_object()) return intent;
  intent.get_object().erase("status");
  if (auto* metadata = intent.get_object().if_contains("metadata");
      metadata && metadata->is_object()) {
    metadata->get_object().erase("resourceVersion");
  }
  return intent;
}

Result<Action> reconcile_safely(Reconciler& reconciler, const Json& object, std::stop_token stop) {
  try {
    return reconciler.reconcile(object, stop);
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal, std::string("unexpected: ") + error.what());
  }
}

ReconcileOutcome outcome_of(const Result<Action>& result) {
  if (result) return ReconcileOutcome::succeeded;
  return result.failed_with(ErrorCode::cancelled) ? ReconcileOutcome::cancelled
                                                  : ReconcileOutcome::failed;
}

}  // namespace

void RuntimeMetrics::reconciled(const std::string&, ReconcileOutcome, std::chrono::nanoseconds) {}
void RuntimeMetrics::queue_changed(const std::string&, std::size_t) {}
void RuntimeMetrics::watch_failed(const std::string&, const Error&) {}
void RuntimeMetrics::leadership_changed(const std::string&, bool) {}

RuntimeMetrics& no_metrics() {
  static RuntimeMetrics metrics;
  return metrics;
}

bool is_change_of_intent(const Change& change) {
  if (change.type == ChangeType::removed || change.previous == nullptr) return true;
  return intent_of(*change.object) != intent_of(*change.previous);
}

Controller::Controller(ControllerOptions options, Store& store, Reconciler& reconciler)
    : options_(std::move(options)),
      store_(store),
      reconciler_(reconciler),
      watched_{&store},
      counts_(std::make_shared<std::function<bool(const Change&)>>(is_change_of_intent)),
      queue_(std::make_shared<WorkQueue>(*options_.clock)) {
  store.subscribe([counts = counts_, queue = queue_](const Change& change) {
    if (change.type == ChangeType::removed || (*counts)(change)) queue->add(key_of(*change.object));
  });
}

Controller::~Controller() = default;

Controller& Controller::when(std::function<bool(const Change&)> counts) {
  *counts_ = std::move(counts);
  return *this;
}

Controller& Controller::triggered_by_children(Store& children, std::string owner_kind) {
  watched_.push_back(&children);
  children.subscribe([queue = queue_, kind = std::move(owner_kind)](const Change& change) {
    auto owner = controller_of(*change.object);
    if (owner && owner->kind == kind) queue->add({namespace_of(*change.object), owner->name});
  });
  return *this;
}

Controller& Controller::triggered_by(
    Store& others, std::function<std::vector<ObjectKey>(const Json& changed)> affected) {
  watched_.push_back(&others);
  others.subscribe([queue = queue_, affected = std::move(affected)](const Change& change) {
    for (const auto& key : affected(*change.object)) queue->add(key);
  });
  return *this;
}

void Controller::enqueue(const ObjectKey& key, std::chrono::nanoseconds delay) {
  queue_->add(key, delay);
}

void Controller::run(std::stop_token stop) {
  for (const auto* store : watched_) {
    if (!store->wait_until_synced(stop)) return;
  }
  for (const auto& object : store_.all()) queue_->add(key_of(*object));
  TaskGroup workers(stop);
  for (unsigned i = 0; i < options_.workers; ++i) {
    workers.add([this](std::stop_token ended) -> Result<> {
      work(ended);
      return {};
    });
  }
  if (auto result = workers.wait(); !result && !stop.stop_requested()) {
    log_error("controller ended",
              {{"controller", options_.name}, {"error", result.error().message()}});
  }
}

void Controller::work(std::stop_token stop) {
  while (auto key = queue_->take(stop)) {
    process(*key, stop);
    queue_->finish(*key);
    options_.metrics->queue_changed(options_.name, queue_->size());
  }
}

void Controller::process(const ObjectKey& key, std::stop_token stop) {
  auto object = store_.find(key);
  if (object == nullptr) {
    reconciler_.forget(key);
    std::lock_guard lock{mutex_};
    failures_.erase(key);
    return;
  }
  auto begun = options_.clock->monotonic();
  auto result = reconcile_safely(reconciler_, *object, stop);
  options_.metrics->reconciled(options_.name, outcome_of(result),
                               options_.clock->monotonic() - begun);
  settle(key, result);
}

void Controller::settle(const ObjectKey& key, const Result<Action>& result) {
  if (result.failed_with(ErrorCode::cancelled)) {
    // Either all ends now, or the reconciler gave up a part of its work: try soon.
    queue_->add(key, backoff_delay(options_.backoff, 1));
    return;
  }
  if (result) {
    {
      std::lock_guard lock{mutex_};
      failures_.erase(key);
    }
    if (result->delay()) {
      queue_->add(key, *result->delay());
    } else if (options_.resync > std::chrono::nanoseconds{0}) {
      queue_->add(key, options_.resync);
    }
    return;
  }
  unsigned failures = 0;
  {
    std::lock_guard lock{mutex_};
    failures = ++failures_[key];
  }
  auto delay = backoff_delay(options_.backoff, failures);
  queue_->add(key, delay);
  // A conflict only says that the store was behind; it is news when it stays.
  if (result.failed_with(ErrorCode::conflict) && failures < 5) return;
  log_warning(
      "reconciliation failed",
      {{"controller", options_.name},
       {"object", key.text()},
       {"error", result.error().message()},
       {"again_in", format_duration(std::chrono::round<std::chrono::milliseconds>(delay))}});
}

}  // namespace dmaas::kube
