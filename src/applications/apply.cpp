#include "applications/apply.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "api/labels.hpp"
#include "api/restore_session.hpp"
#include "applications/json_walk.hpp"
#include "applications/parallel.hpp"
#include "applications/restore/dropped_fields.hpp"
#include "applications/restore/field_ownership.hpp"
#include "applications/restore/left_to_cluster.hpp"
#include "applications/restore/merge_account.hpp"
#include "kube/object/object.hpp"

namespace dmaas::applications {
namespace {

using api::ExistingPolicy;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view field_manager = "dmaas-restore";
constexpr int max_attempts = 7;
constexpr milliseconds poll_interval{500};

enum class Protection {
  none,
  from_deletion,  // recreate updates it
  from_change,    // it holds data
};

Protection protection_of(const ObjectId& id) {
  constexpr std::array<std::string_view, 5> never_deleted = {
      "Namespace", "CustomResourceDefinition", "StorageClass", "PriorityClass", "RuntimeClass"};
  if (id.kind == "PersistentVolumeClaim") return Protection::from_change;
  // An operator's catalogue serves everybody's databases.
  const bool is_catalogue = id.key.namespace_name.empty() && !is_built_in_group(id.group);
  const bool kept =
      is_catalogue || std::ranges::find(never_deleted, id.kind) != never_deleted.end();
  return kept ? Protection::from_deletion : Protection::none;
}

bool is_default_account(const ObjectId& id) {
  return id.kind == "ServiceAccount" && id.key.name == "default";
}

kube::WriteOptions write_options() {
  kube::WriteOptions options;
  options.field_manager = field_manager;
  return options;
}

struct Step {
  ApplyOutcome outcome = ApplyOutcome::created;
  std::string message{};
  std::vector<std::string> dropped{};  // fields
};

class Applier {
public:
  Applier(const RestorePlan& plan, const ResourceFiles& files, const ApplyAccess& access,
          const ApplyOptions& options)
      : plan_(plan), files_(files), access_(access), options_(options) {}

  /// Errors: cancelled; what makes this object fail.
  Result<Step> apply(const PlannedObject& planned, std::stop_token stop) const {
    const Json document = TRY(load_planned(files_, plan_, planned, stop));
    const Step step = TRY(write_with_retries(planned, document, stop));
    if (planned.destination.kind == "CustomResourceDefinition")
      TRY(wait_until_served(planned, stop));
    return step;
  }

private:
  Result<Step> write_with_retries(const PlannedObject& planned, const Json& document,
                                  std::stop_token stop) const {
    seconds pause{1};
    for (int attempt = 1;; ++attempt, pause *= 2) {
      auto step = write(planned, document, stop);
      if (step || attempt == max_attempts || !may_succeed_later(planned, step.code())) return step;
      if (!access_.clock.sleep(pause, stop)) return fail(ErrorCode::cancelled, "stopped");
    }
  }

  static bool may_succeed_later(const PlannedObject& planned, ErrorCode code) {
    // A new kind is served a moment after its definition is established.
    return is_retryable(code) || (planned.comes_with_plan && code == ErrorCode::not_found);
  }

  Result<Step> write(const PlannedObject& planned, const Json& document,
                     std::stop_token stop) const {
    auto created = access_.account.create(planned.resource, document, write_options(), stop);
    if (created) return Step{ApplyOutcome::created, {}, dropped_fields(document, *created)};
    // That the object exists may hide behind other reasons: its own port is taken, the quota is
    // full, the account may not create the kind.
    const bool may_exist = created.code() == ErrorCode::already_exists ||
                           created.code() == ErrorCode::permission_denied ||
                           created.code() == ErrorCode::invalid_input ||
                           created.code() == ErrorCode::exhausted;
    if (!may_exist) return fail(std::move(created).error());
    auto current = access_.reader.get(planned.resource, planned.destination.key, stop);
    if (current) return handle_existing(planned, document, *current, stop);
    if (current.code() != ErrorCode::not_found) return fail(std::move(current).error());
    if (created.code() != ErrorCode::already_exists) return fail(std::move(created).error());
    return fail(ErrorCode::conflict, planned.destination.text() + " was deleted meanwhile");
  }

  Result<Step> handle_existing(const PlannedObject& planned, const Json& document,
                               const Json& current, std::stop_token stop) const {
    if (kube::label_of(current, api::label::restored_by) ==
        kube::label_of(document, api::label::restored_by)) {
      return Step{ApplyOutcome::unchanged, "restored by this session before"};
    }
    if (is_default_account(planned.destination))
      return merge_into(planned, document, current, stop);
    const Protection protection = protection_of(planned.destination);
    if (!plan_.standby.empty() && planned.destination.key.namespace_name.empty())
      return Step{ApplyOutcome::skipped, std::string(left_by_standby)};
    if (options_.existing == ExistingPolicy::fail) {
      return Step{
          ApplyOutcome::failed,
          "it exists already: choose another policy for existing objects, or another namespace"};
    }
    if (options_.existing == ExistingPolicy::skip)
      return Step{ApplyOutcome::skipped, "it exists already"};
    if (protection == Protection::from_change) {
      return Step{
          ApplyOutcome::skipped,
          "it exists already, and its data is not replaced: delete it first, or restore as new"};
    }
    if (options_.existing == ExistingPolicy::recreate && protection == Protection::none) {
      return recreate(planned, document, current, stop);
    }
    return update(planned, document, current, stop);
  }

  Result<Step> update(const PlannedObject& planned, const Json& document, const Json& current,
                      std::stop_token stop) const {
    auto after = [&]() -> Result<Json> {
      if (auto patch = take_over_patch(current, field_manager); !patch.is_null()) {
        TRY(access_.account.patch(planned.resource, planned.destination.key,
                                  {kube::PatchKind::json, std::move(patch)}, write_options(),
                                  stop));
      }
      return access_.account.apply(planned.resource, document, write_options(), stop);
    }();
    if (!after && is_left_to_cluster(planned.destination, after.error()))
      return Step{ApplyOutcome::skipped, std::string(left_to_cluster)};
    if (!after) return fail(std::move(after).error());
    const bool same = kube::resource_version_of(*after) == kube::resource_version_of(current);
    Step step = same ? Step{ApplyOutcome::unchanged, "it was equal"}
                     : Step{ApplyOutcome::updated, "it existed"};
    step.dropped = dropped_fields(document, *after);
    return step;
  }

  Result<Step> recreate(const PlannedObject& planned, const Json& document, const Json& current,
                        std::stop_token stop) const {
    kube::RemoveOptions removal;
    removal.propagation = kube::Propagation::foreground;
    removal.uid = kube::uid_of(current);
    auto removed = access_.account.remove(planned.resource, planned.destination.key, removal, stop);
    if (!removed && removed.code() != ErrorCode::not_found) return fail(std::move(removed).error());
    TRY(wait_until(options_.removal_timeout, stop,
                   planned.destination.text() + " is still being deleted", [&]() -> Result<bool> {
                     auto found =
                         access_.reader.get(planned.resource, planned.destination.key, stop);
                     if (found.failed_with(ErrorCode::not_found)) return true;
                     if (!found) return fail(std::move(found).error());
                     return kube::uid_of(*found) != removal.uid;
                   }));
    const Json made =
        TRY(access_.account.create(planned.resource, document, write_options(), stop));
    return Step{ApplyOutcome::updated, "it existed: deleted and made again",
                dropped_fields(document, made)};
  }

  Result<Step> merge_into(const PlannedObject& planned, const Json& document, const Json& current,
                          std::stop_token stop) const {
    const Json patch = account_patch(current, document);
    if (patch.get_object().empty())
      return Step{ApplyOutcome::unchanged, "it has all that the backup has"};
    TRY(access_.account.patch(planned.resource, planned.destination.key,
                              {kube::PatchKind::merge, patch}, write_options(), stop));
    return Step{ApplyOutcome::updated, "the backup's secrets were added"};
  }

  Result<> wait_until_served(const PlannedObject& planned, std::stop_token stop) const {
    return wait_until(
        options_.definition_timeout, stop, "the kind that it defines is not served yet",
        [&]() -> Result<bool> {
          return kube::is_condition_true(
              TRY(access_.reader.get(planned.resource, planned.destination.key, stop)),
              "Established");
        });
  }

  /// Errors: timeout with `what`; cancelled; that of `holds`.
  Result<> wait_until(seconds limit, std::stop_token stop, const std::string& what,
                      const std::function<Result<bool>()>& holds) const {
    const auto end = access_.clock.monotonic() + limit;
    while (!TRY(holds())) {
      if (access_.clock.monotonic() >= end)
        return fail(ErrorCode::timeout, fmt::format("{} after {} s", what, limit.count()));
      if (!access_.clock.sleep(poll_interval, stop)) return fail(ErrorCode::cancelled, "stopped");
    }
    return {};
  }

  const RestorePlan& plan_;
  const ResourceFiles& files_;
  const ApplyAccess& access_;
  const ApplyOptions& options_;
};

}  // namespace

std::string_view name_of(ApplyOutcome outcome) {
  constexpr std::array<std::string_view, 5> names = {"created", "updated", "unchanged", "skipped",
                                                     "failed"};
  return names[static_cast<std::size_t>(outcome)];
}

Result<> apply_part(const RestorePlan& plan, const ResourceFiles& files, const ApplyAccess& access,
                    const ApplyOptions& options, const AppliedSink& sink, std::stop_token stop) {
  const Applier applier(plan, files, access, options);
  std::mutex mutex;
  auto report = [&](const PlannedObject& planned, Step step) {
    const std::lock_guard lock(mutex);
    sink({planned.destination, step.outcome, std::move(step.message), std::move(step.dropped)});
  };
  for (auto first = plan.objects.begin(); first != plan.objects.end();) {
    const auto last = std::find_if(first, plan.objects.end(), [&](const auto& object) {
      return object.order != first->order;
    });
    auto apply_one = [&](std::size_t index, std::stop_token stopped) -> Result<> {
      const PlannedObject& planned = first[static_cast<std::ptrdiff_t>(index)];
      auto step = applier.apply(planned, stopped);
      if (step.failed_with(ErrorCode::cancelled)) return fail(std::move(step).error());
      report(planned, step ? *std::move(step) : Step{ApplyOutcome::failed, step.error().message()});
      return {};
    };
    const auto count = static_cast<std::size_t>(last - first);
    if (first->order.part == options.part) TRY(for_each_in_parallel(count, apply_one, stop));
    first = last;
  }
  return {};
}

}  // namespace dmaas::applications
