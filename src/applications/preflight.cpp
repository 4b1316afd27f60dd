#include "applications/preflight.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <tuple>

#include "api/labels.hpp"
#include "api/restore_session.hpp"
#include "applications/json_walk.hpp"
#include "applications/parallel.hpp"
#include "applications/restore/dropped_fields.hpp"
#include "applications/restore/left_to_cluster.hpp"
#include "applications/restore/surroundings.hpp"
#include "applications/restore/trial_pod.hpp"
#include "applications/restore/usage.hpp"
#include "kube/object/object.hpp"

namespace dmaas::applications {
namespace {

using api::ExistingPolicy;
using enum api::PreflightVerdict;

struct Judgement {
  api::PreflightVerdict verdict = accepted;
  std::string reason{};
  std::vector<std::string> dropped{};  // fields
};

/// What the answer to a dry run says of the object. Only what no later moment can change is a
/// rejection.
Judgement judge(const Error& error) {
  const bool final =
      error.code() == ErrorCode::invalid_input || error.code() == ErrorCode::permission_denied ||
      error.code() == ErrorCode::exhausted || error.code() == ErrorCode::already_exists;
  // The API server tells only by its text that a webhook, not the object, is the reason.
  const bool webhook_without_dry_run =
      error.message().find("does not support dry run") != std::string::npos;
  // A role binding, for example, is judged by its role, which the restore may bring.
  const bool refers_to_nothing = error.code() == ErrorCode::not_found;
  return {final && !webhook_without_dry_run ? rejected : unproven,
          (refers_to_nothing ? "it refers to what is not there yet: " : "") + error.message()};
}

class Trial {
public:
  Trial(const RestorePlan& plan, const ResourceFiles& files, const PreflightAccess& access,
        const Surroundings& around, ExistingPolicy existing)
      : plan_(plan),
        files_(files),
        access_(access),
        around_(around),
        existing_(existing),
        account_(access.client.impersonating(access.account)) {
    dry_.dry_run = kube::DryRun::yes;
  }

  /// Errors: cancelled; those of the files but corrupt.
  Result<Judgement> judge_object(const PlannedObject& planned, std::stop_token stop) {
    auto document = load_planned(files_, plan_, planned, stop);
    if (document.failed_with(ErrorCode::corrupt) || document.failed_with(ErrorCode::invalid_input))
      return Judgement{rejected, document.error().message()};
    if (!document) return fail(std::move(document).error());
    if (auto early = judge_surroundings(planned, *document)) return *std::move(early);
    if (planned.comes_with_plan)
      return ask_rights(planned, "its definition comes with this restore", stop);
    if (around_.state_of(planned.destination.key.namespace_name) == NamespaceState::planned) {
      count(planned, *document);
      return ask_rights(planned, "its namespace comes with this restore", stop);
    }
    return try_object(planned, *document, stop);
  }

  /// What was counted, by namespace of the destination.
  const std::map<std::string, Usage>& needed() const { return needed_; }

private:
  std::optional<Judgement> judge_surroundings(const PlannedObject& planned,
                                              const Json& document) const {
    const std::string& in_namespace = planned.destination.key.namespace_name;
    if (!in_namespace.empty()) {
      const NamespaceState state = around_.state_of(in_namespace);
      if (state == NamespaceState::missing) {
        return Judgement{
            rejected,
            fmt::format("namespace {} does not exist and is not restored: create it, or include it",
                        in_namespace)};
      }
      if (state == NamespaceState::going) {
        return Judgement{
            rejected,
            fmt::format("namespace {} is being deleted: wait until it is gone, or choose another",
                        in_namespace)};
      }
    }
    for (const std::string& storage_class : classes_of(document)) {
      if (auto trouble = around_.trouble_with_class(storage_class))
        return Judgement{rejected, *std::move(trouble)};
    }
    return std::nullopt;
  }

  static std::vector<std::string> classes_of(const Json& document) {
    std::vector<std::string> classes;
    auto add = [&](const Json* spec) {
      const Json* name = at(spec, "storageClassName");
      // An explicitly empty name asks for a volume without class.
      if (name == nullptr || !text_of(name).empty()) classes.push_back(text_of(name));
    };
    const std::string kind = kube::kind_of(document);
    if (kind == "PersistentVolumeClaim") add(find(document, "spec"));
    if (kind == "StatefulSet") {
      for (const auto& item : items_at(document, "spec", "volumeClaimTemplates"))
        add(find(item, "spec"));
    }
    return classes;
  }

  void count(const PlannedObject& planned, const Json& document) {
    const Usage usage = usage_of(planned.resource, document);
    const std::lock_guard lock(mutex_);
    add_usage(needed_[planned.destination.key.namespace_name], usage);
  }

  Result<Judgement> ask_rights(const PlannedObject& planned, std::string why,
                               std::stop_token stop) {
    const std::string& in_namespace = planned.destination.key.namespace_name;
    const auto key = std::pair(planned.resource.name(), in_namespace);
    {
      const std::lock_guard lock(mutex_);
      if (const auto known = rights_.find(key); known != rights_.end())
        return known->second ? Judgement{unproven, why} : forbidden(planned);
    }
    const kube::AccessQuestion question{
        access_.account, "create", planned.resource, "", {in_namespace, ""}};
    auto answer = kube::review_access(access_.client, question, stop);
    if (answer.failed_with(ErrorCode::cancelled)) return fail(std::move(answer).error());
    if (!answer) return Judgement{unproven, std::move(why)};
    const std::lock_guard lock(mutex_);
    rights_.emplace(key, answer->allowed);
    return answer->allowed ? Judgement{unproven, std::move(why)} : forbidden(planned);
  }

  Judgement forbidden(const PlannedObject& planned) const {
    const std::string& in_namespace = planned.destination.key.namespace_name;
    return {rejected, fmt::format("{} may not create {}{}: give it a role that allows this",
                                  access_.account.user, planned.resource.name(),
                                  in_namespace.empty() ? "" : " in " + in_namespace)};
  }

  Result<Judgement> try_object(const PlannedObject& planned, const Json& document,
                               std::stop_token stop) {
    auto created = account_->create(planned.resource, document, dry_, stop);
    if (created.failed_with(ErrorCode::cancelled)) return fail(std::move(created).error());
    if (!created) return judge_refusal(planned, document, created.error(), stop);
    count(planned, document);
    if (auto shared = judge_traffic(planned, document)) return *std::move(shared);
    Judgement judgement = TRY(try_pod(document, stop));
    judgement.dropped = dropped_fields(document, *created);
    return judgement;
  }

  /// That the object exists may hide behind other reasons: its own port is taken, the quota is
  /// full, the account may not create the kind.
  Result<Judgement> judge_refusal(const PlannedObject& planned, const Json& document,
                                  const Error& refusal, std::stop_token stop) {
    auto current = access_.view.get(planned.resource, planned.destination.key, stop);
    if (current.failed_with(ErrorCode::cancelled)) return fail(std::move(current).error());
    if (!current) {
      count(planned, document);
      return judge(refusal);
    }
    const bool ours = kube::label_of(*current, api::label::restored_by) ==
                      kube::label_of(document, api::label::restored_by);
    if (ours) return Judgement{skipped, "restored by this session before"};
    return judge_existing(planned, document, stop);
  }

  /// A copy must not answer for the original: only selectors in the backup are known to be kept
  /// apart.
  std::optional<Judgement> judge_traffic(const PlannedObject& planned, const Json& document) const {
    if (plan_.naming->rules().prefix.empty()) return std::nullopt;
    const auto labels = facts_of(planned.resource, document).pod_labels;
    if (!labels) return std::nullopt;
    const auto service =
        around_.foreign_service_of(planned.destination.key.namespace_name, *labels);
    if (!service) return std::nullopt;
    return Judgement{
        rejected,
        fmt::format(
            "{} is not part of the restore and would send requests to its pods: restore into "
            "another namespace",
            service->text())};
  }

  Result<Judgement> judge_existing(const PlannedObject& planned, const Json& document,
                                   std::stop_token stop) {
    if (existing_ == ExistingPolicy::skip) return Judgement{skipped, "it exists already"};
    if (!plan_.standby.empty() && planned.destination.key.namespace_name.empty())
      return Judgement{skipped, std::string(left_by_standby)};
    if (existing_ == ExistingPolicy::fail) {
      return Judgement{
          rejected,
          "it exists already: choose another policy for existing objects, or another namespace"};
    }
    if (planned.destination.kind == "PersistentVolumeClaim") {
      return Judgement{
          skipped,
          "it exists already, and its data is not replaced: delete it first, or restore as new"};
    }
    if (existing_ == ExistingPolicy::recreate)
      return Judgement{unproven, "it exists and is made again, which cannot be tried"};
    auto applied = account_->apply(planned.resource, document, dry_, stop);
    if (applied.failed_with(ErrorCode::cancelled)) return fail(std::move(applied).error());
    if (applied) return Judgement{};
    if (is_left_to_cluster(planned.destination, applied.error()))
      return Judgement{skipped, std::string(left_to_cluster)};
    return judge(applied.error());
  }

  Result<Judgement> try_pod(const Json& document, std::stop_token stop) {
    auto exists = [&](const ObjectId& id) -> bool {
      if (!around_.is_planned(id)) return true;
      const auto* served = access_.view.discovery().find_kind(id.group, id.kind);
      return served != nullptr && access_.view.get(served->resource, id.key, stop).has_value();
    };
    const Json pod = trial_pod(document, exists);
    if (pod.is_null()) return Judgement{};
    auto created = account_->create(kube::resources::pods(), pod, dry_, stop);
    if (created) return Judgement{};
    if (created.failed_with(ErrorCode::cancelled)) return fail(std::move(created).error());
    Judgement judgement = judge(created.error());
    judgement.reason = "its pods: " + judgement.reason;
    return judgement;
  }

  const RestorePlan& plan_;
  const ResourceFiles& files_;
  const PreflightAccess& access_;
  const Surroundings& around_;
  const ExistingPolicy existing_;
  const std::unique_ptr<kube::Client> account_;
  kube::WriteOptions dry_;
  std::mutex mutex_;
  std::map<std::string, Usage> needed_;
  std::map<std::pair<std::string, std::string>, bool>
      rights_;  // by kind and namespace: may it be created?
};

void add_quota_findings(const Surroundings& around, const std::map<std::string, Usage>& needed,
                        PreflightResult& result) {
  for (const auto& quota : around.quotas()) {
    const auto need = needed.find(kube::namespace_of(quota));
    if (need == needed.end()) continue;
    for (const auto& shortage : shortages_of(quota, need->second)) {
      result.findings.push_back({{"", "ResourceQuota", kube::key_of(quota)},
                                 rejected,
                                 shortage + ": raise the quota, or restore less"});
    }
  }
}

int rank_of(api::PreflightVerdict verdict) {
  return verdict == rejected ? 0 : verdict == unproven ? 1 : 2;
}

}  // namespace

std::size_t PreflightResult::count(api::PreflightVerdict verdict) const {
  if (verdict == api::PreflightVerdict::accepted) return accepted;
  return static_cast<std::size_t>(std::ranges::count(findings, verdict, &Finding::verdict));
}

Result<PreflightResult> preflight(const RestorePlan& plan, const ResourceFiles& files,
                                  const PreflightAccess& access, ExistingPolicy existing,
                                  std::stop_token stop) {
  const Surroundings around = TRY(Surroundings::read(access.view, plan, stop));
  PreflightResult result;
  for (const auto& object : plan.unsupported)
    result.findings.push_back({object.source, rejected, object.reason});
  for (const auto& object : plan.skipped)
    result.findings.push_back({object.source, skipped, object.reason});

  Trial trial(plan, files, access, around, existing);
  std::mutex mutex;
  auto judge_one = [&](std::size_t index, std::stop_token stopped) -> Result<> {
    const PlannedObject& planned = plan.objects[index];
    Judgement judgement = TRY(trial.judge_object(planned, stopped));
    const std::lock_guard lock(mutex);
    if (!judgement.dropped.empty())
      result.dropped.push_back({planned.destination, std::move(judgement.dropped)});
    if (judgement.verdict == accepted) {
      ++result.accepted;
    } else {
      result.findings.push_back(
          {planned.destination, judgement.verdict, std::move(judgement.reason)});
    }
    return {};
  };
  TRY(for_each_in_parallel(plan.objects.size(), judge_one, stop));
  add_quota_findings(around, trial.needed(), result);
  std::ranges::sort(result.findings, {}, [](const Finding& finding) {
    return std::tuple(rank_of(finding.verdict), finding.object);
  });
  std::ranges::sort(result.dropped, {}, &DroppedFields::object);
  return result;
}

}  // namespace dmaas::applications
