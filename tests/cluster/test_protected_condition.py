"""The condition dmaas.io/Protected on what plans name, beside what the kinds' own controllers write there."""

import pytest

from sites.plans import custom_resource
from sites.waiting import wait_for

NAMESPACE = "protected"
CONDITION = "dmaas.io/Protected"
DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {plural}.protected.example.com}}
spec:
  group: protected.example.com
  scope: Namespaced
  names: {{kind: {kind}, plural: {plural}, singular: {singular}}}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {{status: {{}}}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {{type: object, x-kubernetes-preserve-unknown-fields: true}}
          status:
            type: object
            properties:
              conditions:
                type: array
                {list_type}
                items:
                  type: object
                  required: [type, status]
                  properties: {{type: {{type: string}}, status: {{type: string}}, reason: {{type: string}}, message: {{type: string}},
                    lastTransitionTime: {{type: string, format: date-time}}}}
---
"""
ROLE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: protected-databases, labels: {dmaas.io/aggregate-to-controller: "true"}}
rules: [{apiGroups: [protected.example.com], resources: ["*"], verbs: [patch]}]
"""
WORKLOAD = """
apiVersion: apps/v1
kind: {kind}
metadata: {{name: {name}, namespace: protected}}
spec:
  {more}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{{name: idle, image: "dmaas.io/testbed/pause:1", imagePullPolicy: Never}}]
---
"""


def plan(name, kind, workload, version="apps/v1", storage="main"):
    return custom_resource("BackupConfiguration", name, NAMESPACE, {
        "targets": [{"name": name, "workload": {"apiVersion": version, "kind": kind, "name": workload}}], "runs": [{"name": "backup"}],
        "storages": [{"storageRef": {"name": storage, "namespace": "dmaas-system"}}]})


@pytest.fixture(scope="module")
def targets(site):
    site.kubectl("create", "namespace", NAMESPACE)
    site.cluster.apply("".join(WORKLOAD.format(kind=kind, name=name, more=more) for kind, name, more in (
        ("Deployment", "web", "replicas: 1"), ("StatefulSet", "db", "serviceName: db"), ("DaemonSet", "agent", "minReadySeconds: 0"))))
    site.cluster.apply(DEFINITION.format(kind="Sharing", plural="sharings", singular="sharing",
                                         list_type="x-kubernetes-list-type: map\n                x-kubernetes-list-map-keys: [type]")
                       + DEFINITION.format(kind="Owning", plural="ownings", singular="owning", list_type="x-kubernetes-list-type: atomic") + ROLE)
    site.kubectl("wait", "--for=condition=Established", "crd/sharings.protected.example.com", "crd/ownings.protected.example.com", "--timeout=30s")
    for kind in ("Sharing", "Owning"):
        site.apply({"apiVersion": "protected.example.com/v1", "kind": kind, "metadata": {"name": "main", "namespace": NAMESPACE}, "spec": {}})
    for workload in ("deployment/web", "statefulset/db", "daemonset/agent"):
        site.await_rollout(workload, NAMESPACE)
    site.apply(plan("web", "Deployment", "web"), plan("db", "StatefulSet", "db"), plan("agent", "DaemonSet", "agent"),
               plan("sharing", "Sharing", "main", "protected.example.com/v1"), plan("owning", "Owning", "main", "protected.example.com/v1"),
               custom_resource("BackupConfiguration", "all", NAMESPACE, {
                   "targets": [{"name": "all", "allObjects": True}], "runs": [{"name": "backup"}],
                   "storages": [{"storageRef": {"name": "main", "namespace": "dmaas-system"}}]}))
    yield site
    site.kubectl("delete", "namespace", NAMESPACE, "--wait=false")
    site.kubectl("delete", "crd/sharings.protected.example.com", "crd/ownings.protected.example.com", "clusterrole/protected-databases")


def types_on(site, target):
    kind, name = target.split("/")
    return {condition["type"] for condition in site.status(kind, name, NAMESPACE).get("conditions", [])}


def await_condition(site, target):
    return site.kubectl("-n", NAMESPACE, "wait", f"--for=condition={CONDITION}", target, "--timeout=60s")


def look(site, name, limit):
    """Has the controller look at a plan, by a change that means nothing here."""
    site.patch("backupconfiguration", name, NAMESPACE, {"spec": {"historyLimit": limit}})

    def is_seen():
        found = site.get("backupconfiguration", name, NAMESPACE)
        return found["status"].get("observedGeneration") == found["metadata"]["generation"]
    wait_for(f"a look at plan {name}", is_seen)


@pytest.mark.parametrize("target", ["deployment/web", "statefulset/db", "daemonset/agent", "sharing/main", f"namespace/{NAMESPACE}"])
def test_kubectl_waits_for_it(targets, target):
    await_condition(targets, target)
    kind, name = target.split("/")
    status, message = targets.condition(kind, name, NAMESPACE, CONDITION)
    assert status == "True" and message.startswith(f"plan {NAMESPACE}/"), message


def test_conditions_of_the_kinds_own_controller_stay(targets):
    await_condition(targets, "deployment/web")
    targets.kubectl("-n", NAMESPACE, "scale", "deployment/web", "--replicas=2")
    targets.await_rollout("deployment/web", NAMESPACE)
    assert {"Available", "Progressing", CONDITION} <= types_on(targets, "deployment/web")


def test_a_kind_whose_conditions_have_one_owner_gets_the_annotation_only(targets):
    wait_for("the annotation", lambda: targets.get("owning", "main", NAMESPACE)["metadata"].get("annotations", {}).get("dmaas.io/protection") == "Ready")
    assert types_on(targets, "owning/main") == set()


def test_what_is_dropped_comes_back_with_the_next_look_and_nobody_writes_against_another(targets):
    await_condition(targets, "statefulset/db")
    targets.kubectl("-n", NAMESPACE, "scale", "statefulset/db", "--replicas=2")
    targets.await_rollout("statefulset/db", NAMESPACE)
    look(targets, "db", 11)
    await_condition(targets, "statefulset/db")
    version = targets.get("statefulset", "db", NAMESPACE)["metadata"]["resourceVersion"]
    for limit in (12, 13, 14):
        look(targets, "db", limit)
    assert targets.get("statefulset", "db", NAMESPACE)["metadata"]["resourceVersion"] == version


def test_it_goes_with_the_plan(targets):
    for target, name in (("deployment/web", "web"), ("statefulset/db", "db"), ("sharing/main", "sharing")):
        targets.kubectl("-n", NAMESPACE, "delete", "backupconfiguration", name)
        wait_for(lambda: f"the end of it on {target}\n{targets.kubectl('-n', NAMESPACE, 'get', target, '-o', 'yaml', '--show-managed-fields')}",
                 lambda: CONDITION not in types_on(targets, target))
    assert {"Available", "Progressing"} <= types_on(targets, "deployment/web")
