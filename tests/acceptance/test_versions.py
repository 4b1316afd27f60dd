"""TCID-DIR-DMAAS-VERSION-COMPATIBILITY-ML and -PSP: backups go from Kubernetes 1.24 to 1.34 and back. What differs is converted or reported."""

import json
import shutil

import pytest

from sites.applications import Keeper
from sites.plans import custom_resource
from sites.site import SYSTEM, Site

STORAGE = "/var/lib/dmaas-test-storage-versions"
FLOW = "flowcontrol.apiserver.k8s.io"
POD = {"metadata": {"labels": {"app": "idle"}}, "spec": {"containers": [
    {"name": "idle", "image": "dmaas.io/testbed/pause:1", "imagePullPolicy": "Never"}]}}
RESTRICTED = {"allowPrivilegeEscalation": False, "requiredDropCapabilities": ["ALL"], "volumes": ["configMap", "secret", "persistentVolumeClaim"],
              "runAsUser": {"rule": "MustRunAsNonRoot"}, "seLinux": {"rule": "RunAsAny"},
              "supplementalGroups": {"rule": "RunAsAny"}, "fsGroup": {"rule": "RunAsAny"}}


def thing(version, kind, name, namespace, **content):
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **content}


def objects_of_old(namespace):
    """One in each version that 1.24 serves and 1.34 does not; those of the cluster last."""
    scaled = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "idle"}
    selector = {"matchLabels": {"app": "idle"}}
    return [
        thing("apps/v1", "Deployment", "idle", namespace, spec={"selector": selector, "template": POD}),
        thing("batch/v1beta1", "CronJob", "nightly", namespace, spec={"schedule": "0 3 * * *", "suspend": True, "jobTemplate": {"spec": {
            "template": {"spec": {**POD["spec"], "restartPolicy": "Never"}}}}}),
        thing("policy/v1beta1", "PodDisruptionBudget", "idle", namespace, spec={"minAvailable": 1, "selector": selector}),
        thing("autoscaling/v2beta1", "HorizontalPodAutoscaler", "by-cpu", namespace, spec={
            "scaleTargetRef": scaled, "maxReplicas": 3,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "targetAverageUtilization": 70}}]}),
        thing("autoscaling/v2beta2", "HorizontalPodAutoscaler", "by-memory", namespace, spec={
            "scaleTargetRef": scaled, "maxReplicas": 4,
            "metrics": [{"type": "Resource", "resource": {"name": "memory", "target": {"type": "Utilization", "averageUtilization": 60}}}]}),
        thing("v1", "Service", "outside", namespace, spec={"ports": [{"port": 80}]}),
        thing("discovery.k8s.io/v1beta1", "EndpointSlice", "outside-1", namespace, addressType="IPv4", ports=[{"port": 80}],
              endpoints=[{"addresses": ["192.0.2.7"]}]) | {"metadata": {
                  "name": "outside-1", "namespace": namespace, "labels": {"kubernetes.io/service-name": "outside"}}},
    ]


def cluster_objects_of_old():
    return [
        thing("node.k8s.io/v1beta1", "RuntimeClass", "plain", "", handler="runc"),
        thing(f"{FLOW}/v1beta2", "PriorityLevelConfiguration", "tenants", "", spec={"type": "Limited", "limited": {
            "assuredConcurrencyShares": 7, "limitResponse": {"type": "Reject"}}}),
        thing(f"{FLOW}/v1beta2", "FlowSchema", "tenants", "", spec={
            "priorityLevelConfiguration": {"name": "tenants"}, "matchingPrecedence": 900, "rules": [{
                "subjects": [{"kind": "Group", "group": {"name": "tenants"}}],
                "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/tenants"]}]}]}),
        thing("policy/v1beta1", "PodSecurityPolicy", "tight", "", spec=RESTRICTED),
        thing("policy/v1beta1", "PodSecurityPolicy", "loose", "", spec={**RESTRICTED, "privileged": True, "allowPrivilegeEscalation": True}),
    ]


def objects_of_new(namespace):
    """With fields that 1.24 does not know."""
    selector = {"matchLabels": {"app": "idle"}}
    sidecar = {**POD["spec"]["containers"][0], "name": "sidecar", "restartPolicy": "Always"}
    pod = {**POD, "spec": {**POD["spec"], "initContainers": [sidecar]}}
    return [
        thing("apps/v1", "Deployment", "idle", namespace, spec={"replicas": 0, "selector": selector, "template": pod}),
        thing("policy/v1", "PodDisruptionBudget", "idle", namespace, spec={
            "minAvailable": 1, "selector": selector, "unhealthyPodEvictionPolicy": "AlwaysAllow"}),
        thing("batch/v1", "CronJob", "nightly", namespace, spec={"schedule": "0 3 * * *", "timeZone": "Europe/Berlin", "suspend": True, "jobTemplate": {
            "spec": {"template": {"spec": {**POD["spec"], "restartPolicy": "Never"}}}}}),
        thing("v1", "Service", "near", namespace, spec={"ports": [{"port": 80}], "trafficDistribution": "PreferClose"}),
    ]


def cluster_objects_of_new():
    return [
        thing(f"{FLOW}/v1", "PriorityLevelConfiguration", "tenants-new", "", spec={"type": "Limited", "limited": {
            "nominalConcurrencyShares": 9, "lendablePercent": 20, "limitResponse": {"type": "Reject"}}}),
        thing("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "no-root", "", spec={
            "failurePolicy": "Ignore", "matchConstraints": {"resourceRules": [
                {"apiGroups": ["x.example.com"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["things"]}]},
            "validations": [{"expression": "true"}]}),
    ]


def plan_of_kinds(name, pattern, *kinds):
    return custom_resource("BackupConfiguration", name, SYSTEM, {
        "targets": [{"name": kind.lower(), "workload": {"kind": kind, "name": pattern}} for kind in kinds], "runs": [{"name": "backup"}]})


def install(site, password_file):
    """With a storage for each cluster, which both can read."""
    site.install()
    site.add_storage("main", password_file, "--local", f"{STORAGE}/{site.name}", "--default")


@pytest.fixture(scope="module")
def clusters(password_file):
    shutil.rmtree(STORAGE, ignore_errors=True)
    sites = [Site("old", STORAGE, images=(), kubernetes="1.24"), Site("new", STORAGE, images=())]
    try:
        for site in sites:
            install(site, password_file)
        for site, other in zip(sites, reversed(sites)):
            site.add_storage(f"of-{other.name}", password_file, "--local", f"{STORAGE}/{other.name}")
        yield sites
    finally:
        for site in sites:
            site.cluster.down()
        shutil.rmtree(STORAGE, ignore_errors=True)


@pytest.fixture(scope="module")
def old(clusters):
    return clusters[0]


@pytest.fixture(scope="module")
def new(clusters):
    return clusters[1]


@pytest.fixture(scope="module")
def lab(old):
    """An application on the old cluster, backed up, and what the cluster holds for it."""
    keeper = Keeper(old, "lab").deploy(files=5)
    old.apply(*objects_of_old("lab"), *cluster_objects_of_old())
    old.apply(plan_of_kinds("flow", "tenants*", "PriorityLevelConfiguration", "FlowSchema"), plan_of_kinds("policies", "*", "PodSecurityPolicy"))
    keeper.protect(name="lab")
    old.back_up(("lab", "lab"), (SYSTEM, "flow"), (SYSTEM, "policies"))
    return keeper


def restore(site, source, path, *arguments):
    """The status of a restore of what the other cluster stored."""
    namespace, name = site.begin("restore", "-n", SYSTEM, "--storage", f"of-{source.name}", "--path", f"{source.name}/{path}", *arguments)
    return site.await_end("restoresession", name, namespace)


def holds(whole, part):
    """Whether everything of `part` is in `whole`: a newer version has more fields."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and holds(whole[key], value) for key, value in part.items() if value is not None)
    if isinstance(part, list):
        return isinstance(whole, list) and len(whole) == len(part) and all(map(holds, whole, part))
    return whole == part


def test_an_application_of_an_old_cluster_runs_on_a_new_one(old, new, lab):
    status = restore(new, old, "ns/lab/lab")
    assert status["stage"] == "Succeeded", json.dumps(status, indent=1)
    new.await_rollout("statefulset/keeper", "lab")
    assert Keeper(new, "lab").checksums() == lab.checksums()
    for kind, name in [("cronjobs.v1.batch", "nightly"), ("poddisruptionbudgets.v1.policy", "idle"), ("horizontalpodautoscalers.v2.autoscaling", "by-cpu"),
                       ("horizontalpodautoscalers.v2.autoscaling", "by-memory"), ("deployments.v1.apps", "idle")]:
        assert holds(new.get(kind, name, "lab")["spec"], old.get(kind, name, "lab")["spec"]), (kind, name)
    assert new.get("endpointslices", "outside-1", "lab")["endpoints"] == old.get("endpointslices", "outside-1", "lab")["endpoints"]


def test_what_only_an_old_cluster_serves_is_converted_and_told(old, new, lab):
    status = restore(new, old, "groups/dmaas-system/flow")
    assert status["stage"] == "Succeeded", json.dumps(status, indent=1)
    level = new.get("prioritylevelconfigurations.v1.flowcontrol.apiserver.k8s.io", "tenants", None)
    assert level["spec"]["limited"]["nominalConcurrencyShares"] == 7
    assert new.get("flowschemas", "tenants", None)["spec"]["matchingPrecedence"] == 900
    for kind in ("PriorityLevelConfiguration", "FlowSchema"):
        assert f"{kind} objects are applied as {FLOW}/v1 made of {FLOW}/v1beta2" in status["warnings"]


def test_policies_for_pods_name_the_standard_that_takes_their_place(old, new, lab):
    status = restore(new, old, "ns/dmaas-system/podsecuritypolicy")
    assert status["stage"] == "Failed"
    reasons = {finding["object"]: finding["reason"] for finding in status["preflight"]["findings"] if finding["verdict"] == "rejected"}
    assert "pod-security.kubernetes.io/enforce=restricted" in reasons["PodSecurityPolicy tight"]
    assert "pod-security.kubernetes.io/enforce=privileged" in reasons["PodSecurityPolicy loose"]


def test_policies_for_pods_come_back_where_they_are_served(old, new, lab):
    before = old.get("podsecuritypolicies", "tight", None)["spec"]
    old.kubectl("delete", "podsecuritypolicies", "tight", "loose")
    namespace, name = old.begin("restore", "-n", SYSTEM, "--storage", "main", "--path", "old/ns/dmaas-system/podsecuritypolicy")
    status = old.await_end("restoresession", name, namespace)
    assert status["stage"] == "Succeeded", json.dumps(status, indent=1)
    assert old.get("podsecuritypolicies", "tight", None)["spec"] == before
    assert old.get("podsecuritypolicies", "loose", None)["spec"]["privileged"] is True


@pytest.fixture(scope="module")
def modern(old, new):
    """An application on the new cluster, backed up."""
    keeper = Keeper(new, "modern").deploy(files=5)
    new.apply(*objects_of_new("modern"), *cluster_objects_of_new())
    new.apply(plan_of_kinds("flow", "tenants*", "PriorityLevelConfiguration"), plan_of_kinds("admission", "*", "ValidatingAdmissionPolicy"))
    keeper.protect(name="modern")
    new.back_up(("modern", "modern"), (SYSTEM, "flow"), (SYSTEM, "admission"))
    return keeper


def test_an_application_of_a_new_cluster_runs_on_an_old_one_and_lost_fields_are_told(old, new, modern):
    status = restore(old, new, "ns/modern/modern")
    assert status["stage"] == "Succeeded", json.dumps(status, indent=1)
    old.await_rollout("statefulset/keeper", "modern")
    assert Keeper(old, "modern").checksums() == modern.checksums()
    told = "\n".join(status["warnings"])
    for lost in ("PodDisruptionBudget modern/idle: the cluster drops spec.unhealthyPodEvictionPolicy", "CronJob modern/nightly: the cluster drops spec.timeZone",
                 "Service modern/near: the cluster drops spec.trafficDistribution",
                 "Deployment modern/idle: the cluster drops spec.template.spec.initContainers[0].restartPolicy"):
        assert lost in told, f"{lost}\nnot in\n{told}"


def test_what_only_a_new_cluster_serves_is_converted_or_refused(old, new, modern):
    status = restore(old, new, "ns/dmaas-system/prioritylevelconfiguration")
    assert status["stage"] == "Succeeded", json.dumps(status, indent=1)
    assert old.get("prioritylevelconfigurations", "tenants-new", None)["spec"]["limited"]["assuredConcurrencyShares"] == 9
    assert "PriorityLevelConfiguration tenants-new: the cluster drops spec.limited.lendablePercent" in "\n".join(status["warnings"])
    refused = restore(old, new, "ns/dmaas-system/validatingadmissionpolicy")
    assert refused["stage"] == "Failed"
    assert "does not serve admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy: install what serves it" in refused["message"]
