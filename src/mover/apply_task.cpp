#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "api/backup_document.hpp"
#include "api/labels.hpp"
#include "api/restore_report.hpp"
#include "applications/apply.hpp"
#include "applications/cluster_view.hpp"
#include "applications/commits.hpp"
#include "applications/preflight.hpp"
#include "applications/readiness.hpp"
#include "applications/restore/dropped_fields.hpp"
#include "applications/restore/dumps.hpp"
#include "applications/restore/existing_claims.hpp"
#include "applications/restore_plan.hpp"
#include "base/size_text.hpp"
#include "kube/client/cluster_access.hpp"
#include "kube/client/in_cluster.hpp"
#include "kube/object/object.hpp"
#include "mover/snapshot_files.hpp"
#include "mover/task.hpp"

namespace dmaas::mover {
namespace {

using applications::PlannedClaim;
using applications::PlannedObject;
using applications::RestorePlan;

constexpr std::size_t max_problems = 100;
constexpr std::size_t max_findings = 100;
constexpr std::size_t max_warnings = 50;
constexpr std::chrono::minutes ready_patience{10};
constexpr std::chrono::seconds ready_period{2};

/// What all three steps stand on.
struct Restore {
  const api::WorkOrder& order;
  Clock& clock;
  std::unique_ptr<kube::Client> client;
  kube::Account account;
  std::unique_ptr<SnapshotFiles> files;
  api::BackupDocument document;
  RestorePlan plan;
};

applications::RestoreOptions restore_options(const api::WorkOrder& order) {
  const auto& apply = *order.apply;
  applications::RestoreOptions options;
  options.selection = applications::to_selection(apply.what.objects, applications::Secrets::keep);
  if (apply.what.data == api::RestoreData::data_only)
    options.scope = applications::RestoreScope::claims;
  options.naming = {apply.namespace_map, apply.storage_class_map, apply.name_prefix};
  if (apply.changes) options.changes = applications::Changes(*apply.changes);
  options.restored_by = order.session.uid;
  options.standby = apply.standby_uid;
  options.defuse = apply.defuse ? applications::Defuse::yes : applications::Defuse::no;
  return options;
}

/// The volume component that holds the data of a claim; null when there is none or it is not
/// wanted.
const api::DocumentComponent* component_of(const Restore& restore, const PlannedClaim& claim) {
  if (!api::wants_volume(restore.order.apply->what, claim.source.name)) return nullptr;
  auto holds = [&](const api::DocumentComponent& component) {
    return component.kind == api::ComponentKind::volume && component.claim == claim.source.name &&
           component.namespace_name == claim.source.namespace_name;
  };
  auto found = std::ranges::find_if(restore.document.components, holds);
  return found == restore.document.components.end() ? nullptr : &*found;
}

bool is_filled_claim(const Restore& restore, const PlannedObject& object) {
  if (object.destination.kind != "PersistentVolumeClaim" || !object.destination.group.empty())
    return false;
  return std::ranges::any_of(restore.plan.claims, [&](const PlannedClaim& claim) {
    return claim.destination == object.destination.key && component_of(restore, claim) != nullptr;
  });
}

Result<bool> exists(const Restore& restore, const kube::Resource& resource,
                    const kube::ObjectKey& key, std::stop_token stop) {
  auto found = restore.client->get(resource, key, std::move(stop));
  if (found) return true;
  if (found.code() == ErrorCode::not_found) return false;
  return fail(std::move(found).error());
}

bool fills_only_existing_claims(const api::OrderApply& apply) {
  return apply.in_place && apply.what.data == api::RestoreData::data_only &&
         apply.in_place->missing_claims == api::MissingClaims::refuse;
}

/// Rules about objects choose claims, too. Without any, a backup that holds only data will do.
bool is_chosen(const Restore& restore, const api::DocumentComponent& volume) {
  const auto& what = restore.order.apply->what;
  if (!api::wants_volume(what, volume.claim)) return false;
  bool has_rules = !what.objects.include.empty() || !what.objects.exclude.empty();
  if (what.data == api::RestoreData::data_only && !has_rules) return true;
  kube::ObjectKey source{volume.namespace_name, volume.claim};
  return std::ranges::find(restore.plan.claims, source, &PlannedClaim::source) !=
         restore.plan.claims.end();
}

/// The claims that exist and are filled; what stands against it the controller finds out.
Result<> plan_existing_claims(const Restore& restore, api::RestoreReport& report,
                              std::stop_token stop) {
  const auto& apply = *restore.order.apply;
  if (!apply.in_place) return {};
  std::map<kube::ObjectKey, std::string> sources;
  for (const auto& component : restore.document.components) {
    if (component.kind != api::ComponentKind::volume || !is_chosen(restore, component)) continue;
    auto here = applications::existing_claim_of(component, *apply.in_place, *restore.plan.naming);
    auto claims = kube::resources::persistent_volume_claims();
    if (!fills_only_existing_claims(apply) && !TRY(exists(restore, claims, here, stop))) continue;
    auto [other, is_new] = sources.emplace(here, component.claim);
    if (!is_new) {
      return fail(ErrorCode::invalid_input,
                  fmt::format("claims {} and {} of the backup would both go into {}: name another "
                              "claim in spec.inPlace.claimMap",
                              other->second, component.claim, here.text()));
    }
    report.volumes.push_back({.component = component.name,
                              .snapshot_id = component.snapshot_id,
                              .claim = here.name,
                              .namespace_name = here.namespace_name,
                              .volume_mode = component.volume_mode,
                              .in_place = true,
                              .files = api::wanted_files(apply.what, component.claim),
                              .bytes = component.bytes});
  }
  return {};
}

/// A size that a person has chosen must hold the data; that of the source did.
void judge_size(const PlannedClaim& claim, const Json& manifest, std::int64_t bytes,
                api::PreflightSummary& summary) {
  auto size = text_at(manifest, "spec", "resources", "requests", "storage");
  auto room = parse_quantity(size);
  if (size == claim.size || !room || *room >= bytes) return;
  ++summary.rejected;
  api::PreflightFinding finding{
      .object = "PersistentVolumeClaim " + claim.destination.text(),
      .verdict = api::PreflightVerdict::rejected,
      .reason = fmt::format(
          "its new size is {}, the backup's data is {}: give it more in spec.changes.claims", size,
          format_bytes(bytes))};
  summary.findings.insert(summary.findings.begin(), std::move(finding));
  if (summary.findings.size() > max_findings) summary.findings.pop_back();
}

Result<> plan_volumes(const Restore& restore, api::RestoreReport& report, std::stop_token stop) {
  TRY(plan_existing_claims(restore, report, stop));
  if (fills_only_existing_claims(*restore.order.apply)) return {};
  for (const auto& claim : restore.plan.claims) {
    const auto* component = component_of(restore, claim);
    if (component == nullptr) continue;
    if (TRY(exists(restore, kube::resources::persistent_volume_claims(), claim.destination,
                   stop))) {
      if (restore.order.apply->in_place) continue;
      // It keeps its data: it may be in use.
      report.problems.push_back(
          {.object = "PersistentVolumeClaim " + claim.destination.text(),
           .outcome = "skipped",
           .message = "the claim exists: its data is left as it is. spec.inPlace replaces it"});
      continue;
    }
    auto object = std::ranges::find_if(restore.plan.objects, [&](const PlannedObject& planned) {
      return planned.destination.kind == "PersistentVolumeClaim" &&
             planned.destination.key == claim.destination;
    });
    if (object == restore.plan.objects.end()) continue;
    auto manifest = TRY(applications::load_planned(*restore.files, restore.plan, *object, stop));
    judge_size(claim, manifest, component->bytes, *report.preflight);
    report.volumes.push_back(
        {.component = component->name,
         .snapshot_id = component->snapshot_id,
         .claim = claim.destination.name,
         .namespace_name = claim.destination.namespace_name,
         .volume_mode = claim.volume_mode,
         .files = api::wanted_files(restore.order.apply->what, claim.source.name),
         .manifest = manifest.as_object(),
         .bytes = component->bytes,
         .placement = claim.placement});
  }
  return {};
}

/// Whether the application that a dump belongs to was here before this restore: then its data is
/// newer than the dump. It may have no pod at the moment.
Result<bool> has_application(const Restore& restore, const api::PlannedDump& dump,
                             std::stop_token stop) {
  if (const auto& workload = dump.target.workload) {
    for (const auto& resource : {kube::resources::stateful_sets(), kube::resources::deployments(),
                                 kube::resources::daemon_sets()}) {
      if (resource.kind == workload->kind)
        return exists(restore, resource, {dump.namespace_name, workload->name}, std::move(stop));
    }
  }
  kube::ListOptions options{.namespace_name = dump.namespace_name};
  const auto& selector = dump.dump.pod_selector ? dump.dump.pod_selector : dump.target.selector;
  if (selector) options.label_selector = api::to_kube(*selector).text();
  auto pods =
      TRY(kube::list_all(*restore.client, kube::resources::pods(), options, std::move(stop)));
  return std::ranges::any_of(
      pods, [](const Json& pod) { return kube::label_of(pod, api::label::session_uid).empty(); });
}

Result<> plan_dumps(const Restore& restore, api::RestoreReport& report, std::stop_token stop) {
  const auto& apply = *restore.order.apply;
  auto planned = TRY(
      applications::plan_dumps(restore.document, apply.what, restore.plan, *restore.files, stop));
  for (auto& problem : planned.left_out) report.problems.push_back(std::move(problem));
  for (auto& warning : planned.warnings) report.warnings.push_back(std::move(warning));
  for (auto& dump : planned.dumps) {
    bool may_overwrite = apply.existing == api::ExistingPolicy::update ||
                         apply.existing == api::ExistingPolicy::recreate;
    if (!may_overwrite && TRY(has_application(restore, dump, stop))) {
      report.problems.push_back(
          {.object = dump.component,
           .outcome = "skipped",
           .message = "the application exists: its data is left as it is. Restore with existing: "
                      "update to play the dump back over it"});
    } else {
      report.dumps.push_back(std::move(dump));
    }
  }
  return {};
}

void note_dropped(const applications::ObjectId& object, const std::vector<std::string>& fields,
                  api::RestoreReport& report) {
  if (fields.empty() || report.warnings.size() == max_warnings) return;
  report.warnings.push_back(object.text() + ": " + applications::describe_dropped(fields));
}

Result<> note_missing_secrets(const Restore& restore, api::RestoreReport& report,
                              std::stop_token stop) {
  for (const auto& secret : restore.plan.needed_secrets) {
    if (TRY(exists(restore, kube::resources::secrets(), secret.key, stop))) continue;
    if (report.warnings.size() == max_warnings) break;
    report.warnings.push_back(
        fmt::format("{} is neither in the backup nor here: workloads that need it do not start "
                    "until you create it",
                    secret.text()));
  }
  return {};
}

void note_plan(const RestorePlan& plan, api::RestoreReport& report) {
  auto warn = [&](std::string text) {
    if (report.warnings.size() < max_warnings) report.warnings.push_back(std::move(text));
  };
  for (const auto& warning : plan.warnings) warn(warning);
  for (const auto& object : plan.objects) {
    if (!object.conversion.empty()) warn(object.destination.text() + ": " + object.conversion);
  }
  for (const auto& left_out : plan.unsupported) {
    if (report.problems.size() < max_problems) {
      report.problems.push_back(
          {.object = left_out.source.text(), .outcome = "skipped", .message = left_out.reason});
    }
  }
}

Result<api::RestoreReport> run_preflight(const Restore& restore, std::stop_token stop) {
  api::RestoreReport report;
  auto view = TRY(applications::ClientView::open(*restore.client, stop));
  applications::PreflightAccess access{
      .view = view, .client = *restore.client, .account = restore.account};
  auto found = TRY(applications::preflight(restore.plan, *restore.files, access,
                                           restore.order.apply->existing, stop));
  api::PreflightSummary summary;
  summary.accepted = static_cast<std::int32_t>(found.accepted);
  summary.rejected = static_cast<std::int32_t>(found.count(api::PreflightVerdict::rejected));
  summary.unproven = static_cast<std::int32_t>(found.count(api::PreflightVerdict::unproven));
  summary.skipped = static_cast<std::int32_t>(found.count(api::PreflightVerdict::skipped));
  for (const auto& finding : found.findings) {
    if (summary.findings.size() == max_findings) break;
    summary.findings.push_back(
        {.object = finding.object.text(), .verdict = finding.verdict, .reason = finding.reason});
  }
  report.preflight = std::move(summary);
  TRY(plan_volumes(restore, report, stop));
  TRY(plan_dumps(restore, report, stop));
  TRY(note_missing_secrets(restore, report, stop));
  note_plan(restore.plan, report);
  for (const auto& [object, fields] : found.dropped) note_dropped(object, fields, report);
  return report;
}

class Counts {
public:
  void add(const applications::AppliedObject& applied, api::RestoreReport& report) {
    auto& count = by_kind_[applied.object.kind];
    using applications::ApplyOutcome;
    switch (applied.outcome) {
      case ApplyOutcome::created:
        ++count.created;
        break;
      case ApplyOutcome::updated:
        ++count.updated;
        break;
      case ApplyOutcome::unchanged:
        ++count.unchanged;
        break;
      case ApplyOutcome::skipped:
        ++count.skipped;
        break;
      case ApplyOutcome::failed:
        ++count.failed;
        ++failed_;
        break;
    }
    bool is_problem =
        applied.outcome == ApplyOutcome::skipped || applied.outcome == ApplyOutcome::failed;
    if (!is_problem || report.problems.size() == max_problems) return;
    report.problems.push_back({.object = applied.object.text(),
                               .outcome = std::string(name_of(applied.outcome)),
                               .message = applied.message});
  }

  std::vector<api::KindCount> list() const {
    std::vector<api::KindCount> counts;
    for (const auto& [kind, count] : by_kind_) {
      counts.push_back(count);
      counts.back().kind = kind;
    }
    return counts;
  }
  std::size_t failed() const { return failed_; }

private:
  std::map<std::string, api::KindCount> by_kind_;
  std::size_t failed_ = 0;
};

Result<> wait_until_ready(const Restore& restore, api::RestoreReport& report,
                          std::stop_token stop) {
  auto deadline = restore.clock.monotonic() + ready_patience;
  while (true) {
    std::vector<std::string> waiting;
    for (const auto& object : restore.plan.objects) {
      if (object.order.part != applications::RestorePart::workloads) continue;
      auto now = restore.client->get(object.resource, object.destination.key, stop);
      if (now.failed_with(ErrorCode::not_found)) continue;  // its outcome says why
      if (!now) return fail(std::move(now).error());
      auto readiness = applications::readiness_of(*now);
      if (readiness.state != applications::ReadinessState::ready) {
        waiting.push_back(object.destination.text() + ": " + readiness.reason);
      }
    }
    report.not_ready = std::move(waiting);
    if (report.not_ready.empty() || restore.clock.monotonic() > deadline) return {};
    if (!restore.clock.sleep(ready_period, stop)) return fail(ErrorCode::cancelled, "stopped");
  }
}

Result<api::MoverResult> run_apply(Restore& restore, applications::RestorePart part,
                                   std::stop_token stop) {
  api::RestoreReport report;
  Counts counts;
  // The controller fills these claims and makes them when their volumes are known.
  std::erase_if(restore.plan.objects,
                [&](const PlannedObject& object) { return is_filled_claim(restore, object); });
  auto acting = restore.client->impersonating(restore.account);
  applications::ApplyAccess access{
      .account = *acting, .reader = *restore.client, .clock = restore.clock};
  applications::ApplyOptions options;
  options.part = part;
  options.existing = restore.order.apply->existing;
  auto note = [&](const applications::AppliedObject& applied) {
    counts.add(applied, report);
    note_dropped(applied.object, applied.dropped, report);
  };
  TRY(applications::apply_part(restore.plan, *restore.files, access, options, note, stop));
  report.counts = counts.list();
  api::MoverResult result{.outcome = api::MoverOutcome::succeeded};
  if (counts.failed() > 0) {
    auto first = std::ranges::find(report.problems, "failed", &api::RestoreProblem::outcome);
    result.outcome = api::MoverOutcome::failed;
    result.message = fmt::format("{} objects could not be restored, the first is {}: {}",
                                 counts.failed(), first->object, first->message);
  } else if (part == applications::RestorePart::workloads && restore.order.apply->await_ready) {
    TRY(wait_until_ready(restore, report, stop));
  }
  result.report = to_json(report).as_object();
  return result;
}

Result<api::MoverResult> run_readiness(const Restore& restore, std::stop_token stop) {
  api::RestoreReport report;
  TRY(wait_until_ready(restore, report, std::move(stop)));
  return api::MoverResult{.outcome = api::MoverOutcome::succeeded,
                          .report = to_json(report).as_object()};
}

Result<Restore> open_restore(const TaskContext& context, std::stop_token stop) {
  Restore restore{.order = context.order,
                  .clock = context.clock,
                  .client = {},
                  .account = {},
                  .files = {},
                  .document = {},
                  .plan = {}};
  auto access =
      TRY(kube::load_cluster_access({.environment = kube::process_environment()}, context.clock));
  restore.client = TRY(kube::open_client(access, context.clock));
  const auto& apply = *context.order.apply;
  restore.account = kube::service_account(apply.account_namespace, apply.service_account);
  auto id = TRY(engine::SnapshotId::parse(context.order.snapshot_id));
  auto snapshot = TRY(context.repository.load_snapshot(id, stop));
  restore.files = TRY(SnapshotFiles::open(context.repository, snapshot.tree, stop));
  auto text = TRY(restore.files->read(std::string(api::BackupDocument::path), stop));
  restore.document = TRY(api::decode_backup_document(text));
  TRY(applications::resolve_components(context.repository, {&restore.document}, stop));
  auto discovery = TRY(restore.client->discover(stop));
  restore.plan = TRY(
      applications::plan_restore(*restore.files, discovery, restore_options(context.order), stop));
  // Neither claims nor their namespaces are made then.
  if (fills_only_existing_claims(apply)) restore.plan.objects.clear();
  return restore;
}

}  // namespace

Result<api::MoverResult> restore_resources(const TaskContext& context, std::stop_token stop) {
  auto restore = TRY(open_restore(context, stop));
  switch (context.order.apply->step) {
    case api::ResourceStep::configuration:
      return run_apply(restore, applications::RestorePart::configuration, std::move(stop));
    case api::ResourceStep::workloads:
      return run_apply(restore, applications::RestorePart::workloads, std::move(stop));
    case api::ResourceStep::readiness:
      return run_readiness(restore, std::move(stop));
    case api::ResourceStep::preflight:
      break;
  }
  auto report = TRY(run_preflight(restore, std::move(stop)));
  return api::MoverResult{.outcome = api::MoverOutcome::succeeded,
                          .report = to_json(report).as_object()};
}

}  // namespace dmaas::mover
