"""The custom resource definitions on a real API server: accepted, explained, and wrong specs refused with field and remedy.

Uses the cluster of a given KUBECONFIG, otherwise the test bed's east.
"""

import json
import pathlib
import secrets

import pytest
import yaml

from sites.plans import custom_resource
from testbed import cluster
from testbed.errors import TestbedError
from testbed.kubernetes_access import clusters_from_environment

ROOT = pathlib.Path(__file__).resolve().parents[2]
ACCESS = []  # the one cluster of these tests
NAMESPACE = f"definitions-{secrets.token_hex(3)}"
STORAGE = {"recoveryPasswordSecretRef": {"name": "recovery"}, "backend": {"local": {"path": "/srv/backups"}}}
S3 = {"bucket": "backups", "endpoint": "https://minio:9000"}
REPOSITORY = {"storageRef": {"name": "main"}, "path": "east/ns/shop/db"}
TARGET = {"name": "db", "workload": {"kind": "StatefulSet", "name": "mariadb"}}
COPY = {"sourceRepositoryRef": {"name": "a"}, "storageRef": {"name": "b"}, "backups": {"missing": True}}
PLAN = {"targets": [TARGET], "runs": [{"name": "full", "schedule": "0 3 * * *"}]}
HOOK = {"name": "flush", "exec": {"command": ["sync"]}}
SNAPSHOT = {"repositoryRef": {"name": "r"}, "snapshotId": "0" * 64, "time": "2026-01-02T03:04:05Z"}
RESTORE = {"source": {"repositoryRef": {"name": "r"}}}
STANDBY = {"repositoryRef": {"name": "r"}}
REFILL = {"schedule": "0 3 * * *", "template": RESTORE | {"what": {"data": "dataOnly"}, "inPlace": {"quiesce": "scaleToZero"}}}
GRANT = {"to": {"namespace": "other"}, "verbs": ["backup"]}

GOOD = {
    "BackupStorage": [STORAGE, STORAGE | {"backend": {"s3": S3}, "credentialSecretRef": {"name": "k"}}],
    "Repository": [REPOSITORY, {"backend": {"s3": S3}, "storageSecretName": "k", "wipeOut": True}],
    "BackupConfiguration": [
        PLAN,
        PLAN | {"trigger": {"run": "full", "value": "1"}, "storages": [{"storageRef": {"name": "a"}}]},
        PLAN | {"targets": [{"name": "all", "allObjects": True, "objects": {"exclude": [{"kinds": ["Secret"]}]},
                             "dumps": [{"name": "d", "command": ["x"]}]}]},
        PLAN | {"runs": [{"name": "full", "hooks": {"before": [HOOK]},
                          "mover": {"resources": {"limits": {"memory": "1Gi", "cpu": 2}},
                                    "tolerations": [{"operator": "Exists"}]}}]},
    ],
    "BackupSession": [{"planRef": {"name": "shop"}, "run": "full"}],
    "Snapshot": [SNAPSHOT],
    "CopySession": [COPY, COPY | {"backups": {"snapshots": ["shop-1"]}, "cause": "Staging", "planRef": {"name": "shop"}}],
    "RestoreSession": [RESTORE, RESTORE | {"namespaceMap": {"a": "b"}, "storageClassMap": {"fast": ""},
                                           "hooks": [HOOK], "namePrefix": "new-"}],
    "HookTemplate": [{"exec": {"command": ["sync"]}, "timeout": "30s"}],
    "Standby": [STANDBY, STANDBY | {"namespaceMap": {"a": "b"}, "objects": {"exclude": [{"kinds": ["Ingress"]}]}, "refreshInterval": "1m",
                                    "changes": {"replicas": [{"name": "db", "replicas": 1}]}, "activate": True, "hooks": [HOOK]}],
    "RestoreConfiguration": [REFILL, REFILL | {"timeZone": "Europe/Berlin", "startDeadline": "1h", "unchanged": "Restore", "paused": True},
                             {"interval": "1h", "template": RESTORE | {"what": {"data": "resourcesOnly"}, "existing": "update"}}],
    "BackupGrant": [GRANT, GRANT | {"verbs": ["read"], "what": {"repositories": ["r"]}}],
}


def run_with(**changes):
    return PLAN | {"runs": [{"name": "full"} | changes]}


def target_with(**changes):
    return PLAN | {"targets": [{"name": "db"} | changes]}


# kind, spec, what the API server's answer must contain: the field and the remedy
BAD = [
    ("BackupStorage", STORAGE | {"backend": {}}, ["spec.backend", "give exactly one backend: s3 or local"]),
    ("BackupStorage", STORAGE | {"backend": {"local": {"path": "/a"}, "s3": S3}}, ["spec.backend", "give exactly one"]),
    ("BackupStorage", STORAGE | {"backend": {"local": {"path": "a"}}}, ["spec.backend.local.path", "^/"]),
    ("BackupStorage", STORAGE | {"backend": {"s3": S3}}, ["needs credentialSecretRef"]),
    ("BackupStorage", STORAGE | {"backend": {"s3": S3 | {"bucket": "s3://b"}}}, ["spec.backend.s3.bucket"]),
    ("BackupStorage", STORAGE | {"backend": {"s3": S3 | {"endpoint": "minio"}}}, ["spec.backend.s3.endpoint"]),
    ("BackupStorage", STORAGE | {"backend": {"s3": S3 | {"prefix": "/x/"}}}, ["spec.backend.s3.prefix"]),
    ("BackupStorage", STORAGE | {"backend": {"s3": S3 | {"pathStyle": "x"}}}, ["spec.backend.s3.pathStyle", "virtualHost"]),
    ("BackupStorage", STORAGE | {"usage": {"namespaces": "list"}}, ["spec.usage", "names goes with namespaces: list"]),
    ("BackupStorage", STORAGE | {"maxConcurrentMovers": 0}, ["spec.maxConcurrentMovers", "greater than or equal to 1"]),
    ("BackupStorage", STORAGE | {"maintenance": {"readDataPercent": 101}}, ["spec.maintenance.readDataPercent", "less than or equal to 100"]),
    ("BackupStorage", STORAGE | {"maintenance": {"timeout": "soon"}}, ["spec.maintenance.timeout"]),
    ("BackupStorage", {"backend": STORAGE["backend"]}, ["spec.recoveryPasswordSecretRef", "Required"]),
    ("BackupStorage", STORAGE | {"deletionPolicy": "Delete"}, ["spec.deletionPolicy", "WipeOut"]),
    ("BackupStorage", STORAGE | {"bandwidth": {"upload": "fast"}}, ["spec.bandwidth.upload"]),
    ("Repository", {"storageRef": {"name": "a"}}, ["path is required with storageRef"]),
    ("Repository", {"path": "east/ns/shop/db"}, ["give either storageRef or backend"]),
    ("Repository", REPOSITORY | {"backend": {"s3": S3}, "storageSecretName": "k"}, ["give either storageRef or backend"]),
    ("Repository", {"backend": {"s3": S3}}, ["storageSecretName goes with backend"]),
    ("Repository", REPOSITORY | {"path": "../x"}, ["spec.path"]),
    ("Repository", REPOSITORY | {"path": "a/../b"}, ["spec.path"]),
    ("Repository", REPOSITORY | {"storageRef": {}}, ["spec.storageRef.name", "Required"]),
    ("BackupConfiguration", {"runs": PLAN["runs"]}, ["spec.targets", "Required"]),
    ("BackupConfiguration", PLAN | {"runs": []}, ["spec.runs", "at least 1"]),
    ("BackupConfiguration", PLAN | {"runs": [{"name": "a"}, {"name": "a"}]}, ["spec.runs[1]", "Duplicate"]),
    ("BackupConfiguration", PLAN | {"trigger": {"run": "x", "value": "1"}}, ["trigger.run must name one of runs"]),
    ("BackupConfiguration", PLAN | {"historyLimit": 0}, ["spec.historyLimit"]),
    ("BackupConfiguration", run_with(type="weekly"), ["spec.runs[0].type", "incremental"]),
    ("BackupConfiguration", run_with(fullEvery=-1), ["spec.runs[0].fullEvery", "greater than or equal to 0"]),
    ("BackupConfiguration", run_with(schedule="@daily", interval="1h"), ["give schedule or interval, not both"]),
    ("BackupConfiguration", run_with(interval="1h", firstRun="Soon"), ["spec.runs[0].firstRun", "AtOnce"]),
    ("BackupConfiguration", run_with(interval="1h", concurrency="Replace"), ["spec.runs[0].concurrency", "Forbid"]),
    ("BackupConfiguration", run_with(interval="1h", retries=11), ["spec.runs[0].retries", "less than or equal to 10"]),
    ("BackupConfiguration", PLAN | {"retentionPolicyRef": {}}, ["spec.retentionPolicyRef.name", "Required"]),
    ("BackupConfiguration", run_with(timeout="soon"), ["spec.runs[0].timeout"]),
    ("BackupConfiguration", run_with(name="Full"), ["spec.runs[0].name"]),
    ("BackupConfiguration", run_with(hooks={"before": [{"name": "a"}]}), ["give exactly one of templateRef and exec"]),
    ("BackupConfiguration", run_with(hooks={"after": [{"name": "a", "exec": {"command": []}}]}), ["exec.command"]),
    ("BackupConfiguration", run_with(mover={"resources": {"limits": {"memory": "much"}}}), ["resources.limits.memory"]),
    ("BackupConfiguration", target_with(), ["spec.targets[0]", "give exactly one of workload, selector"]),
    ("BackupConfiguration", target_with(allObjects=True, helmRelease="x"), ["spec.targets[0]", "give exactly one"]),
    ("BackupConfiguration", target_with(allObjects=True, objects={"include": [{}]}), ["a rule needs kinds"]),
    ("BackupConfiguration", target_with(allObjects=True, volumes={"method": "x"}), ["volumes.method", "mount"]),
    ("BackupConfiguration", target_with(allObjects=True, dumps=[{"name": "d"}]), ["dumps[0].command", "Required"]),
    ("BackupConfiguration", target_with(workload={"kind": "A"}), ["workload.name", "Required"]),
    ("BackupSession", {}, ["spec.planRef", "Required"]),
    ("BackupSession", {"planRef": {"name": ""}}, ["spec.planRef.name"]),
    ("BackupSession", {"planRef": {"name": "a"}, "type": "x"}, ["spec.type", "incremental"]),
    ("Snapshot", SNAPSHOT | {"snapshotId": "abc"}, ["spec.snapshotId"]),
    ("Snapshot", SNAPSHOT | {"deletionPolicy": "Erase"}, ["spec.deletionPolicy", "Retain"]),
    ("Snapshot", SNAPSHOT | {"time": "now"}, ["spec.time", "date-time"]),
    ("RestoreSession", {"source": {}}, ["spec.source", "give exactly one of repositoryRef and stored"]),
    ("RestoreSession", {"source": RESTORE["source"] | {"snapshot": "a", "before": "2026-01-02T03:04:05Z"}},
     ["spec.source", "before goes only with snapshot: latest"]),
    ("RestoreSession", RESTORE | {"existing": "merge"}, ["spec.existing", "recreate"]),
    ("RestoreSession", RESTORE | {"namePrefix": "x-", "existing": "recreate"}, ["cannot be used with namePrefix"]),
    ("RestoreSession", RESTORE | {"namePrefix": "X_"}, ["spec.namePrefix"]),
    ("RestoreSession", RESTORE | {"what": {"data": "x"}}, ["spec.what.data", "resourcesOnly"]),
    ("CopySession", COPY | {"backups": {}}, ["spec.backups", "give snapshots, or missing: true, not both"]),
    ("CopySession", COPY | {"backups": {"missing": True, "snapshots": ["a"]}}, ["spec.backups", "not both"]),
    ("CopySession", COPY | {"cause": "Mood"}, ["spec.cause", "CatchUp"]),
    ("RetentionPolicy", {"minimum": 3}, ["give at least one rule, such as within: 3d or daily: 7"]),
    ("RetentionPolicy", {"daily": -1}, ["spec.daily", "greater than or equal to 0"]),
    ("RetentionPolicy", {"daily": 7, "minimum": 0}, ["spec.minimum", "greater than or equal to 1"]),
    ("RetentionPolicy", {"within": "3 days"}, ["spec.within"]),
    ("HookTemplate", {"timeout": "1m"}, ["spec.exec", "Required"]),
    ("HookTemplate", {"exec": {"command": ["a"]}, "onFailure": "x"}, ["spec.onFailure", "continue"]),
    ("RestoreSession", RESTORE | {"inPlace": {"missingClaims": "x"}}, ["spec.inPlace.missingClaims", "create"]),
    ("Standby", {"activate": True}, ["spec.repositoryRef", "Required"]),
    ("RestoreConfiguration", {"schedule": "0 3 * * *"}, ["spec.template", "Required"]),
    ("RestoreConfiguration", REFILL | {"interval": "1h"}, ["give exactly one of schedule and interval"]),
    ("RestoreConfiguration", {"template": REFILL["template"]}, ["give exactly one of schedule and interval"]),
    ("RestoreConfiguration", REFILL | {"template": RESTORE}, ["template.inPlace is required", "scaleToZero or refuseIfInUse"]),
    ("RestoreConfiguration", REFILL | {"template": REFILL["template"] | {"preflightOnly": True}}, ["template.preflightOnly restores nothing: remove it"]),
    ("RestoreConfiguration", REFILL | {"template": REFILL["template"] | {"source": {}}}, ["spec.template.source", "give exactly one of repositoryRef and stored"]),
    ("RestoreConfiguration", REFILL | {"unchanged": "Maybe"}, ["spec.unchanged", "Skip"]),
    ("BackupGrant", GRANT | {"verbs": []}, ["spec.verbs"]),
    ("BackupGrant", GRANT | {"verbs": ["write"]}, ["spec.verbs[0]", "restore"]),
    ("BackupGrant", GRANT | {"verbs": ["read"]}, ["verb read needs what.repositories"]),
    ("BackupGrant", {"verbs": ["backup"]}, ["spec.to", "Required"]),
]


def kubectl(*arguments, document=None):
    return ACCESS[0].kubectl(*arguments, input=json.dumps(document) if document else None)


def refusal(*arguments, document):
    with pytest.raises(TestbedError) as refused:
        kubectl(*arguments, document=document)
    return str(refused.value)


def make(kind, spec, name="probe"):
    return custom_resource(kind, name, NAMESPACE, spec)


@pytest.fixture(scope="module", autouse=True)
def definitions():
    ACCESS[:] = clusters_from_environment()[:1] or [cluster.up("east")]
    kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "deploy/crds"))
    kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", str(ROOT / "deploy/crds"))
    kubectl("create", "namespace", NAMESPACE)
    yield
    for file in sorted((ROOT / "deploy/crds").iterdir()):
        plural = yaml.safe_load(file.read_text())["spec"]["names"]["plural"]
        kubectl("delete", f"{plural}.dmaas.io", "--all", "-n", NAMESPACE)
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def test_schemas_are_structural():
    for file in sorted((ROOT / "deploy/crds").iterdir()):
        definition = json.loads(kubectl("get", "-f", str(file), "-o", "json"))
        assert [c for c in definition["status"]["conditions"] if c["type"] == "NonStructuralSchema"] == []


@pytest.mark.parametrize(("kind", "spec"), [(kind, spec) for kind, specs in GOOD.items() for spec in specs])
def test_good_specs_are_accepted(kind, spec):
    kubectl("create", "--dry-run=server", "-f", "-", document=make(kind, spec))


@pytest.mark.parametrize(("kind", "spec", "answer"), BAD, ids=[f"{kind}-{'-'.join(answer)}" for kind, _, answer in BAD])
def test_wrong_specs_are_refused_with_field_and_remedy(kind, spec, answer):
    output = refusal("create", "--dry-run=server", "-f", "-", document=make(kind, spec))
    for part in answer:
        assert part in output, output


def test_defaults_are_shown():
    kubectl("apply", "-f", "-", document=make("BackupConfiguration", PLAN, "defaults"))
    spec = json.loads(kubectl("get", "bplan", "defaults", "-n", NAMESPACE, "-o", "json"))["spec"]
    assert spec["historyLimit"] == 10
    assert spec["runs"][0]["type"] == "incremental"
    assert spec["runs"][0]["timeout"] == "6h"


@pytest.mark.parametrize(("kind", "spec", "changed", "answer"), [
    ("BackupSession", {"planRef": {"name": "a"}}, {"planRef": {"name": "b"}}, "create a new one instead"),
    ("RestoreSession", RESTORE, RESTORE | {"existing": "update"}, "create a new one instead"),
    ("Repository", REPOSITORY, REPOSITORY | {"path": "east/ns/other/db"}, "path cannot be changed"),
    ("Repository", REPOSITORY, REPOSITORY | {"storageRef": {"name": "x"}}, "storageRef cannot be changed"),
    ("Repository", REPOSITORY, {"backend": {"s3": S3}, "storageSecretName": "k", "path": REPOSITORY["path"]}, "cannot be given or taken later"),
    ("Standby", STANDBY | {"namespaceMap": {"a": "b"}}, STANDBY | {"namespaceMap": {"a": "c"}}, "namespaceMap cannot be changed"),
    ("Snapshot", SNAPSHOT, SNAPSHOT | {"snapshotId": "1" * 64}, "snapshotId cannot be changed"),
    ("BackupStorage", STORAGE, GOOD["BackupStorage"][1], "kind of backend cannot be changed"),
])
def test_what_must_not_change_cannot(kind, spec, changed, answer):
    kubectl("apply", "-f", "-", document=make(kind, spec, "fixed"))
    kubectl("apply", "-f", "-", document=make(kind, spec, "fixed"))
    assert answer in refusal("apply", "-f", "-", document=make(kind, changed, "fixed"))


def test_a_snapshot_may_be_marked_for_erasure():
    kubectl("apply", "-f", "-", document=make("Snapshot", SNAPSHOT, "erasable"))
    kubectl("apply", "-f", "-", document=make("Snapshot", SNAPSHOT | {"deletionPolicy": "Delete"}, "erasable"))


def test_fields_are_explained():
    text = kubectl("explain", "backupconfiguration.spec.runs")
    assert "Cron expression of five fields" in text
    assert "enum: full, incremental" in text


def test_short_names_and_category_work():
    for short in ("bstore", "drepo", "bplan", "bsess", "dsnap", "rsess", "hookt", "bgrant", "standby", "dmaas"):
        kubectl("get", short, "-n", NAMESPACE)


def test_columns_tell_what_happened():
    kubectl("apply", "-f", "-", document=make("BackupSession", {"planRef": {"name": "shop"}, "run": "full"}, "told"))
    status = {"status": {"phase": "Failed", "type": "full", "progress": "40%", "duration": "12s", "message": "storage is full"}}
    kubectl("patch", "bsess", "told", "-n", NAMESPACE, "--subresource=status", "--type=merge", "-p", json.dumps(status))
    lines = kubectl("get", "bsess", "told", "-n", NAMESPACE, "-o", "wide").splitlines()
    assert lines[0].split() == ["NAME", "PLAN", "RUN", "TYPE", "PHASE", "PROGRESS", "DURATION", "MESSAGE", "AGE"]
    assert "shop" in lines[1] and "Failed" in lines[1] and "storage is full" in lines[1]
