#include "controller/verification/launch_chart.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "base/yaml.hpp"
#include "controller/accounts.hpp"
#include "controller/movers.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

const kube::Resource pods = kube::resources::pods();
const kube::Resource network_policies = kube::resources::network_policies();
constexpr const char* launch_name = "dmaas-launch";  // of all that is made for it
constexpr std::size_t max_message_bytes = 1000;
/// So much before the session Helm gives up; its pod is ended when it does not.
constexpr std::chrono::seconds grace{30};

constexpr std::string_view network_policy_yaml = R"(
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: {name}, namespace: {scratch}, labels: {{app.kubernetes.io/managed-by: dmaas}}}}
spec:
  podSelector: {{matchLabels: {{dmaas.io/part: launch, dmaas.io/session-uid: "{uid}"}}}}
  policyTypes: [Egress]
  egress: [{{}}]
)";
constexpr std::string_view quota_yaml = R"(
apiVersion: v1
kind: ResourceQuota
metadata: {{name: {name}, namespace: {scratch}, labels: {{app.kubernetes.io/managed-by: dmaas}}}}
spec: {{hard: {{services.loadbalancers: "0", services.nodeports: "0"}}}}
)";

Json document_of(std::string_view yaml, const api::VerificationSession& session) {
  auto document = parse_yaml(fmt::format(fmt::runtime(yaml), fmt::arg("name", launch_name),
                                         fmt::arg("scratch", session.status.scratch_namespace),
                                         fmt::arg("uid", session.metadata.uid)));
  ENSURE(document);
  return std::move(*document);
}

JsonArray arguments_of(const api::VerificationSession& session, std::chrono::seconds patience) {
  const auto& helm = *session.spec.verification.helm;
  JsonArray arguments{"install",
                      helm.release_name,
                      helm.chart,
                      "--namespace",
                      session.status.scratch_namespace,
                      "--values",
                      "/values/values.json",
                      "--wait",
                      "--timeout",
                      fmt::format("{}s", patience.count())};
  for (const auto& [flag, value] :
       {std::pair("--repo", &helm.repository), {"--version", &helm.version}}) {
    if (value->empty()) continue;
    arguments.push_back(flag);
    arguments.push_back(Json(*value));
  }
  return arguments;
}

JsonObject container_of(const api::VerificationSession& session, std::chrono::seconds patience) {
  JsonArray environment;
  for (const auto& [name, value] : {std::pair("HOME", "/tmp"),
                                    {"HELM_CACHE_HOME", "/tmp/cache"},
                                    {"HELM_CONFIG_HOME", "/tmp/config"},
                                    {"HELM_DATA_HOME", "/tmp/data"}})
    environment.push_back(JsonObject{{"name", name}, {"value", value}});
  return {{"name", "helm"},
          {"image", session.spec.verification.helm->image},
          {"command", JsonArray{"helm"}},
          {"args", arguments_of(session, patience)},
          {"env", std::move(environment)},
          // The end of what it says becomes the message of its end.
          {"terminationMessagePolicy", "FallbackToLogsOnError"},
          {"resources",
           {{"requests", {{"cpu", "50m"}, {"memory", "64Mi"}}}, {"limits", {{"memory", "512Mi"}}}}},
          {"volumeMounts", JsonArray{JsonObject{{"name", "tmp"}, {"mountPath", "/tmp"}},
                                     JsonObject{{"name", "values"}, {"mountPath", "/values"}}}},
          {"securityContext",
           {{"runAsNonRoot", true},
            {"runAsUser", 65532},
            {"allowPrivilegeEscalation", false},
            {"readOnlyRootFilesystem", true},
            {"capabilities", {{"drop", JsonArray{"ALL"}}}}}}};
}

/// As the account of verifications what it may make, and as ourselves what nobody else may.
Result<> prepare(World& world, const api::VerificationSession& session, std::stop_token stop) {
  const auto& scratch = session.status.scratch_namespace;
  auto account = impersonated(verification_account(world, session.metadata.namespace_name));
  auto client = world.client.impersonating(account);
  auto user = kube::make_object(kube::resources::service_accounts(), launch_account(scratch));
  auto values = kube::make_object(kube::resources::config_maps(), {scratch, launch_name});
  values.as_object()["data"] =
      JsonObject{{"values.json", to_text(session.spec.verification.helm->values)}};
  TRY(kube::ensure_created(*client, kube::resources::service_accounts(), user, stop));
  TRY(kube::ensure_created(*client, kube::resources::config_maps(), values, stop));
  TRY(kube::ensure_created(world.client, kube::resources::resource_quotas(),
                           document_of(quota_yaml, session), stop));
  TRY(bind_launch_account(world, scratch, stop));
  return kube::ensure_created(world.client, network_policies, chart_network_policy(session),
                              std::move(stop));
}

std::string end_of(std::string text) {
  auto last = text.find_last_not_of(" \n");
  text.erase(last == std::string::npos ? 0 : last + 1);
  if (text.size() > max_message_bytes) text = "..." + text.substr(text.size() - max_message_bytes);
  return text;
}

}  // namespace

Json chart_network_policy(const api::VerificationSession& session) {
  return document_of(network_policy_yaml, session);
}

Json chart_pod(const api::VerificationSession& session, std::chrono::nanoseconds patience) {
  // Helm has to give up before the session does: it knows why.
  auto until_end = std::chrono::duration_cast<std::chrono::seconds>(patience);
  auto seconds = std::max({until_end - grace, until_end / 2, std::chrono::seconds{1}});
  const auto& scratch = session.status.scratch_namespace;
  auto pod = kube::make_object(pods, {scratch, launch_name});
  kube::set_label(pod, api::label::managed_by, "dmaas");
  kube::set_label(pod, api::label::part, "launch");
  kube::set_label(pod, api::label::session, kube::to_label_value(session.metadata.name));
  kube::set_label(pod, api::label::session_namespace, session.metadata.namespace_name);
  kube::set_label(pod, api::label::session_uid, session.metadata.uid);
  kube::set_annotation(pod, "sidecar.istio.io/inject", "false");
  pod.as_object()["spec"] = JsonObject{
      {"restartPolicy", "Never"},
      {"serviceAccountName", launch_account(scratch).name},
      {"enableServiceLinks", false},
      {"activeDeadlineSeconds", (seconds + grace).count()},
      {"terminationGracePeriodSeconds", 5},
      {"securityContext", {{"seccompProfile", {{"type", "RuntimeDefault"}}}}},
      {"containers", JsonArray{container_of(session, seconds)}},
      {"volumes",
       JsonArray{JsonObject{{"name", "tmp"}, {"emptyDir", {{"sizeLimit", "256Mi"}}}},
                 JsonObject{{"name", "values"}, {"configMap", {{"name", launch_name}}}}}}};
  return pod;
}

std::optional<std::string> trouble_of_chart(const Json& pod) {
  if (!has_ended(pod)) return std::nullopt;
  for (const auto& status : items_at(pod, "status", "containerStatuses")) {
    const auto* ended = find(status, "state", "terminated");
    if (ended == nullptr) continue;
    if (number_at(*ended, "exitCode").value_or(-1) == 0) return std::string();
    auto said = end_of(text_at(*ended, "message"));
    if (!said.empty()) return said;
  }
  auto trouble = trouble_of(pod);
  return trouble.empty() ? "its pod ended without a word" : trouble;
}

Result<ChartView> step_chart(World& world, const api::VerificationSession& session,
                             std::chrono::nanoseconds patience, std::stop_token stop) {
  auto manifest = chart_pod(session, patience);
  auto pod = world.client.get(pods, kube::key_of(manifest), stop);
  if (pod.failed_with(ErrorCode::not_found)) {
    TRY(prepare(world, session, stop));
    pod = world.client.create(pods, manifest, {}, stop);
  }
  if (!pod) return fail(std::move(pod).error().context("making the pod of Helm"));
  ChartView view{.outcome = trouble_of_chart(*pod)};
  if (view.outcome) {
    TRY(close_chart_network(world, session, std::move(stop)));
  } else {
    view.message = trouble_of(*pod);
  }
  return view;
}

Result<> close_chart_network(World& world, const api::VerificationSession& session,
                             std::stop_token stop) {
  if (session.status.scratch_namespace.empty()) return {};
  return kube::ensure_removed(world.client, network_policies,
                              {session.status.scratch_namespace, launch_name}, {}, std::move(stop));
}

}  // namespace dmaas::controller
