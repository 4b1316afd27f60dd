#pragma once

#include "api/conditions.hpp"
#include "api/hooks.hpp"
#include "api/object.hpp"

namespace dmaas::api {

struct HookTemplateSpec {
  std::optional<ExecHook> exec{};
  std::chrono::nanoseconds timeout = default_hook_timeout;
  HookFailure on_failure = HookFailure::abort;

  static void fields(auto& self, auto&& field) {
    field("exec", self.exec, "Command to run in a pod of the application.", rule::required);
    field("timeout", self.timeout, "After this time the command is given up.", rule::with_default);
    field("onFailure", self.on_failure, "abort: the session fails; continue: a warning.",
          rule::with_default);
  }
};

struct HookTemplateStatus {
  std::int64_t observed_generation = 0;
  Conditions conditions{};

  static void fields(auto& self, auto&& field) {
    field("observedGeneration", self.observed_generation,
          "Generation of the spec that this status is about.");
    field("conditions", self.conditions, "What works and what does not.", rule::keys("type"));
  }
};

using HookTemplate = Object<HookTemplateSpec, HookTemplateStatus>;
template <>
const KindInfo& kind_info<HookTemplate>();

/// `hook` completed from `hook_template`, which is null for a hook that says itself what to do.
/// Errors: not_found (the hook names a template and there is none).
Result<ResolvedHook> resolve_hook(const Hook& hook, const HookTemplate* hook_template);

}  // namespace dmaas::api
