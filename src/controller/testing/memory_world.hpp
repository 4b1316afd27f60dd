#pragma once

#include "controller/world.hpp"
#include "kube/testing/fake_api_server.hpp"

namespace dmaas::controller {

/// A controller's world over an API server in memory, for unit tests. Its stores are empty: what a
/// test needs there it applies. A second one over the same server is the controller's next process.
struct MemoryWorld {
  explicit MemoryWorld(kube::FakeApiServer& api) : server(api) {}

  kube::FakeApiServer& server;
  Clock& clock = system_clock();
  Settings settings{.image = "dmaas:1", .pod_name = "controller-0"};
  kube::Store storages{};
  kube::Store repositories{};
  kube::Store plans{};
  kube::Store backup_sessions{};
  kube::Store snapshots{};
  kube::Store restore_sessions{};
  kube::Store retention_policies{};
  kube::Store hook_templates{};
  kube::Store grant_objects{};
  kube::Store verifiers{};
  kube::Store verification_sessions{};
  kube::Store policies{};
  kube::Store copy_sessions{};
  kube::Store standbys{};
  kube::Store refills{};
  kube::Store mover_pods{};
  Grants grants{server, settings.namespace_name};
  MoverSlots slots{settings, grants, mover_pods, clock};
  Vault vault{server, settings, "0123456789", clock};
  MoverReports reports{};
  Background background{};
  Quiescence quiescence{clock};
  kube::EventRecorder events{server, {.instance = "test"}};
  World world{
      .client = server,
      .clock = clock,
      .settings = settings,
      .cluster_uid = "0123456789",
      .cluster_version = "v1.34.2",
      .ca_certificate = "PEM",
      .stores = {storages, repositories, plans, backup_sessions, snapshots, restore_sessions,
                 retention_policies, hook_templates, grant_objects, verifiers,
                 verification_sessions, policies, copy_sessions, standbys, refills, mover_pods},
      .grants = grants,
      .slots = slots,
      .vault = vault,
      .reports = reports,
      .background = background,
      .quiescence = quiescence,
      .events = events};
};

}  // namespace dmaas::controller
