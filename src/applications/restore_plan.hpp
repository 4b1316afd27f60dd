#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "applications/object_id.hpp"
#include "applications/resource_files.hpp"
#include "applications/restore/changes.hpp"
#include "applications/restore/defuse.hpp"
#include "applications/restore/naming.hpp"
#include "applications/restore/order.hpp"
#include "applications/selection.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "kube/client/discovery.hpp"

namespace dmaas::applications {

enum class RestoreScope {
  all,
  claims,  // only claims and the namespaces they need: for their data
};

struct RestoreOptions {
  Selection selection{};
  RestoreScope scope = RestoreScope::all;
  NamingRules naming{};
  Changes changes{};
  std::string restored_by{};  // uid of the session; value of the label dmaas.io/restored-by
  std::string standby{};      // uid of a standby; value of the label dmaas.io/standby
  /// Yes: only a trial. Nothing outside the namespaces that `naming` maps to is touched.
  Defuse defuse = Defuse::no;
};

/// One object as it will be applied.
struct PlannedObject {
  std::string path{};  // of the file it is made of
  ObjectId source{};
  ObjectId destination{};
  kube::Resource
      resource{};  // as the destination serves it, or will once its definition is applied
  RestoreOrder order{};
  bool comes_with_plan = false;  // the kind is served only once its definition is applied
  std::string conversion{};  // for people; "" when applied in the version that the source preferred
};

struct NotPlanned {
  ObjectId source{};
  std::string reason{};
};

/// A claim that the plan creates, with what decides where its volume must come to be.
struct PlannedClaim {
  kube::ObjectKey source{};
  kube::ObjectKey destination{};
  std::string storage_class{};  // at the destination; "": the default class
  std::vector<std::string> access_modes{};
  std::string volume_mode{};
  std::string size{};      // quantity
  JsonObject placement{};  // nodeSelector, affinity, tolerations of the workload that mounts it
};

/// What a restore does, before anything is done. Immutable: any number of threads may read it.
struct RestorePlan {
  std::vector<PlannedObject> objects{};   // in the order in which they are applied
  std::vector<PlannedClaim> claims{};     // sorted by destination
  std::vector<NotPlanned> skipped{};      // by rules, or because nothing is to be done for them
  std::vector<NotPlanned> unsupported{};  // the destination cannot take them; with a remedy
  std::vector<std::string> warnings{};    // what a person should know
  /// Left out of the backup, but workloads need them: as they are called at the destination.
  std::vector<ObjectId> needed_secrets{};
  std::shared_ptr<const Naming> naming{};
  Changes changes{};
  std::string restored_by{};
  std::string standby{};
  Defuse defuse = Defuse::no;
};

/// Reads all files once and decides. Memory: about 1 KiB for each object. Errors: those of the
/// files; invalid_input, corrupt (a file that is not what its path says), unsupported (index of a
/// newer format).
Result<RestorePlan> plan_restore(const ResourceFiles& files, const kube::Discovery& destination,
                                 const RestoreOptions& options, std::stop_token stop);

/// The document to apply: read from the backup, stripped, renamed, labelled, changed. Thread-safe.
/// Errors: those of the files; corrupt; invalid_input (a change does not fit it).
Result<Json> load_planned(const ResourceFiles& files, const RestorePlan& plan,
                          const PlannedObject& object, std::stop_token stop);

}  // namespace dmaas::applications
