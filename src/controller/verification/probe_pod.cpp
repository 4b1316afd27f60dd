#include "controller/verification/probe_pod.hpp"

#include "api/labels.hpp"
#include "api/names.hpp"
#include "controller/movers.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

const kube::Resource pods = kube::resources::pods();

JsonObject container_of(const api::ProbeOrder& order, const Settings& settings) {
  return {{"name", "probe"},
          {"image", settings.image},
          {"imagePullPolicy", settings.image_pull_policy},
          {"args", JsonArray{"probe", "--order", to_text(to_json(order))}},
          {"resources",
           {{"requests", {{"cpu", "10m"}, {"memory", "32Mi"}}}, {"limits", {{"memory", "128Mi"}}}}},
          {"securityContext",
           {{"runAsNonRoot", true},
            {"runAsUser", 65532},
            {"allowPrivilegeEscalation", false},
            {"readOnlyRootFilesystem", true},
            {"capabilities", {{"drop", JsonArray{"ALL"}}}}}}};
}

}  // namespace

Json probe_manifest(const api::VerificationSession& session, const ProbePod& probe,
                    const Settings& settings) {
  const auto& uid = session.metadata.uid;
  auto pod = kube::make_object(
      pods, {session.status.scratch_namespace,
             api::probe_name({.session_uid = uid, .component = probe.purpose, .storage = ""})});
  kube::set_label(pod, api::label::managed_by, "dmaas");
  kube::set_label(pod, api::label::part, "probe");
  kube::set_label(pod, api::label::session, kube::to_label_value(session.metadata.name));
  kube::set_label(pod, api::label::session_namespace, session.metadata.namespace_name);
  kube::set_label(pod, api::label::session_uid, uid);
  kube::set_label(pod, api::label::component, kube::to_label_value(probe.purpose));
  // A mesh's proxy would answer for the network.
  kube::set_annotation(pod, "sidecar.istio.io/inject", "false");
  pod.as_object()["spec"] =
      JsonObject{{"restartPolicy", "Never"},
                 {"automountServiceAccountToken", false},
                 {"enableServiceLinks", false},
                 {"terminationGracePeriodSeconds", 5},
                 {"securityContext", {{"seccompProfile", {{"type", "RuntimeDefault"}}}}},
                 {"containers", JsonArray{container_of(probe.order, settings)}}};
  return pod;
}

std::optional<api::ProbeReport> report_of(const Json& pod) {
  if (!has_ended(pod)) return std::nullopt;
  for (const auto& status : items_at(pod, "status", "containerStatuses")) {
    auto document = parse_json(text_at(status, "state", "terminated", "message"));
    if (!document) continue;
    if (auto report = from_json<api::ProbeReport>(*document)) return std::move(*report);
  }
  auto trouble = trouble_of(pod);
  return api::ProbeReport{
      .passed = false,
      .message = trouble.empty() ? "the probe ended without an answer" : std::move(trouble)};
}

Result<ProbeView> step_probe(World& world, const api::VerificationSession& session,
                             const ProbePod& probe, std::stop_token stop) {
  auto manifest = probe_manifest(session, probe, world.settings);
  auto pod = world.client.get(pods, kube::key_of(manifest), stop);
  if (pod.failed_with(ErrorCode::not_found))
    pod = world.client.create(pods, manifest, {}, std::move(stop));
  if (!pod) return fail(std::move(pod).error().context("making a probe"));
  ProbeView view{.report = report_of(*pod)};
  if (!view.report) view.message = trouble_of(*pod);
  return view;
}

}  // namespace dmaas::controller
