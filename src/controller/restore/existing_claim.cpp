#include "controller/restore/existing_claim.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "applications/restore/existing_claims.hpp"
#include "controller/accounts.hpp"
#include "controller/backup/live_volume.hpp"
#include "controller/claim_sessions.hpp"
#include "controller/references.hpp"
#include "controller/restore/quiesce_workloads.hpp"
#include "controller/status.hpp"

namespace dmaas::controller {
namespace {

/// As the object of a finding shows it.
std::string text_of(const kube::ObjectKey& claim) {
  return "PersistentVolumeClaim " + claim.text();
}

/// Whoever may make pods in a namespace may write to its claims; nobody else may by a restore.
Result<std::string> trouble_with_rights(World& world, const api::RestoreSession& session,
                                        const kube::ObjectKey& claim, std::stop_token stop) {
  auto granted = check_namespace(world, session.metadata.namespace_name, claim.namespace_name,
                                 api::GrantVerb::restore);
  if (granted.failed_with(ErrorCode::permission_denied)) return granted.error().message();
  TRY(granted);
  auto account = impersonated(restore_account(world, session));
  kube::AccessQuestion question{
      account, "create", kube::resources::pods(), "", {claim.namespace_name, ""}};
  if (TRY(kube::review_access(world.client, question, std::move(stop))).allowed)
    return std::string();
  return fmt::format(
      "{} may not create pods in {}, and so not write to its claims: give it a role "
      "that allows this",
      account.user, claim.namespace_name);
}

/// Whether a hook can hold still what uses the claim.
Result<std::string> trouble_with_holding(World& world, const RestoreWork& work,
                                         const applications::Claim& claim, std::stop_token stop) {
  const auto& space = claim.key.namespace_name;
  for (const auto& user : claim.users) {
    auto pod = world.client.get(kube::resources::pods(), {space, user.pod}, stop);
    if (pod.failed_with(ErrorCode::not_found)) continue;  // it has ended meanwhile
    if (is_ready_pod(TRY(std::move(pod)))) continue;
    return fmt::format(
        "pod {} uses the claim and is not ready, so no hook can hold it still: wait until it is, "
        "or restore with spec.inPlace.quiesce: scaleToZero",
        user.pod);
  }
  auto account = impersonated(restore_account(world, work.session));
  kube::AccessQuestion question{account, "create", kube::resources::pods(), "exec", {space, ""}};
  if (claim.users.empty() ||
      TRY(kube::review_access(world.client, question, std::move(stop))).allowed)
    return std::string();
  return fmt::format("{} may not run commands in pods of {}: give it a role that allows this",
                     account.user, space);
}

Result<std::string> trouble_with_stopping(World& world, const RestoreWork& work,
                                          const applications::Claim& claim, std::stop_token stop) {
  const auto method = work.session.spec.in_place->quiesce;
  if (method == api::QuiesceMethod::refuse_if_in_use)
    return applications::trouble_with_users(claim);
  if (method == api::QuiesceMethod::hook)
    return trouble_with_holding(world, work, claim, std::move(stop));
  for (const auto& user : claim.users) {
    auto workload = find_scaled_workload(world, {claim.key.namespace_name, user.pod}, stop);
    if (workload.failed_with(ErrorCode::unsupported)) return workload.error().message();
    if (!workload && workload.code() != ErrorCode::not_found)
      return fail(std::move(workload).error());
  }
  return std::string();
}

/// "" when nothing stands against it.
Result<std::string> trouble_of(World& world, const RestoreWork& work,
                               const api::PlannedVolume& volume, std::stop_token stop) {
  kube::ObjectKey key{volume.namespace_name, volume.claim};
  auto forbidden = TRY(trouble_with_rights(world, work.session, key, stop));
  if (!forbidden.empty()) return forbidden;
  auto claim = load_claim(world, key, stop);
  if (claim.failed_with(ErrorCode::not_found)) {
    return fmt::format(
        "volume {} of the backup needs this claim, which does not exist: make it, name another one "
        "in spec.inPlace.claimMap, or name the volumes to restore in spec.what.volumes",
        volume.component);
  }
  if (!claim) return fail(std::move(claim).error());
  auto trouble = applications::trouble_with_filling(volume, *claim);
  if (!trouble.empty()) return trouble;
  auto rival = session_filling(world, key, work.session.metadata.uid);
  if (rival.empty()) rival = session_reading(world, key);
  if (!rival.empty())
    return "session " + rival + " works on it: wait until that is over, or cancel it";
  return trouble_with_stopping(world, work, *claim, std::move(stop));
}

}  // namespace

Result<> examine_existing_claims(World& world, const RestoreWork& work, api::RestoreReport& report,
                                 std::stop_token stop) {
  for (const auto& volume : report.volumes) {
    if (!volume.in_place) continue;
    auto trouble = TRY(trouble_of(world, work, volume, stop));
    if (!report.preflight) report.preflight.emplace();
    auto& summary = *report.preflight;
    if (trouble.empty()) {
      ++summary.accepted;
      continue;
    }
    ++summary.rejected;
    summary.findings.insert(summary.findings.begin(),
                            {.object = text_of({volume.namespace_name, volume.claim}),
                             .verdict = api::PreflightVerdict::rejected,
                             .reason = std::move(trouble)});
    if (summary.findings.size() > max_findings) summary.findings.pop_back();
  }
  return {};
}

Result<std::vector<applications::Claim>> claims_to_fill(World& world, const RestoreWork& work,
                                                        std::stop_token stop) {
  std::vector<applications::Claim> claims;
  for (const auto& volume : work.session.status.volumes) {
    if (!volume.in_place || volume.phase >= api::VolumePhase::succeeded) continue;
    claims.push_back(TRY(load_claim(world, {volume.namespace_name, volume.claim}, stop)));
  }
  return claims;
}

Result<bool> has_movers(World& world, const RestoreWork& work, std::stop_token stop) {
  kube::ListOptions options{
      .label_selector = fmt::format("{}={}", api::label::session_uid, work.session.metadata.uid)};
  auto pods = TRY(kube::list_all(world.client, kube::resources::pods(), options, std::move(stop)));
  return std::ranges::any_of(pods, [](const Json& pod) {
    return std::ranges::any_of(items_at(pod, "spec", "volumes"), [](const Json& volume) {
      return find(volume, "persistentVolumeClaim") != nullptr;
    });
  });
}

Result<MoverWish> wish_existing(World& world, const RestoreWork& work,
                                const api::RestoredVolume& volume, std::stop_token stop) {
  auto wish = wish_of(world, work, volume_component(volume));
  wish.pod.rights = MoverRights::restore;
  kube::ObjectKey key{volume.namespace_name, volume.claim};
  auto claim = TRY(load_claim(world, key, stop));
  auto moves = [&](const applications::ClaimUser& user) {
    return !world.quiescence.holds(work.session.metadata.uid, user.uid);
  };
  auto moving = std::ranges::find_if(claim.users, moves);
  if (moving != claim.users.end()) {
    return fail(ErrorCode::invalid_input,
                fmt::format("pod {} uses claim {}, whose data is being replaced: stop it and "
                            "restore again",
                            moving->pod, key.text()));
  }
  if (volume.pod) return wish;  // it runs: only what names it matters
  wish.waits_for = TRY(
      mount_live_volume(world, claim, fill_key(world, work, volume).name, wish.pod, std::move(stop))
          .context("claim " + key.text()));
  return wish;
}

void warn_of_half_filled(api::RestoreSessionStatus& status) {
  for (const auto& volume : status.volumes) {
    bool may_have_begun = volume.in_place && volume.attempts > 0;
    if (!may_have_begun || volume.phase == api::VolumePhase::succeeded) continue;
    auto warning = fmt::format(
        "claim {}/{} may hold only a part of the backup: restore it again before it is used",
        volume.namespace_name, volume.claim);
    if (std::ranges::find(status.warnings, warning) == status.warnings.end())
      status.warnings.push_back(std::move(warning));
  }
}

Result<> leave_existing(World& world, const RestoreWork& work, const api::RestoredVolume& volume,
                        std::stop_token stop) {
  return remove_twin(world, fill_key(world, work, volume).name, std::move(stop));
}

}  // namespace dmaas::controller
