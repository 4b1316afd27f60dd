#include "controller/controller.hpp"

#include <map>

#include "api/backup_configuration.hpp"
#include "api/backup_grant.hpp"
#include "api/backup_policy.hpp"
#include "api/backup_session.hpp"
#include "api/backup_storage.hpp"
#include "api/backup_verifier.hpp"
#include "api/copy_session.hpp"
#include "api/hook_template.hpp"
#include "api/labels.hpp"
#include "api/repository.hpp"
#include "api/restore_configuration.hpp"
#include "api/restore_session.hpp"
#include "api/retention_policy.hpp"
#include "api/snapshot.hpp"
#include "api/standby.hpp"
#include "api/verification_session.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "controller/backup/reconcile_backup.hpp"
#include "controller/copying/reconcile_copy.hpp"
#include "controller/maintenance/reconcile_maintenance.hpp"
#include "controller/plan/reconcile_plan.hpp"
#include "controller/policy/keep_policies.hpp"
#include "controller/refill/reconcile_refill.hpp"
#include "controller/repository/reconcile_repository.hpp"
#include "controller/restore/reconcile_restore.hpp"
#include "controller/snapshot/reconcile_snapshot.hpp"
#include "controller/staging/reconcile_staging.hpp"
#include "controller/standby/followers.hpp"
#include "controller/standby/reconcile_standby.hpp"
#include "controller/storage/reconcile_storage.hpp"
#include "controller/storage/storage_changes.hpp"
#include "controller/sweeper.hpp"
#include "controller/trusted_authorities.hpp"
#include "controller/verification/reconcile_verification.hpp"
#include "controller/verification/reconcile_verifier.hpp"
#include "controller/wipe_out/reconcile_wipe_out.hpp"
#include "controller/work_server.hpp"
#include "controller/world.hpp"
#include "kube/runtime/control_plane.hpp"
#include "kube/runtime/fenced_client.hpp"

namespace dmaas::controller {
namespace {

template <class Kind>
kube::Resource resource_of() {
  return api::kind_info<Kind>().resource();
}

Stores make_stores(kube::ControlPlane& plane) {
  kube::WatcherOptions movers;
  movers.label_selector = std::string(api::label::part) + " in (mover,resources,maintain,probe)";
  return {.storages = plane.store(resource_of<api::BackupStorage>()),
          .repositories = plane.store(resource_of<api::Repository>()),
          .plans = plane.store(resource_of<api::BackupConfiguration>()),
          .backup_sessions = plane.store(resource_of<api::BackupSession>()),
          .snapshots = plane.store(resource_of<api::Snapshot>()),
          .restore_sessions = plane.store(resource_of<api::RestoreSession>()),
          .retention_policies = plane.store(resource_of<api::RetentionPolicy>()),
          .hook_templates = plane.store(resource_of<api::HookTemplate>()),
          .grants = plane.store(resource_of<api::BackupGrant>()),
          .verifiers = plane.store(resource_of<api::BackupVerifier>()),
          .verification_sessions = plane.store(resource_of<api::VerificationSession>()),
          .policies = plane.store(resource_of<api::BackupPolicy>()),
          .copy_sessions = plane.store(resource_of<api::CopySession>()),
          .standbys = plane.store(resource_of<api::Standby>()),
          .refills = plane.store(resource_of<api::RestoreConfiguration>()),
          .mover_pods = plane.store(kube::resources::pods(), movers)};
}

/// The session that a mover's pod says it belongs to: only to wake its reconciler, so a forged
/// label does no harm.
std::vector<kube::ObjectKey> session_of(const Json& pod) {
  return {{kube::label_of(pod, api::label::session_namespace),
           kube::label_of(pod, api::label::session)}};
}

std::vector<kube::ObjectKey> plan_of(const Json& session) {
  auto plan = text_at(session, "spec", "planRef", "name");
  if (plan.empty()) return {};
  return {{kube::namespace_of(session), std::move(plan)}};
}

std::vector<kube::ObjectKey> repository_of(const Json& snapshot) {
  auto namespace_name = text_at(snapshot, "spec", "repositoryRef", "namespace");
  return {{namespace_name.empty() ? kube::namespace_of(snapshot) : namespace_name,
           text_at(snapshot, "spec", "repositoryRef", "name")}};
}

/// The plan that the status of a backup or verification names.
std::vector<kube::ObjectKey> plan_in_status_of(const Json& object) {
  auto plan = text_at(object, "status", "plan");
  auto slash = plan.find('/');
  if (slash == std::string::npos) return {};
  return {{plan.substr(0, slash), plan.substr(slash + 1)}};
}

/// A backup is shown first, and complete a moment later.
bool makes_a_backup_complete(const kube::Change& change) {
  bool was = change.previous != nullptr && flag_at(*change.previous, "status", "complete");
  return kube::is_change_of_intent(change) || flag_at(*change.object, "status", "complete") != was;
}

/// Those of a plan that stages.
std::vector<kube::ObjectKey> staged_backups_of(const Json& plan, const kube::Store& snapshots) {
  std::vector<kube::ObjectKey> keys;
  if (find(plan, "spec", "stageAndVerifyFirst") == nullptr) return keys;
  for (const auto& snapshot : snapshots.in_namespace(kube::namespace_of(plan))) {
    if (text_at(*snapshot, "status", "plan") == kube::key_of(plan).text())
      keys.push_back(kube::key_of(*snapshot));
  }
  return keys;
}

/// The staged backup that a verification or a copy was made for.
std::vector<kube::ObjectKey> staged_backup_of(const Json& session) {
  if (kube::label_of(session, api::label::staged_backup).empty()) return {};
  auto name = text_at(session, "spec", "snapshot");
  const auto& copied = items_at(session, "spec", "backups", "snapshots");
  if (!copied.empty() && copied.front().is_string()) name = copied.front().get_string();
  return {{kube::namespace_of(session), name}};
}

/// The verification, standby or refill that a restore belongs to, or the verifier that a
/// verification does.
std::vector<kube::ObjectKey> owner_of(const Json& session) {
  auto owner = kube::controller_of(session);
  if (!owner) return {};
  return {{kube::namespace_of(session), owner->name}};
}

/// Plans, repositories and sessions wait for their storages.
std::vector<kube::ObjectKey> all_keys(const kube::Store& store) {
  std::vector<kube::ObjectKey> keys;
  for (const auto& object : store.all()) keys.push_back(kube::key_of(*object));
  return keys;
}

void wake_by_storages(kube::Controller& controller, const World& world, const kube::Store& own) {
  // They are to be there before it begins.
  controller.triggered_by(world.stores.storages,
                          [](const Json&) { return std::vector<kube::ObjectKey>(); });
  world.stores.storages.subscribe([&controller, &own](const kube::Change& change) {
    if (!changes_use(change)) return;
    for (const auto& key : all_keys(own)) controller.enqueue(key);
  });
}

/// What policies make and share depends on these.
void wake_by_changes(PolicyKeeper& policies, World& world) {
  for (auto* store : {&world.stores.policies, &world.stores.plans, &world.stores.storages,
                      &world.stores.retention_policies}) {
    store->subscribe([&](const kube::Change& change) {
      if (kube::is_change_of_intent(change)) policies.wake();
    });
  }
  // Those of the system namespace are shared, with what their status says.
  for (auto* store : {&world.stores.repositories, &world.stores.snapshots}) {
    store->subscribe([&policies, &system = world.settings.namespace_name](const auto& change) {
      if (kube::namespace_of(*change.object) == system) policies.wake();
    });
  }
}

/// Standbys look at what becomes of their sessions and of the repositories that they follow, which
/// are looked at as often as they say.
void follow_repositories(kube::ControlPlane& plane, World& world, StandbyReconciler& standbys,
                         kube::Controller& repository_controller) {
  auto& controller = plane.control({.name = "standbys"}, world.stores.standbys, standbys);
  controller.triggered_by(world.stores.restore_sessions, owner_of);
  for (auto* needed : {&world.stores.snapshots, &world.stores.repositories, &world.stores.grants})
    controller.triggered_by(*needed, [&](const Json&) { return all_keys(world.stores.standbys); });
  repository_controller.triggered_by(
      world.stores.standbys, [](const Json& standby) { return std::vector{followed_by(standby)}; });
}

/// They look at what becomes of their sessions and of what these need.
void refill_by_schedule(kube::ControlPlane& plane, World& world, RefillReconciler& refills) {
  auto& controller = plane.control({.name = "refills"}, world.stores.refills, refills);
  controller.triggered_by(world.stores.restore_sessions, owner_of);
  for (auto* needed :
       {&world.stores.repositories, &world.stores.hook_templates, &world.stores.grants})
    controller.triggered_by(*needed, [&](const Json&) { return all_keys(world.stores.refills); });
  wake_by_storages(controller, world, world.stores.refills);
  refills.on_wake([&](const kube::ObjectKey& key) { controller.enqueue(key); });
}

/// Pause before a controller that lost its API server or its leadership begins anew.
constexpr std::chrono::seconds new_beginning_pause{2};

/// From waiting for leadership to its loss. Everything in it begins anew with the next call.
Result<> lead_once(kube::Client& any_client, const Settings& settings, WorkServer& server,
                   Clock& clock, std::stop_token stop) {
  auto cluster_uid = TRY(kube::cluster_uid(any_client, stop));
  auto version = TRY(any_client.server_version(stop));
  const auto authority_file = settings.tls_directory + "/ca.crt";
  auto authority = TRY(read_small_file(authority_file));
  auto gateway = TRY(http::Client::create({.ca_certificates = authority}));

  kube::Tenure tenure;
  kube::FencedClient client{any_client, tenure, clock};
  Grants grants{client, settings.namespace_name};
  kube::ControlPlaneOptions options;
  options.clock = &clock;
  options.metrics = &server.counters();
  options.lease = kube::LeaseOptions{.lease = {settings.namespace_name, "dmaas-controller"},
                                     .identity = settings.pod_name,
                                     .tenure = &tenure};
  options.on_leading = [&](std::stop_token over) { return grants.load(std::move(over)); };
  kube::ControlPlane plane{any_client, options};
  Vault vault{client, settings, cluster_uid, clock};
  MoverReports reports;
  kube::EventRecorder events{client, {.instance = settings.pod_name}};
  Background background;
  Quiescence quiescence{clock};
  auto stores = make_stores(plane);
  MoverSlots slots{settings, grants, stores.mover_pods, clock};
  World world{.client = client,
              .clock = clock,
              .settings = settings,
              .cluster_uid = cluster_uid,
              .cluster_version = version.text,
              .ca_certificate = authority,
              .stores = stores,
              .grants = grants,
              .slots = slots,
              .vault = vault,
              .reports = reports,
              .background = background,
              .quiescence = quiescence,
              .events = events};

  GatewayClient gateway_client{*gateway, settings, clock};
  StorageReconciler storages{world, gateway_client};
  RepositoryReconciler repositories{world, gateway_client};
  PlanReconciler plans{world};
  BackupReconciler backups{world, gateway_client};
  RestoreReconciler restores{world};
  MaintenanceReconciler maintenances{world};
  WipeOutReconciler wipe_outs{world, gateway_client};
  SnapshotReconciler snapshots{world};
  StagingReconciler stagings{world};
  VerifierReconciler verifiers{world};
  VerificationReconciler verifications{world};
  CopyReconciler copies{world};
  StandbyReconciler standbys{world};
  RefillReconciler refills{world};
  auto& storage_controller =
      plane.control({.name = "storages", .workers = 4}, world.stores.storages, storages);
  auto& repository_controller =
      plane.control({.name = "repositories"}, world.stores.repositories, repositories);
  repository_controller.triggered_by(world.stores.snapshots, repository_of);
  wake_by_storages(repository_controller, world, world.stores.repositories);
  auto& maintenance_controller =
      plane.control({.name = "maintenances"}, world.stores.repositories, maintenances);
  maintenance_controller.triggered_by(world.stores.snapshots, repository_of);
  maintenance_controller.triggered_by(world.stores.mover_pods, session_of);
  auto& wipe_out_controller =
      plane.control({.name = "wipe_outs"}, world.stores.repositories, wipe_outs);
  plane.control({.name = "snapshots"}, world.stores.snapshots, snapshots);
  auto& staging_controller = plane.control({.name = "stagings"}, world.stores.snapshots, stagings);
  staging_controller.when(makes_a_backup_complete);
  staging_controller.triggered_by(world.stores.plans, [&](const Json& plan) {
    return staged_backups_of(plan, world.stores.snapshots);
  });
  // Only to be there before it begins: what it does not find would not be looked for again.
  staging_controller.triggered_by(world.stores.repositories,
                                  [](const Json&) { return std::vector<kube::ObjectKey>(); });
  staging_controller.triggered_by(world.stores.verification_sessions, staged_backup_of);
  staging_controller.triggered_by(world.stores.copy_sessions, staged_backup_of);
  auto& plan_controller = plane.control({.name = "plans"}, world.stores.plans, plans);
  plan_controller.triggered_by(world.stores.backup_sessions, plan_of);
  plan_controller.triggered_by(world.stores.verification_sessions, plan_in_status_of);
  plan_controller.triggered_by(world.stores.snapshots, plan_in_status_of);
  plan_controller.triggered_by(world.stores.copy_sessions, plan_of);
  wake_by_storages(plan_controller, world, world.stores.plans);
  for (auto* needed : {&world.stores.retention_policies, &world.stores.hook_templates,
                       &world.stores.grants, &world.stores.policies})
    plan_controller.triggered_by(*needed,
                                 [&](const Json&) { return all_keys(world.stores.plans); });
  auto& backup_controller =
      plane.control({.name = "backups", .workers = 4}, world.stores.backup_sessions, backups);
  backup_controller.triggered_by(world.stores.mover_pods, session_of);
  wake_by_storages(backup_controller, world, world.stores.backup_sessions);
  auto& restore_controller =
      plane.control({.name = "restores", .workers = 4}, world.stores.restore_sessions, restores);
  restore_controller.triggered_by(world.stores.mover_pods, session_of);
  auto& verifier_controller =
      plane.control({.name = "verifiers"}, world.stores.verifiers, verifiers);
  verifier_controller.triggered_by(world.stores.verification_sessions, owner_of);
  for (auto* needed : {&world.stores.snapshots, &world.stores.plans, &world.stores.repositories})
    verifier_controller.triggered_by(*needed,
                                     [&](const Json&) { return all_keys(world.stores.verifiers); });
  auto& verification_controller = plane.control({.name = "verifications", .workers = 2},
                                                world.stores.verification_sessions, verifications);
  verification_controller.triggered_by(world.stores.restore_sessions, owner_of);
  verification_controller.triggered_by(world.stores.mover_pods, session_of);

  auto& copy_controller =
      plane.control({.name = "copies", .workers = 2}, world.stores.copy_sessions, copies);
  copy_controller.triggered_by(world.stores.mover_pods, session_of);
  wake_by_storages(copy_controller, world, world.stores.copy_sessions);
  follow_repositories(plane, world, standbys, repository_controller);
  refill_by_schedule(plane, world, refills);

  storages.on_wake([&](const kube::ObjectKey& key) { storage_controller.enqueue(key); });
  repositories.on_wake([&](const kube::ObjectKey& key) { repository_controller.enqueue(key); });
  maintenances.on_wake([&](const kube::ObjectKey& key) { maintenance_controller.enqueue(key); });
  wipe_outs.on_wake([&](const kube::ObjectKey& key) { wipe_out_controller.enqueue(key); });
  plans.on_wake([&](const kube::ObjectKey& key) { plan_controller.enqueue(key); });
  backups.on_wake([&](const kube::ObjectKey& key) { backup_controller.enqueue(key); });
  verifications.on_wake([&](const kube::ObjectKey& key) { verification_controller.enqueue(key); });
  restores.on_wake([&](const kube::ObjectKey& key) { restore_controller.enqueue(key); });
  copies.on_wake([&](const kube::ObjectKey& key) { copy_controller.enqueue(key); });
  const std::map<std::string_view, kube::Controller*> controllers{
      {backups.session_kind(), &backup_controller},
      {restores.session_kind(), &restore_controller},
      {copies.session_kind(), &copy_controller},
      {maintenances.session_kind(), &maintenance_controller}};
  reports.on_post([&](const std::string& kind, const kube::ObjectKey& key) {
    if (auto found = controllers.find(kind); found != controllers.end())
      found->second->enqueue(key);
  });

  plane.while_leading([&](std::stop_token over) -> Result<> {
    server.serve(world, {&backups, &restores, &copies, &maintenances}, std::move(over));
    return {};
  });
  plane.while_leading([&](std::stop_token over) {
    return watch_trusted_authorities(authority_file, authority, clock, std::move(over));
  });
  PolicyKeeper policies{world};
  wake_by_changes(policies, world);
  plane.while_leading([&](std::stop_token over) -> Result<> {
    policies.run(std::move(over));
    return {};
  });
  Sweeper sweeper{world};
  plane.while_leading([&](std::stop_token over) -> Result<> {
    sweeper.run(std::move(over));
    return {};
  });
  log_info("controller started", {{"cluster", settings.cluster_name}, {"version", version.text}});
  auto ended = plane.run(stop);
  background.stop();  // its work refers to the reconcilers
  return ended;
}

}  // namespace

Result<> run_controller(kube::Client& client, const Settings& settings, Clock& clock,
                        std::stop_token stop) {
  auto server = TRY(WorkServer::start(settings, clock));
  while (true) {
    auto ended = lead_once(client, settings, *server, clock, stop);
    if (ended || stop.stop_requested() || !is_retryable(ended.code())) return ended;
    log_warning("beginning anew", {{"cause", ended.error().message()}});
    if (!clock.sleep(new_beginning_pause, stop)) return ended;
  }
}

}  // namespace dmaas::controller
