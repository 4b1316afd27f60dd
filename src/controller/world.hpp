#pragma once

#include <string>

#include "base/clock.hpp"
#include "controller/background.hpp"
#include "controller/grants.hpp"
#include "controller/mover_reports.hpp"
#include "controller/mover_slots.hpp"
#include "controller/quiescence.hpp"
#include "controller/settings.hpp"
#include "controller/vault.hpp"
#include "kube/client/client.hpp"
#include "kube/runtime/event_recorder.hpp"
#include "kube/runtime/store.hpp"

namespace dmaas::controller {

/// Local copies of what reconcilers look at.
struct Stores {
  kube::Store& storages;
  kube::Store& repositories;
  kube::Store& plans;
  kube::Store& backup_sessions;
  kube::Store& snapshots;
  kube::Store& restore_sessions;
  kube::Store& retention_policies;
  kube::Store& hook_templates;
  kube::Store& grants;
  kube::Store& verifiers;
  kube::Store& verification_sessions;
  kube::Store& policies;
  kube::Store& copy_sessions;
  kube::Store& standbys;
  kube::Store& refills;
  kube::Store& mover_pods;  // of all namespaces, by label
};

/// What every reconciler is given. All of it is thread-safe and outlives them.
struct World {
  kube::Client& client;
  Clock& clock;
  const Settings& settings;
  std::string cluster_uid;
  std::string cluster_version;
  std::string ca_certificate;
  Stores stores;
  Grants& grants;
  MoverSlots& slots;
  Vault& vault;
  MoverReports& reports;
  Background& background;
  Quiescence& quiescence;
  kube::EventRecorder& events;
};

}  // namespace dmaas::controller
