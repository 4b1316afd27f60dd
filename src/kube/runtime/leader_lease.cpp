#include "kube/runtime/leader_lease.hpp"

#include <algorithm>
#include <thread>

#include "base/log.hpp"
#include "kube/client/deadline.hpp"
#include "kube/object/micro_time.hpp"
#include "kube/object/object.hpp"

namespace dmaas::kube {
namespace {

constexpr std::chrono::seconds release_timeout{5};

/// Holds the Lease as this process sees it. Used by one thread at a time.
class LeaseHolder {
public:
  LeaseHolder(Client& client, const LeaseOptions& options) : client_(client), options_(options) {}

  /// One attempt to become or stay leader; true when the Lease is ours.
  Result<bool> try_hold(std::stop_token stop) {
    auto now = options_.clock->monotonic();
    auto read = client_.get(resources::leases(), options_.lease, stop);
    if (!read && !read.failed_with(ErrorCode::not_found)) return fail(std::move(read).error());
    std::optional<Json> object;
    if (read) object = *std::move(read);
    switch (decide_lease(object, observed_, options_, now)) {
      case LeaseDecision::wait:
        return false;
      case LeaseDecision::create:
        return held(now, client_.create(resources::leases(), fresh(), {}, stop));
      case LeaseDecision::take:
      case LeaseDecision::renew:
        break;
    }
    return held(now, client_.replace(resources::leases(), renewed(*object), {}, stop));
  }

  /// Lets the next one in at once.
  void release() {
    Deadline deadline(*options_.clock, release_timeout, {});
    auto object = client_.get(resources::leases(), options_.lease, deadline.token());
    if (!object || text_at(*object, "spec", "holderIdentity") != options_.identity) return;
    auto& spec = ensure_object(*object, "spec");
    spec["holderIdentity"] = "";
    spec["leaseDurationSeconds"] = 1;
    spec["renewTime"] = format_micro_time(options_.clock->now());
    // A failure only means that the next one waits until the Lease runs out.
    if (auto released = client_.replace(resources::leases(), *object, {}, deadline.token());
        !released) {
      log_warning("the lease was not released", {{"error", released.error().message()}});
    }
  }

private:
  /// A lost race is no failure. Others let the whole duration pass from when they see what was
  /// written, which is after `begun`.
  Result<bool> held(std::chrono::nanoseconds begun, const Result<Json>& result) {
    if (result) {
      if (options_.tenure != nullptr) options_.tenure->extend_to(begun + options_.duration);
      return true;
    }
    if (result.failed_with(ErrorCode::conflict) || result.failed_with(ErrorCode::already_exists)) {
      return false;
    }
    return fail(result.error());
  }

  JsonObject spec_from(std::string acquired, std::int64_t transitions) const {
    auto duration = std::chrono::duration_cast<std::chrono::seconds>(options_.duration).count();
    return {{"holderIdentity", options_.identity},
            {"leaseDurationSeconds", std::max<std::int64_t>(duration, 1)},
            {"acquireTime", std::move(acquired)},
            {"renewTime", format_micro_time(options_.clock->now())},
            {"leaseTransitions", transitions}};
  }

  Json fresh() const {
    auto object = make_object(resources::leases(), options_.lease);
    object.get_object()["spec"] = spec_from(format_micro_time(options_.clock->now()), 0);
    return object;
  }

  Json renewed(Json object) const {
    auto transitions = number_at(object, "spec", "leaseTransitions").value_or(0);
    bool ours = text_at(object, "spec", "holderIdentity") == options_.identity;
    auto acquired =
        ours ? text_at(object, "spec", "acquireTime") : format_micro_time(options_.clock->now());
    object.get_object()["spec"] = spec_from(acquired, ours ? transitions : transitions + 1);
    return object;
  }

  Client& client_;
  const LeaseOptions& options_;
  std::optional<ObservedLease> observed_;
};

/// False when stopped before.
bool wait_for_lease(LeaseHolder& holder, const LeaseOptions& options, std::stop_token stop) {
  bool reported = false;
  while (!stop.stop_requested()) {
    Deadline deadline(*options.clock, options.renew_deadline, stop);
    auto held = holder.try_hold(deadline.token());
    if (held && *held) return true;
    if (!held && !stop.stop_requested() && !reported) {
      log_warning("cannot read or take the lease",
                  {{"lease", options.lease.text()}, {"error", held.error().message()}});
      reported = true;
    }
    if (!options.clock->sleep(options.retry_period, stop)) break;
  }
  return false;
}

/// Renews until `stop`; returns earlier when the Lease is lost.
void keep_lease(LeaseHolder& holder, const LeaseOptions& options, std::stop_token stop) {
  auto renewed_at = options.clock->monotonic();
  while (options.clock->sleep(options.retry_period, stop)) {
    auto begun = options.clock->monotonic();
    auto left = options.renew_deadline - (begun - renewed_at);
    if (left <= std::chrono::nanoseconds{0}) return;
    Deadline deadline(*options.clock, left, stop);
    auto held = holder.try_hold(deadline.token());
    if (held && *held) renewed_at = begun;
  }
}

}  // namespace

LeaseDecision decide_lease(const std::optional<Json>& object,
                           std::optional<ObservedLease>& observed, const LeaseOptions& options,
                           std::chrono::nanoseconds now) {
  if (!object) {
    observed.reset();
    return LeaseDecision::create;
  }
  const Json* spec = find(*object, "spec");
  auto record = spec == nullptr ? std::string() : to_canonical_text(*spec);
  auto holder = text_at(*object, "spec", "holderIdentity");
  if (!observed || observed->record != record) observed = ObservedLease{holder, record, now};
  if (holder == options.identity) return LeaseDecision::renew;
  if (holder.empty()) return LeaseDecision::take;
  return now - observed->changed_at < options.duration ? LeaseDecision::wait : LeaseDecision::take;
}

Result<> run_as_leader(Client& client, const LeaseOptions& options,
                       const std::function<Result<>(std::stop_token)>& lead, std::stop_token stop) {
  LeaseHolder holder(client, options);
  if (!wait_for_lease(holder, options, stop)) {
    return fail(ErrorCode::cancelled, "stopped while waiting for leadership");
  }
  log_info("leading", {{"lease", options.lease.text()}, {"identity", options.identity}});
  options.metrics->leadership_changed(options.lease.text(), true);

  std::stop_source leading;
  std::stop_callback forward(stop, [&] { leading.request_stop(); });
  bool lost = false;
  Result<> result;
  {
    std::jthread keeper([&](std::stop_token ended) {
      keep_lease(holder, options, ended);
      lost = !ended.stop_requested();
      if (lost) leading.request_stop();
    });
    result = lead(leading.get_token());
  }
  options.metrics->leadership_changed(options.lease.text(), false);
  if (lost) {
    return fail(ErrorCode::unavailable, "leadership of " + options.lease.text() +
                                            " was lost: the lease could not be renewed in time");
  }
  holder.release();
  return result;
}

}  // namespace dmaas::kube
