"""TCID-DIR-DMAAS-PORTAL: a suite without its nginx-controller and Ingresses goes to several buckets, and another cluster verifies it on demand."""

import json

import pytest

from sites.plans import custom_resource
from sites.site import SYSTEM, Site, restic
from sites.waiting import wait_for
from tests.acceptance.verifications import SECONDS
from tests.conftest import NAME

EAST = f"{NAME}-a"
NAMESPACE = "portal"
BUCKETS = ("portal-near", "portal-far")
PATH = f"{EAST}/ns/{NAMESPACE}/portal"
# In both clusters: objects of the cluster are no part of a verification.
DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: pages.portal.example.com}
spec:
  group: portal.example.com
  scope: Namespaced
  names: {kind: Page, plural: pages, singular: page}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {title: {type: string}}}}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: portal-pages, labels: {rbac.authorization.k8s.io/aggregate-to-admin: "true"}}
rules: [{apiGroups: [portal.example.com], resources: [pages], verbs: ["*"]}]
"""
POD = """
    spec:
      serviceAccountName: portal
      terminationGracePeriodSeconds: 0
      containers:
      - name: main
        image: dmaas.io/testbed/debian-base:12
        imagePullPolicy: Never
        command: [sleep, infinity]
        env:
        - {name: COLOUR, valueFrom: {configMapKeyRef: {name: settings, key: colour}}}
        - {name: PASSWORD, valueFrom: {secretKeyRef: {name: credentials, key: password}}}
"""
SUITE = """
apiVersion: v1
kind: Namespace
metadata: {name: portal}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: portal, namespace: portal}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: portal, namespace: portal}
rules: [{apiGroups: [""], resources: [configmaps], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: portal, namespace: portal}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: portal}
subjects: [{kind: ServiceAccount, name: portal, namespace: portal}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: portal}
data: {colour: green}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: texts, namespace: portal}
data: {welcome: hello}
---
apiVersion: v1
kind: Secret
metadata: {name: credentials, namespace: portal}
stringData: {password: portal-secret-value}
---
apiVersion: portal.example.com/v1
kind: Page
metadata: {name: start, namespace: portal}
spec: {title: Welcome}
---
apiVersion: v1
kind: Service
metadata: {name: store, namespace: portal}
spec: {clusterIP: None, selector: {app: store}, ports: [{port: 80}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: uploads, namespace: portal}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 32Mi}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store, namespace: portal}
spec:
  serviceName: store
  replicas: 2
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}""" + POD + """
        volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 32Mi}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: portal}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}""" + POD + """
        volumeMounts: [{name: data, mountPath: /data}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: uploads}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: search, namespace: portal}
spec:
  selector: {matchLabels: {app: search}}
  template:
    metadata: {labels: {app: search}}""" + POD + """
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: nginx-controller, namespace: portal}
spec:
  selector: {matchLabels: {app: nginx-controller}}
  template:
    metadata: {labels: {app: nginx-controller}}""" + POD + """
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: portal, namespace: portal}
spec: {defaultBackend: {service: {name: store, port: {number: 80}}}}
"""
WRITE = "cd /data && for i in 1 2 3; do head -c 200000 /dev/urandom > file-$i; done && sha256sum file-* > SHA256SUMS && sync"


def exec_check(app, command, **output):
    return {"name": f"{app}-{'whole' if 'sha256sum' in command else 'settings'}", "exec": {
        "podSelector": {"matchLabels": {"app": app}}, "command": ["sh", "-c", command], "output": output}}


CHECKS = [{"name": "ready", "ready": True}, {"name": "files", "files": True},
          exec_check("store", "cd /data && sha256sum --quiet -c SHA256SUMS && echo whole", equals="whole"),
          exec_check("web", "cd /data && sha256sum --quiet -c SHA256SUMS && echo whole", equals="whole"),
          exec_check("search", "echo $COLOUR $PASSWORD", equals="green portal-secret-value")]


def deploy(east):
    east.cluster.apply(DEFINITION)
    east.kubectl("wait", "--for=condition=Established", "crd/pages.portal.example.com", "--timeout=30s")
    east.cluster.apply(SUITE)
    for workload in ("statefulset/store", "deployment/web", "deployment/search", "deployment/nginx-controller"):
        east.await_rollout(workload, NAMESPACE)
    for pod in ("store-0", "store-1", "deployment/web"):
        east.kubectl("exec", "-n", NAMESPACE, pod, "--", "sh", "-c", WRITE)


@pytest.fixture(scope="module")
def east(password_file, minio, tmp_path_factory):
    """Where the suite runs."""
    made = Site(EAST, str(tmp_path_factory.mktemp("storage")), images=())
    made.install()
    for bucket in BUCKETS:
        made.add_bucket(bucket, password_file, minio, bucket)
    deploy(made)
    yield made
    made.cluster.down()


@pytest.fixture(scope="module")
def west(site, minio, password_file, backup):
    """It knows one of the buckets and nothing else."""
    site.cluster.apply(DEFINITION)
    site.add_storage("portal-far", password_file, "--bucket", "portal-far", "--endpoint", minio.account.endpoint, environment=minio.account.environment)
    site.dmaas("storage", "import", "portal-far", PATH)
    (repository,) = [found["metadata"]["name"] for found in site.list("repositories.dmaas.io", SYSTEM) if found["spec"]["path"] == PATH]
    site.apply(custom_resource("BackupVerifier", "portal", SYSTEM, {
        "repositories": [{"name": repository}], "verification": {"allowUnisolated": True, "checks": CHECKS}}))
    wait_for("the discovered backup", lambda: newest(site))
    yield repository
    site.kubectl("delete", "crd/pages.portal.example.com", "clusterrole/portal-pages")


@pytest.fixture(scope="module")
def backup(east):
    """The status of the session."""
    east.apply(custom_resource("BackupConfiguration", "portal", NAMESPACE, {
        "targets": [{"name": "portal", "allObjects": True, "objects": {"exclude": [
            {"kinds": ["Deployment"], "names": ["nginx-controller"]}, {"kinds": ["Ingress"]}]}}],
        "runs": [{"name": "backup"}], "storages": [{"storageRef": {"name": bucket, "namespace": SYSTEM}} for bucket in BUCKETS]}))
    return east.back_up((NAMESPACE, "portal"))[0]


def newest(site):
    found = site.list("snapshots.dmaas.io", SYSTEM)
    return max(found, key=lambda snapshot: snapshot["spec"]["time"]) if found else None


def names_of(site, kind, namespace):
    return sorted(found["metadata"]["name"] for found in site.list(kind, namespace))


def test_one_run_lands_in_every_bucket_and_stock_restic_finds_it_whole(east, minio, password_file, backup):
    assert {result["storage"]: result["complete"] for result in backup["storages"]} == {f"{SYSTEM}/{bucket}": True for bucket in BUCKETS}
    for bucket in BUCKETS:
        where = f"s3:{minio.account.endpoint}/{bucket}/{PATH}"
        assert "no errors were found" in restic(where, password_file, "check", "--read-data", environment=minio.account.environment)
        listed = restic(where, password_file, "ls", "latest", "--tag", "dmaas.io/component=resources", environment=minio.account.environment)
        assert "/apps/deployments/v1/portal/web.json" in listed and "/portal.example.com/pages/v1/portal/start.json" in listed
        assert "nginx-controller" not in listed and "/ingresses/" not in listed


def test_another_cluster_verifies_the_discovered_backup_on_demand(site, west):
    told = site.dmaas("verify", west, "-n", SYSTEM, seconds=SECONDS)
    assert f"{len(CHECKS)} checks passed" in told, told
    verified = {condition["type"]: condition["status"] for condition in newest(site)["status"]["conditions"]}
    assert verified["Verified"] == "True"
    assert site.list("namespaces", selector="dmaas.io/part=scratch") == [] and site.leftovers() == []


def test_what_is_verified_is_the_suite_without_what_was_left_out(site, west):
    """A check that fails keeps the namespace to look at."""
    site.apply(custom_resource("VerificationSession", "look", SYSTEM, {"repositoryRef": {"name": west}, "verification": {
        "allowUnisolated": True, "keepOnFailure": True, "checks": [exec_check("search", "echo $COLOUR", equals="red") | {"timeout": "3s"}]}}))
    status = site.await_end("verificationsession", "look", SYSTEM, SECONDS)
    assert "1 of 1 checks failed" in status["message"], json.dumps(status, indent=1)
    scratch = status["namespace"]
    assert names_of(site, "deployments", scratch) == ["search", "web"]
    assert names_of(site, "statefulsets", scratch) == ["store"]
    assert names_of(site, "ingresses", scratch) == []
    assert names_of(site, "persistentvolumeclaims", scratch) == ["data-store-0", "data-store-1", "uploads"]
    assert {"settings", "texts"} <= set(names_of(site, "configmaps", scratch))
    assert {"portal"} <= set(names_of(site, "serviceaccounts", scratch)) and "credentials" in names_of(site, "secrets", scratch)
    assert "portal" in names_of(site, "roles", scratch) and "portal" in names_of(site, "rolebindings", scratch)
    assert site.get("page", "start", scratch)["spec"] == {"title": "Welcome"}
    site.kubectl("-n", SYSTEM, "delete", "verificationsession", "look", "--timeout=120s")
    assert site.list("namespaces", selector="dmaas.io/part=scratch") == []
