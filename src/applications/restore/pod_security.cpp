#include "applications/restore/pod_security.hpp"

#include <algorithm>
#include <array>

#include "applications/json_walk.hpp"

namespace dmaas::applications {
namespace {

constexpr std::array<std::string_view, 13> baseline_capabilities = {
    "AUDIT_WRITE",      "CHOWN",   "DAC_OVERRIDE", "FOWNER",  "FSETID", "KILL",      "MKNOD",
    "NET_BIND_SERVICE", "SETFCAP", "SETGID",       "SETPCAP", "SETUID", "SYS_CHROOT"};
constexpr std::array<std::string_view, 8> restricted_volumes = {
    "configMap", "csi",   "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
    "projected", "secret"};

bool has_items(const Json& spec, std::string_view key) {
  return !items_at(spec, key).empty();
}

template <std::size_t count>
bool are_all_of(const JsonArray& values, const std::array<std::string_view, count>& allowed) {
  return std::ranges::all_of(values, [&](const Json& value) {
    return std::ranges::find(allowed, text_of(&value)) != allowed.end();
  });
}

bool names(const JsonArray& values, std::string_view wanted) {
  return std::ranges::any_of(values, [&](const Json& value) { return text_of(&value) == wanted; });
}

bool keeps_baseline(const Json& spec) {
  for (const std::string_view key : {"privileged", "hostPID", "hostIPC", "hostNetwork"}) {
    if (flag_at(spec, key)) return false;
  }
  for (const std::string_view key :
       {"hostPorts", "allowedUnsafeSysctls", "allowedProcMountTypes"}) {
    if (has_items(spec, key)) return false;
  }
  const JsonArray& volumes = items_at(spec, "volumes");
  return !names(volumes, "*") && !names(volumes, "hostPath") &&
         are_all_of(items_at(spec, "allowedCapabilities"), baseline_capabilities);
}

bool forbids_root(const Json& spec) {
  const std::string rule = text_at(spec, "runAsUser", "rule");
  if (rule != "MustRunAs") return rule == "MustRunAsNonRoot";
  return std::ranges::all_of(items_at(spec, "runAsUser", "ranges"), [](const Json& range) {
    return number_at(range, "min").value_or(0) > 0;
  });
}

bool forbids_escalation(const Json& spec) {
  const Json* allowed = find(spec, "allowPrivilegeEscalation");
  return allowed != nullptr && allowed->is_bool() && !allowed->get_bool();
}

bool keeps_restricted(const Json& spec) {
  const JsonArray& dropped = items_at(spec, "requiredDropCapabilities");
  return forbids_escalation(spec) && forbids_root(spec) && names(dropped, "ALL") &&
         are_all_of(items_at(spec, "volumes"), restricted_volumes);
}

}  // namespace

std::string_view closest_pod_security(const Json& policy) {
  const Json* spec = find(policy, "spec");
  if (spec == nullptr || !keeps_baseline(*spec)) return "privileged";
  return keeps_restricted(*spec) ? "restricted" : "baseline";
}

}  // namespace dmaas::applications
