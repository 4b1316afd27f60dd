#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/mover_settings.hpp"
#include "api/work_order.hpp"
#include "base/json.hpp"
#include "controller/settings.hpp"
#include "kube/object/object_key.hpp"

namespace dmaas::controller {

/// What the pod needs to do to its volume, which decides its rights.
enum class MoverRights {
  none,     // no volume of an application: dumps, objects
  read,     // root with DAC_READ_SEARCH only
  restore,  // root with what setting owners, modes and devices needs
};

/// How a mover's pod looks; everything else follows from it. The work itself is not in it: the
/// mover fetches that.
struct MoverPod {
  kube::ObjectKey key{};
  std::string part = "mover";  // label dmaas.io/part
  api::OrderSession session{};
  std::string component{};
  std::string role = "mover";  // subcommand of the program
  std::string service_account = "dmaas-mover";
  MoverRights rights = MoverRights::none;
  std::string claim{};  // in the pod's namespace; "": none
  api::VolumeMode volume_mode = api::VolumeMode::filesystem;
  std::string node{};      // only there; "": anywhere
  JsonObject placement{};  // nodeSelector, affinity, tolerations to add
  api::MoverSettings settings{};
  /// A pod of the application whose container's image, environment, configuration and account the
  /// mover takes over; null: the product's own image. The program is then carried in by an init
  /// container.
  const Json* application_pod = nullptr;
  std::string application_container{};  // must be one of that pod; "": the first
};

/// Where a volume is mounted in a mover, and its device when it is a block volume.
inline constexpr std::string_view volume_mount_path = "/volume";
inline constexpr std::string_view volume_device_path = "/dev/volume";

/// The volume of a mover as its work order names it; `mode` as in claims.
api::OrderVolume volume_of(std::string_view mode);

/// The manifest. Pure. Holds no storage credential, no API token but the two of other audiences, no
/// key.
Json mover_pod_manifest(const MoverPod& pod, const Settings& settings,
                        const std::string& ca_certificate);

/// A container of a pod, the first one when `name` is empty; null when there is none.
const Json* find_container(const Json& pod, const std::string& name);

/// The mover's memory limit in bytes.
std::int64_t memory_limit_of(const api::MoverSettings& settings);

}  // namespace dmaas::controller
