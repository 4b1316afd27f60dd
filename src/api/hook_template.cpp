#include "api/hook_template.hpp"

#include "base/describe.hpp"

DMAAS_DESCRIBE(dmaas::api::HookTemplateSpec);
DMAAS_DESCRIBE(dmaas::api::HookTemplateStatus);

namespace dmaas::api {

template <>
const KindInfo& kind_info<HookTemplate>() {
  static const KindInfo info{
      .kind = "HookTemplate",
      .plural = "hooktemplates",
      .short_name = "hookt",
      .text = "A command before or after backups that several plans share.",
      .columns = {{"Ready", R"(.status.conditions[?(@.type=="Ready")].status)"},
                  {"Timeout", ".spec.timeout"},
                  {"On Failure", ".spec.onFailure"},
                  {"Message", R"(.status.conditions[?(@.type=="Ready")].message)", "string", true},
                  {"Age", ".metadata.creationTimestamp", "date"}},
      .spec = &description_of<HookTemplateSpec>,
      .status = &description_of<HookTemplateStatus>,
  };
  return info;
}

Result<ResolvedHook> resolve_hook(const Hook& hook, const HookTemplate* hook_template) {
  ResolvedHook resolved{.name = hook.name,
                        .timeout = hook.timeout.value_or(default_hook_timeout),
                        .on_failure = hook.on_failure.value_or(HookFailure::abort)};
  if (hook.exec) {
    resolved.exec = *hook.exec;
    return resolved;
  }
  if (hook_template == nullptr || !hook_template->spec.exec) {
    auto name = hook.template_reference ? hook.template_reference->name : std::string();
    return fail(ErrorCode::not_found, "hook " + hook.name + ": there is no HookTemplate " + name +
                                          "; create it or correct templateRef");
  }
  const auto& spec = hook_template->spec;
  resolved.exec = *spec.exec;
  resolved.timeout = hook.timeout.value_or(spec.timeout);
  resolved.on_failure = hook.on_failure.value_or(spec.on_failure);
  return resolved;
}

}  // namespace dmaas::api
