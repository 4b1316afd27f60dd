#include "kube/runtime/control_plane.hpp"

#include "base/log.hpp"
#include "base/task_group.hpp"

namespace dmaas::kube {
namespace {

bool is_same_selection(const WatcherOptions& a, const WatcherOptions& b) {
  return a.namespace_name == b.namespace_name && a.label_selector == b.label_selector &&
         a.field_selector == b.field_selector;
}

/// Reports to log and metrics, then to whoever asked for it.
std::function<void(const std::optional<Error>&)> health_report(
    const Resource& resource, RuntimeMetrics& metrics,
    std::function<void(const std::optional<Error>&)> also) {
  return [name = resource.name(), &metrics,
          also = std::move(also)](const std::optional<Error>& error) {
    if (error) {
      log_warning("watch failed", {{"resource", name}, {"error", error->message()}});
      metrics.watch_failed(name, *error);
    } else {
      log_info("watch works again", {{"resource", name}});
    }
    if (also) also(error);
  };
}

}  // namespace

ControlPlane::ControlPlane(Client& client, ControlPlaneOptions options)
    : client_(client), options_(std::move(options)) {
  if (!options_.lease) return;
  options_.lease->clock = options_.clock;
  options_.lease->metrics = options_.metrics;
}

ControlPlane::~ControlPlane() = default;

Store& ControlPlane::store(const Resource& resource, const WatcherOptions& options) {
  for (auto& watched : watched_) {
    if (watched.resource == resource && is_same_selection(watched.options, options)) {
      return *watched.store;
    }
  }
  auto own = options;
  own.clock = options_.clock;
  own.on_health = health_report(resource, *options_.metrics, options.on_health);
  watched_.push_back({resource, std::move(own), std::make_unique<Store>()});
  return *watched_.back().store;
}

Controller& ControlPlane::control(ControllerOptions options, Store& store, Reconciler& reconciler) {
  options.clock = options_.clock;
  options.metrics = options_.metrics;
  controllers_.push_back(std::make_unique<Controller>(std::move(options), store, reconciler));
  return *controllers_.back();
}

void ControlPlane::while_leading(std::function<Result<>(std::stop_token)> task) {
  tasks_.push_back(std::move(task));
}

Result<> ControlPlane::lead(std::stop_token over) {
  for (auto& watched : watched_) {
    if (!watched.store->wait_until_synced(over)) return {};
  }
  if (options_.on_leading) TRY(options_.on_leading(over));
  TaskGroup running(over);
  for (auto& task : tasks_) running.add(task);
  for (auto& controller : controllers_) {
    running.add([&controller](std::stop_token inner) -> Result<> {
      controller->run(inner);
      return {};
    });
  }
  return running.wait();
}

Result<> ControlPlane::run(std::stop_token stop) {
  TaskGroup watchers(stop);
  for (auto& watched : watched_) {
    watchers.add([this, &watched](std::stop_token ended) -> Result<> {
      run_watcher(client_, watched.resource, watched.options, *watched.store, ended);
      return {};
    });
  }
  auto lead_until = [this](std::stop_token over) { return lead(std::move(over)); };
  // A watcher never ends by itself: if one breaks, its store would be stale, and nothing must act
  // on it.
  auto ended = watchers.token();
  auto result =
      options_.lease ? run_as_leader(client_, *options_.lease, lead_until, ended) : lead(ended);
  watchers.request_stop();
  TRY(watchers.wait());
  return result;
}

}  // namespace dmaas::kube
