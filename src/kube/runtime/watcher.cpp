#include "kube/runtime/watcher.hpp"

#include "kube/object/object.hpp"

namespace dmaas::kube {
namespace {

using Phase = WatchState::Phase;

WatchStep succeed(const WatchState& state, Phase phase, std::string resource_version) {
  WatchStep step;
  step.next = {phase, std::move(resource_version), 0, false};
  step.recovered = state.failure_reported;
  return step;
}

WatchEmission emission_of(EventType type) {
  switch (type) {
    case EventType::added:
    case EventType::modified:
      return WatchEmission::apply;
    case EventType::deleted:
      return WatchEmission::remove;
    case EventType::bookmark:
      break;
  }
  return WatchEmission::nothing;
}

struct Decide {
  const WatchState& state;
  const BackoffOptions& backoff;

  WatchStep operator()(const watch_input::Listed& listed) const {
    auto step = succeed(state, Phase::watching, listed.resource_version);
    // A fresh list that is too old at once, again and again, must not become a loop of lists.
    step.next.failures = state.failures;
    step.emission = WatchEmission::finish_list;
    return step;
  }
  WatchStep operator()(const watch_input::Event& event) const {
    auto version = event.resource_version.empty() ? state.resource_version : event.resource_version;
    auto step = succeed(state, Phase::watching, version);
    step.emission = emission_of(event.type);
    return step;
  }
  WatchStep operator()(const watch_input::Ended&) const {
    auto step = succeed(state, Phase::watching, state.resource_version);
    step.delay = backoff_delay(backoff, 1);
    return step;
  }
  WatchStep operator()(const watch_input::Expired&) const {
    WatchStep step;
    step.next = {Phase::listing, "", state.failures + 1, state.failure_reported};
    if (step.next.failures > 1) step.delay = backoff_delay(backoff, step.next.failures - 1);
    return step;
  }
  WatchStep operator()(const watch_input::Failed&) const {
    WatchStep step;
    step.next = {state.phase, state.resource_version, state.failures + 1, true};
    step.emission = state.failure_reported ? WatchEmission::nothing : WatchEmission::report;
    step.delay = backoff_delay(backoff, step.next.failures);
    return step;
  }
};

/// Does what the table says.
class Watcher {
public:
  Watcher(Client& client, const Resource& resource, const WatcherOptions& options, Store& store)
      : client_(client), resource_(resource), options_(options), store_(store) {}

  void run(std::stop_token stop) {
    while (!stop.stop_requested()) {
      auto input = state_.phase == Phase::listing ? list(stop) : watch(stop);
      if (stop.stop_requested()) return;
      options_.clock->sleep(take(input), stop);
    }
  }

private:
  WatchInput list(std::stop_token stop) {
    ListOptions list_options;
    list_options.namespace_name = options_.namespace_name;
    list_options.label_selector = options_.label_selector;
    list_options.field_selector = options_.field_selector;
    list_options.content = options_.content;
    list_options.on_restart = [this] { store_.begin_list(); };
    store_.begin_list();
    auto add = [this](Json object) -> Result<> {
      store_.add_listed(std::move(object));
      return {};
    };
    auto listed = client_.list(resource_, list_options, add, stop);
    if (!listed) return watch_input::Failed{std::move(listed).error()};
    return watch_input::Listed{listed->resource_version};
  }

  WatchInput watch(std::stop_token stop) {
    WatchOptions watch_options;
    watch_options.namespace_name = options_.namespace_name;
    watch_options.label_selector = options_.label_selector;
    watch_options.field_selector = options_.field_selector;
    watch_options.content = options_.content;
    watch_options.resource_version = state_.resource_version;
    auto deliver = [this](WatchEvent event) -> Result<> {
      take_event(std::move(event));
      return {};
    };
    auto end = client_.watch(resource_, watch_options, deliver, stop);
    if (!end) return watch_input::Failed{std::move(end).error()};
    if (*end == WatchEnd::expired) return watch_input::Expired{};
    return watch_input::Ended{};
  }

  void take_event(WatchEvent event) {
    auto version = resource_version_of(event.object);
    auto step = next_watch_step(state_, watch_input::Event{event.type, version}, options_.backoff);
    if (step.emission == WatchEmission::apply) store_.apply(std::move(event.object));
    if (step.emission == WatchEmission::remove) store_.remove(event.object);
    enter(step);
  }

  std::chrono::nanoseconds take(const WatchInput& input) {
    auto step = next_watch_step(state_, input, options_.backoff);
    if (step.emission == WatchEmission::finish_list) store_.finish_list();
    const auto* failed = std::get_if<watch_input::Failed>(&input);
    if (step.emission == WatchEmission::report && failed != nullptr && options_.on_health) {
      options_.on_health(failed->error);
    }
    enter(step);
    return step.delay;
  }

  void enter(const WatchStep& step) {
    state_ = step.next;
    if (step.recovered && options_.on_health) options_.on_health(std::nullopt);
  }

  Client& client_;
  const Resource& resource_;
  const WatcherOptions& options_;
  Store& store_;
  WatchState state_;
};

}  // namespace

WatchStep next_watch_step(const WatchState& state, const WatchInput& input,
                          const BackoffOptions& backoff) {
  return std::visit(Decide{state, backoff}, input);
}

void run_watcher(Client& client, const Resource& resource, const WatcherOptions& options,
                 Store& store, std::stop_token stop) {
  Watcher(client, resource, options, store).run(stop);
}

}  // namespace dmaas::kube
