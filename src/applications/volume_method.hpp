#pragma once

#include <map>
#include <string>

#include "applications/claim.hpp"
#include "base/json.hpp"

namespace dmaas::applications {

/// From where the data of a live volume can be read by mounting it.
enum class MountPlace {
  system_namespace,       // through a twin volume; nothing appears in the application's namespace
  application_namespace,  // by a pod that mounts the claim itself
  impossible,
};

struct MountChoice {
  MountPlace place = MountPlace::impossible;
  std::string reason{};  // one sentence for the plan's status; when impossible, with the remedy
  std::string node{};    // where the mover must run; "": the volume's own affinity decides
};

/// Decides by the documents alone.
MountChoice choose_mount(const Claim& claim);

enum class TwinAccess { read_only, read_write };
/// The twin's volume (cluster-scoped) and claim bear the same name.
struct TwinPlace {
  std::string namespace_name{};
  std::string name{};
  std::map<std::string, std::string> labels{};
  TwinAccess access = TwinAccess::read_only;
};
/// A second PersistentVolume for the same data: read-only, unless it is to be written, where the
/// source can say so; never deletes the data (Retain), bound to the twin's claim alone. The claim
/// must be one for which `choose_mount` says system_namespace.
Json twin_volume(const Claim& claim, const TwinPlace& place);
/// The claim that binds to `twin_volume`.
Json twin_claim(const Claim& claim, const TwinPlace& place);

}  // namespace dmaas::applications
