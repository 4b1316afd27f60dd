#include "cli/install/manifests.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/kinds.hpp"
#include "base/encoding.hpp"
#include "base/yaml.hpp"
#include "certificates/secrets.hpp"
#include "crypto/sha256.hpp"

namespace dmaas::cli {
namespace {

// Namespace: movers of volumes need DAC_READ_SEARCH to read and more to restore, which only
// `privileged` admits. dmaas-restore of this namespace serves the sessions that administrators make
// here, across namespaces.
constexpr std::string_view accounts_yaml = R"(
apiVersion: v1
kind: Namespace
metadata:
  name: {namespace}
  labels:
    pod-security.kubernetes.io/enforce: privileged
---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: dmaas-controller, namespace: {namespace}}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: dmaas-gateway, namespace: {namespace}}}
automountServiceAccountToken: true
---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: dmaas-resources, namespace: {namespace}}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: dmaas-mover, namespace: {namespace}}}
automountServiceAccountToken: false
---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: dmaas-restore, namespace: {namespace}}}
)";

// The controller reads everything to find what belongs to an application. It writes into namespaces
// only what a session needs: claims and pods of movers, the bindings of the accounts that restores
// and hooks act as, the scratch namespaces of verifications with their policies, and the status of
// our own kinds. On workloads and namespaces it writes how they are protected; for custom resources
// of databases it may when a ClusterRole that lets it patch them has the label
// dmaas.io/aggregate-to-controller.
constexpr std::string_view controller_roles_yaml = R"(
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: dmaas-controller}}
rules:
- {{apiGroups: ["*"], resources: ["*"], verbs: [get, list, watch]}}
- {{apiGroups: [dmaas.io], resources: ["*"], verbs: [create, update, patch, delete]}}
- {{apiGroups: [""], resources: [pods, persistentvolumeclaims, persistentvolumes], verbs: [create, patch, update, delete]}}
- {{apiGroups: [""], resources: [serviceaccounts, groups], verbs: [impersonate]}}
- {{apiGroups: [""], resources: [namespaces], verbs: [create, delete]}}
- {{apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: [create, delete]}}
- {{apiGroups: [""], resources: [resourcequotas], verbs: [create]}}
- {{apiGroups: [rbac.authorization.k8s.io], resources: [rolebindings], verbs: [create]}}
- {{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], resourceNames: [admin, dmaas-hooks, dmaas-launch], verbs: [bind]}}
- {{apiGroups: [events.k8s.io, ""], resources: [events], verbs: [create, patch]}}
- {{apiGroups: [authentication.k8s.io], resources: [tokenreviews], verbs: [create]}}
- {{apiGroups: [authorization.k8s.io], resources: [subjectaccessreviews], verbs: [create]}}
- {{apiGroups: [apps], resources: [statefulsets, deployments, daemonsets], verbs: [patch]}}
- {{apiGroups: [""], resources: [namespaces], verbs: [patch]}}
- {{apiGroups: [apps], resources: [statefulsets/status, deployments/status, daemonsets/status], verbs: [patch]}}
- {{apiGroups: [""], resources: [namespaces/status], verbs: [patch]}}
- {{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], resourceNames: [dmaas-open-policies], verbs: [update, patch]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: dmaas-controller}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: dmaas-controller}}
subjects: [{{kind: ServiceAccount, name: dmaas-controller, namespace: {namespace}}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: dmaas-controller-targets}}
aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{dmaas.io/aggregate-to-controller: "true"}}}}]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: dmaas-controller-targets}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: dmaas-controller-targets}}
subjects: [{{kind: ServiceAccount, name: dmaas-controller, namespace: {namespace}}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: dmaas-controller, namespace: {namespace}}}
rules:
- {{apiGroups: [""], resources: [secrets, configmaps], verbs: [get, list, watch, create, update, patch, delete]}}
- {{apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, create, update, patch]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: dmaas-controller, namespace: {namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: dmaas-controller}}
subjects: [{{kind: ServiceAccount, name: dmaas-controller, namespace: {namespace}}}]
)";

constexpr std::string_view other_roles_yaml = R"(
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: dmaas-gateway}}
rules:
- {{apiGroups: [authentication.k8s.io], resources: [tokenreviews], verbs: [create]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: dmaas-gateway}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: dmaas-gateway}}
subjects: [{{kind: ServiceAccount, name: dmaas-gateway, namespace: {namespace}}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: dmaas-gateway, namespace: {namespace}}}
rules:
- {{apiGroups: [""], resources: [secrets], resourceNames: [dmaas-gateway-storages], verbs: [get, list, watch]}}
- {{apiGroups: [""], resources: [configmaps], resourceNames: [dmaas-gateway-grants], verbs: [get, list, watch]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: dmaas-gateway, namespace: {namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: dmaas-gateway}}
subjects: [{{kind: ServiceAccount, name: dmaas-gateway, namespace: {namespace}}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: dmaas-resources}}
rules:
- {{apiGroups: ["*"], resources: ["*"], verbs: [get, list]}}
- {{nonResourceURLs: ["*"], verbs: [get]}}
- {{apiGroups: [""], resources: [serviceaccounts, groups], verbs: [impersonate]}}
- {{apiGroups: [authorization.k8s.io], resources: [subjectaccessreviews], verbs: [create]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: dmaas-resources}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: dmaas-resources}}
subjects: [{{kind: ServiceAccount, name: dmaas-resources, namespace: {namespace}}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: dmaas-hooks}}
rules:
- {{apiGroups: [""], resources: [pods/exec], verbs: [get, create]}}
- {{apiGroups: [""], resources: [pods], verbs: [create]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: dmaas-launch}}
rules:
- {{apiGroups: [""], resources: [configmaps, secrets, services, serviceaccounts, persistentvolumeclaims, pods], verbs: [get, list, watch, create, update, patch, delete]}}
- {{apiGroups: [""], resources: [endpoints, events, pods/log], verbs: [get, list, watch]}}
- {{apiGroups: [apps], resources: [deployments, statefulsets, daemonsets, replicasets], verbs: [get, list, watch, create, update, patch, delete]}}
- {{apiGroups: [batch], resources: [jobs], verbs: [get, list, watch, create, update, patch, delete]}}
- {{apiGroups: [policy], resources: [poddisruptionbudgets], verbs: [get, list, watch, create, update, patch, delete]}}
- {{apiGroups: [rbac.authorization.k8s.io], resources: [roles, rolebindings], verbs: [get, list, watch, create, update, patch, delete]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: dmaas-restore}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}}
subjects: [{{kind: ServiceAccount, name: dmaas-restore, namespace: {namespace}}}]
)";

// For whoever collects metrics: bind it to that account.
constexpr std::string_view metrics_role_yaml = R"(
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: dmaas-metrics}}
rules:
- {{nonResourceURLs: [/metrics], verbs: [get]}}
)";

// What people get with the roles that every cluster has; and roles for those who have none of them,
// to be bound in a namespace or in all. The controller writes into dmaas-open-policies which
// policies everybody may read: all but the silent ones.
constexpr std::string_view people_roles_yaml = R"(
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: dmaas-aggregate-to-view, labels: {{rbac.authorization.k8s.io/aggregate-to-view: "true"}}}}
rules:
- {{apiGroups: [dmaas.io], resources: ["*"], verbs: [get, list, watch]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: dmaas-aggregate-to-edit, labels: {{rbac.authorization.k8s.io/aggregate-to-edit: "true"}}}}
rules:
- {{apiGroups: [dmaas.io], resources: [backupconfigurations, backupsessions, copysessions, hooktemplates], verbs: [create, update, patch, delete]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: dmaas-aggregate-to-admin, labels: {{rbac.authorization.k8s.io/aggregate-to-admin: "true"}}}}
rules:
- {{apiGroups: [dmaas.io], resources: [backupstorages, repositories, snapshots, retentionpolicies, restoresessions, backupgrants, backupverifiers, verificationsessions, standbys, restoreconfigurations], verbs: [create, update, patch, delete]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: dmaas-viewer}}
rules:
- {{apiGroups: [dmaas.io], resources: {seen_by_users}, verbs: [get, list, watch]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: dmaas-operator}}
rules:
- {{apiGroups: [dmaas.io], resources: {seen_by_users}, verbs: [get, list, watch]}}
- {{apiGroups: [dmaas.io], resources: [backupconfigurations, backupsessions, copysessions, hooktemplates, restoresessions, standbys, restoreconfigurations], verbs: [create, update, patch, delete]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: dmaas-admin}}
rules:
- {{apiGroups: [dmaas.io], resources: ["*"], verbs: ["*"]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: dmaas-open-policies}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: dmaas-open-policies}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: dmaas-open-policies}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}}]
)";

constexpr std::string_view services_yaml = R"(
apiVersion: v1
kind: Service
metadata: {{name: dmaas-controller, namespace: {namespace}}}
spec:
  selector: {{app.kubernetes.io/name: dmaas, app.kubernetes.io/component: controller}}
  ports: [{{name: https, port: 8443, targetPort: https}}]
---
apiVersion: v1
kind: Service
metadata: {{name: dmaas-gateway, namespace: {namespace}}}
spec:
  selector: {{app.kubernetes.io/name: dmaas, app.kubernetes.io/component: gateway}}
  ports: [{{name: https, port: 8443, targetPort: https}}]
)";

// Whoever makes certificates writes their Secrets and nothing else. RBAC cannot say of which name
// an object may be created.
constexpr std::string_view certificates_roles_yaml = R"(
apiVersion: v1
kind: ServiceAccount
metadata: {{name: dmaas-certificates, namespace: {namespace}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: dmaas-certificates, namespace: {namespace}}}
rules:
- {{apiGroups: [""], resources: [secrets], resourceNames: [{secrets}], verbs: [get, patch]}}
- {{apiGroups: [""], resources: [secrets], verbs: [create]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: dmaas-certificates, namespace: {namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: dmaas-certificates}}
subjects: [{{kind: ServiceAccount, name: dmaas-certificates, namespace: {namespace}}}]
)";

constexpr std::string_view certificates_job_yaml = R"(
metadata: {{labels: {{app.kubernetes.io/name: dmaas, app.kubernetes.io/component: certificates}}}}
spec:
  backoffLimit: 6
  template:
    metadata: {{labels: {{app.kubernetes.io/name: dmaas, app.kubernetes.io/component: certificates}}}}
    spec:
      serviceAccountName: dmaas-certificates
      restartPolicy: Never
      securityContext: {{seccompProfile: {{type: RuntimeDefault}}}}
      containers:
      - name: certificates
        image: {image}
        imagePullPolicy: {pull_policy}
        args: [certificates, --namespace, {namespace}]
        resources: {{requests: {{cpu: 10m, memory: 32Mi}}, limits: {{memory: 128Mi}}}}
        securityContext: {security}
)";

// Every week: four times at least between the day when a certificate is due and its end.
constexpr std::string_view certificates_schedule_yaml = R"(
schedule: "23 3 * * 0"
concurrencyPolicy: Forbid
startingDeadlineSeconds: 86400
successfulJobsHistoryLimit: 1
failedJobsHistoryLimit: 1
)";

// Recreate: two controllers would only wait for each other's lease, two gateways must not share one
// local directory.
constexpr std::string_view deployment_yaml = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {{name: dmaas-{role}, namespace: {namespace}, labels: {{app.kubernetes.io/name: dmaas, app.kubernetes.io/component: {role}}}}}
spec:
  replicas: 1
  strategy: {{type: Recreate}}
  selector: {{matchLabels: {{app.kubernetes.io/name: dmaas, app.kubernetes.io/component: {role}}}}}
  template:
    metadata: {{labels: {{app.kubernetes.io/name: dmaas, app.kubernetes.io/component: {role}}}}}
    spec:
      serviceAccountName: dmaas-{role}
      securityContext: {{seccompProfile: {{type: RuntimeDefault}}}}
      containers:
      - name: {role}
        image: {image}
        imagePullPolicy: {pull_policy}
        args: {arguments}
        ports: [{{name: https, containerPort: 8443}}]
        readinessProbe: {{httpGet: {{path: /readyz, port: https, scheme: HTTPS}}, periodSeconds: 2}}
        livenessProbe: {{httpGet: {{path: /healthz, port: https, scheme: HTTPS}}, periodSeconds: 10, failureThreshold: 6}}
        resources: {{requests: {{cpu: 50m, memory: 64Mi}}, limits: {{memory: 512Mi}}}}
        securityContext: {security}
        volumeMounts:
        - {{name: tls, mountPath: /etc/dmaas/tls, readOnly: true}}
        - {{name: scratch, mountPath: /var/cache/dmaas}}
        - {{name: gateway-token, mountPath: /var/run/secrets/dmaas, readOnly: true}}
      volumes:
      - {{name: tls, secret: {{secretName: dmaas-{role}-tls}}}}
      - {{name: scratch, emptyDir: {{}}}}
      - {{name: gateway-token, projected: {{sources: [{{serviceAccountToken: {{audience: dmaas-gateway, expirationSeconds: 3600, path: gateway-token}}}}]}}}}
)";

constexpr std::string_view unprivileged =
    "{runAsNonRoot: true, runAsUser: 65532, allowPrivilegeEscalation: false, "
    "readOnlyRootFilesystem: true, "
    "capabilities: {drop: [ALL]}}";
// A local directory belongs to root on most nodes.
constexpr std::string_view root_without_capabilities =
    "{runAsUser: 0, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: "
    "{drop: [ALL], add: "
    "[DAC_OVERRIDE]}}";

void mount_local_directories(Json& deployment, const std::vector<std::string>& directories) {
  auto& pod = deployment.at("spec").at("template").at("spec").as_object();
  auto& mounts = pod.at("containers").at(0).at("volumeMounts").as_array();
  int number = 0;
  for (const auto& directory : directories) {
    auto name = fmt::format("local-{}", number++);
    mounts.push_back(JsonObject{{"name", name}, {"mountPath", directory}});
    pod.at("volumes").as_array().push_back(JsonObject{
        {"name", name}, {"hostPath", {{"path", directory}, {"type", "DirectoryOrCreate"}}}});
  }
}

Result<Json> deployment(const InstallOptions& options, std::string_view role,
                        const std::string& arguments, std::string_view security) {
  return parse_yaml(fmt::format(fmt::runtime(deployment_yaml), fmt::arg("role", role),
                                fmt::arg("namespace", options.namespace_name),
                                fmt::arg("image", options.image),
                                fmt::arg("pull_policy", options.image_pull_policy),
                                fmt::arg("arguments", arguments), fmt::arg("security", security)));
}

/// The Job that makes certificates now, and the CronJob that renews them. A Job runs once and its
/// template cannot be changed, so its name tells what it was made of: another version is another
/// Job.
Result<> append_certificates(std::vector<Json>& manifests, const InstallOptions& options) {
  auto job = TRY(parse_yaml(fmt::format(
      fmt::runtime(certificates_job_yaml), fmt::arg("namespace", options.namespace_name),
      fmt::arg("image", options.image), fmt::arg("pull_policy", options.image_pull_policy),
      fmt::arg("security", unprivileged))));
  auto hash = hex_of(crypto::sha256(bytes_of(to_canonical_text(job)))).substr(0, 8);
  auto schedule = TRY(parse_yaml(certificates_schedule_yaml));
  schedule.as_object()["jobTemplate"] = job;
  auto add = [&](const char* kind, const std::string& name, const Json& spec) {
    manifests.push_back(JsonObject{{"apiVersion", "batch/v1"},
                                   {"kind", kind},
                                   {"metadata",
                                    {{"name", name},
                                     {"namespace", options.namespace_name},
                                     {"labels", job.at("metadata").at("labels")}}},
                                   {"spec", spec}});
  };
  add("Job", fmt::format("{}-{}", certificates_name, hash), job.at("spec"));
  add("CronJob", certificates_name, schedule);
  return {};
}

/// All kinds but storages.
std::string kinds_for_users() {
  std::vector<std::string> plurals;
  for (const auto* kind : api::all_kinds())
    if (kind->kind != "BackupStorage") plurals.push_back(kind->plural);
  return fmt::format("[{}]", fmt::join(plurals, ", "));
}

Result<> append(std::vector<Json>& manifests, std::string_view yaml,
                const InstallOptions& options) {
  auto text = fmt::format(fmt::runtime(yaml), fmt::arg("namespace", options.namespace_name),
                          fmt::arg("secrets", fmt::join(certificates::secret_names, ", ")),
                          fmt::arg("seen_by_users", kinds_for_users()));
  for (auto& document : TRY(parse_yaml_documents(text))) manifests.push_back(std::move(document));
  return {};
}

std::string limit_argument(std::string_view name, std::int32_t limit) {
  return limit == 0 ? "" : fmt::format(", --{}, \"{}\"", name, limit);
}

}  // namespace

std::vector<Json> definitions() {
  std::vector<Json> manifests;
  for (const auto* kind : api::all_kinds()) manifests.push_back(api::definition_of(*kind));
  return manifests;
}

Result<std::vector<Json>> installation_manifests(const InstallOptions& options) {
  std::vector<Json> manifests;
  for (auto yaml : {accounts_yaml, controller_roles_yaml, other_roles_yaml, metrics_role_yaml,
                    people_roles_yaml, certificates_roles_yaml, services_yaml}) {
    TRY(append(manifests, yaml, options));
  }
  TRY(append_certificates(manifests, options));

  auto controller_arguments = fmt::format(
      "[controller, --namespace, {}, --cluster-name, {}, --image, {}, --image-pull-policy, {}{}{}]",
      options.namespace_name, options.cluster_name, options.image, options.image_pull_policy,
      limit_argument("max-movers", options.max_movers),
      limit_argument("max-movers-per-node", options.max_movers_per_node));
  auto gateway_arguments = fmt::format("[gateway, --namespace, {}]", options.namespace_name);
  manifests.push_back(TRY(deployment(options, "controller", controller_arguments, unprivileged)));
  auto security = options.local_directories.empty() ? unprivileged : root_without_capabilities;
  manifests.push_back(TRY(deployment(options, "gateway", gateway_arguments, security)));
  mount_local_directories(manifests.back(), options.local_directories);
  return manifests;
}

Result<std::string> installation_text(const InstallOptions& options) {
  std::string text;
  for (const auto& manifest : definitions()) text += "---\n" + to_yaml(manifest);
  for (const auto& manifest : TRY(installation_manifests(options)))
    text += "---\n" + to_yaml(manifest);
  return text;
}

std::string generated_install_file() {
  auto text = installation_text({});
  ENSURE(text);
  return "# Generated by dmaas_generate from src/cli/install and src/api. Do not edit.\n" + *text;
}

}  // namespace dmaas::cli
