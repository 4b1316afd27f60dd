#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/backup_configuration.hpp"
#include "api/backup_session.hpp"
#include "api/backup_storage.hpp"
#include "api/snapshot.hpp"
#include "applications/application.hpp"
#include "applications/selection.hpp"

namespace dmaas::controller {

// What a backup is made of. Everything here is pure.

/// "volume/<claim>", or "volume/<namespace>/<claim>" for claims outside the plan's namespace.
std::string volume_component(const kube::ObjectKey& claim, const std::string& plan_namespace);
/// The claim that such a component names; nothing for other components.
std::optional<kube::ObjectKey> claim_of_component(const std::string& component,
                                                  const std::string& plan_namespace);

/// A dump of a plan with the target that it belongs to. Both point into the plan.
struct DumpOfPlan {
  const api::BackupTarget* target = nullptr;
  const api::LogicalDump* dump = nullptr;
};
/// The dump that such a component names; nothing for other components, and when the plan has it no
/// more.
std::optional<DumpOfPlan> dump_of_component(const std::string& component,
                                            const api::BackupConfigurationSpec& plan);

struct PlannedComponents {
  std::vector<api::ComponentStatus> components{};  // resources last
  std::vector<api::ResolvedVolume> volumes{};
  std::vector<std::string> warnings{};
  /// Why no complete backup is possible, with the remedy; "" when there is nothing.
  std::string obstacle{};
  bool is_heard = false;  // a silent plan would put a pod beside the application
};

/// One component for each readable claim, each dump of the targets and the objects, on each
/// storage. `targets` are some of the plan's, `application` is what belongs to them.
PlannedComponents plan_components(const api::BackupConfiguration& plan,
                                  const std::vector<api::BackupTarget>& targets,
                                  const applications::Application& application,
                                  const std::vector<api::BackupStorage>& storages);

/// Targets of the plan as discovery wants them.
std::vector<applications::Target> discovery_targets(const api::BackupConfiguration& plan,
                                                    const std::vector<api::BackupTarget>& targets,
                                                    applications::Reach reach);

/// Those that show a backup of the same targets as the run's.
std::vector<api::Snapshot> with_targets_of(const api::BackupConfigurationSpec& plan,
                                           const api::BackupRun& run,
                                           std::vector<api::Snapshot> snapshots);

/// The newest complete backup of these; null when there is none.
const api::Snapshot* newest_of(const std::vector<api::Snapshot>& snapshots);

/// How the next backup after `newest` (null: it is the first) is read, and where it then stands
/// between two full ones.
struct ChainLink {
  api::RunType type = api::RunType::full;
  std::int32_t position = 0;
};
ChainLink next_link(const api::BackupRun& run, std::optional<api::RunType> wanted,
                    const api::Snapshot* newest);

/// The snapshot of the same component in the newest backup of the repository that has it; "" when
/// there is none.
std::string parent_of(const std::string& component, const std::vector<api::Snapshot>& snapshots);

/// What keeps the first component that is not done from going on, with its name; "" when nothing
/// is known.
std::string describe_trouble(const std::vector<api::ComponentStatus>& components);

/// "2/5 components, 37 %": of what is known so far.
std::string describe_progress(const std::vector<api::ComponentStatus>& components);

}  // namespace dmaas::controller
