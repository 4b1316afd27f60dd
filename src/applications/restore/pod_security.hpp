#pragma once

#include <string_view>

#include "base/json.hpp"

namespace dmaas::applications {

/// The Pod Security Standard, as the label pod-security.kubernetes.io/enforce takes it, that comes
/// closest to a PodSecurityPolicy: "restricted" or "baseline" when the policy forbids about what
/// the standard does, else "privileged". SELinux and seccomp rules are not compared, nor is what a
/// policy changes in pods, which no standard does.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/psp-to-pod-security-standards/
std::string_view closest_pod_security(const Json& policy);

}  // namespace dmaas::applications
