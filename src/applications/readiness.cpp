#include "applications/readiness.hpp"

#include <fmt/format.h>

#include "api/object.hpp"
#include "kube/object/resource.hpp"

namespace dmaas::applications {
namespace {

Readiness ready() {
  return {};
}
Readiness waiting(std::string reason) {
  return {ReadinessState::waiting, std::move(reason)};
}
Readiness failed(std::string reason) {
  return {ReadinessState::failed, std::move(reason)};
}

std::int64_t number_or(const std::optional<std::int64_t>& number, std::int64_t otherwise) {
  return number.value_or(otherwise);
}

const Json* condition_of(const Json& object, std::string_view type) {
  for (const auto& condition : items_at(object, "status", "conditions")) {
    if (text_at(condition, "type") == type) return &condition;
  }
  return nullptr;
}

bool is_true(const Json* condition) {
  return condition != nullptr && text_at(*condition, "status") == "True";
}

std::string message_of(const Json& condition) {
  const std::string message = text_at(condition, "message");
  return message.empty() ? text_at(condition, "reason") : message;
}

/// The status says nothing about a spec that its controller has not seen yet.
bool is_status_old(const Json& object) {
  const auto observed = number_at(object, "status", "observedGeneration");
  return observed.has_value() &&
         *observed < number_or(number_at(object, "metadata", "generation"), 0);
}

Readiness counted(std::int64_t have, std::int64_t want, std::string_view what) {
  if (have >= want) return ready();
  return waiting(fmt::format("{} of {} {}", have, want, what));
}

Readiness of_deployment(const Json& object) {
  const Json* progressing = condition_of(object, "Progressing");
  if (progressing != nullptr && text_at(*progressing, "reason") == "ProgressDeadlineExceeded") {
    return failed(message_of(*progressing));
  }
  if (number_at(object, "status", "observedGeneration") == std::nullopt)
    return waiting("not seen by its controller yet");
  const auto want = number_or(number_at(object, "spec", "replicas"), 1);
  const auto updated = counted(number_or(number_at(object, "status", "updatedReplicas"), 0), want,
                               "replicas updated");
  if (updated.state != ReadinessState::ready) return updated;
  return counted(number_or(number_at(object, "status", "availableReplicas"), 0), want,
                 "replicas available");
}

Readiness of_replicas(const Json& object) {
  return counted(number_or(number_at(object, "status", "readyReplicas"), 0),
                 number_or(number_at(object, "spec", "replicas"), 1), "replicas ready");
}

Readiness of_daemon_set(const Json& object) {
  const auto want = number_at(object, "status", "desiredNumberScheduled");
  if (!want || !number_at(object, "status", "observedGeneration"))
    return waiting("not seen by its controller yet");
  return counted(number_or(number_at(object, "status", "numberReady"), 0), *want, "pods ready");
}

Readiness of_pod(const Json& object) {
  const std::string phase = text_at(object, "status", "phase");
  if (phase == "Succeeded" || is_true(condition_of(object, "Ready"))) return ready();
  if (phase == "Failed") {
    const std::string message = text_at(object, "status", "message");
    return failed(message.empty() ? "the pod failed" : message);
  }
  const Json* scheduled = condition_of(object, "PodScheduled");
  if (scheduled != nullptr && !is_true(scheduled))
    return waiting("not scheduled: " + message_of(*scheduled));
  const std::string trouble = container_trouble(object);
  if (!trouble.empty()) return waiting(trouble);
  return waiting(phase == "Running" ? "running, not ready yet" : "starting");
}

Readiness of_claim(const Json& object) {
  const std::string phase = text_at(object, "status", "phase");
  if (phase == "Bound") return ready();
  if (phase == "Lost") return failed("its persistent volume is gone");
  return waiting("not bound yet");
}

Readiness of_job(const Json& object) {
  if (is_true(condition_of(object, "Complete"))) return ready();
  const Json* failure = condition_of(object, "Failed");
  if (is_true(failure)) return failed(message_of(*failure));
  if (flag_at(object, "spec", "suspend")) return ready();
  // A job may take hours; an application is back as soon as it runs.
  if (number_or(number_at(object, "status", "ready"), 0) > 0) return ready();
  return waiting("no pod of it runs yet");
}

Readiness of_service(const Json& object) {
  if (text_at(object, "spec", "type") != "LoadBalancer") return ready();
  if (!items_at(object, "status", "loadBalancer", "ingress").empty()) return ready();
  return waiting("no load balancer address yet");
}

Readiness of_namespace(const Json& object) {
  if (text_at(object, "status", "phase") == "Terminating")
    return failed("the namespace is being deleted");
  return ready();
}

Readiness by_condition(const Json& object, std::string_view type) {
  const Json* condition = condition_of(object, type);
  if (is_true(condition)) return ready();
  return waiting(condition == nullptr
                     ? fmt::format("not {} yet", type)
                     : fmt::format("{} is {}: {}", type, text_at(*condition, "status"),
                                   message_of(*condition)));
}

using Judge = Readiness (*)(const Json&);
struct KindJudge {
  std::string_view kind;
  Judge judge;
};
constexpr KindJudge judges[] = {
    {"Deployment", of_deployment},
    {"StatefulSet", of_replicas},
    {"ReplicaSet", of_replicas},
    {"ReplicationController", of_replicas},
    {"DaemonSet", of_daemon_set},
    {"Pod", of_pod},
    {"PersistentVolumeClaim", of_claim},
    {"Job", of_job},
    {"Service", of_service},
    {"Namespace", of_namespace},
    {"CustomResourceDefinition",
     [](const Json& object) { return by_condition(object, "Established"); }},
    {"APIService", [](const Json& object) { return by_condition(object, "Available"); }},
};

}  // namespace

std::string container_trouble(const Json& pod) {
  for (std::string_view list : {"initContainerStatuses", "containerStatuses"}) {
    for (const auto& status : items_at(pod, "status", list)) {
      const std::string reason = text_at(status, "state", "waiting", "reason");
      if (reason.empty() || reason == "PodInitializing" || reason == "ContainerCreating") continue;
      const std::string message = text_at(status, "state", "waiting", "message");
      return fmt::format("container {}: {}{}{}", text_at(status, "name"), reason,
                         message.empty() ? "" : ": ", message);
    }
  }
  return {};
}

Readiness readiness_of(const Json& object) {
  // Whether it can be backed up here says nothing about whether it runs.
  if (kube::parse_api_version(text_at(object, "apiVersion")).group == api::group_name)
    return ready();
  if (is_status_old(object)) return waiting("its controller has not seen the latest change yet");
  const std::string kind = text_at(object, "kind");
  for (const auto& entry : judges) {
    if (entry.kind == kind) return entry.judge(object);
  }
  return condition_of(object, "Ready") == nullptr ? ready() : by_condition(object, "Ready");
}

}  // namespace dmaas::applications
