"""A group of applications in several namespaces, captured as one point in time."""

import json
import subprocess

import pytest

from sites.site import SYSTEM, phase_of
from sites.waiting import wait_for

FIRST, SECOND = "lockstep-a", "lockstep-b"
PLAN = "lockstep"
# Each writes a counter into its volume; the second writes a number when the first has, and the first goes on when the second has.
# Held, an application stays where it is between two numbers.
APPLICATION = """
apiVersion: v1
kind: Namespace
metadata: {{name: {namespace}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: counter, namespace: {namespace}}}
spec:
  serviceName: counter
  replicas: 1
  selector: {{matchLabels: {{app: counter}}}}
  template:
    metadata: {{labels: {{app: counter}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: counter
        image: dmaas.io/testbed/debian-base:12
        imagePullPolicy: Never
        command: [bash, -c, "{program}"]
        volumeMounts: [{{name: data, mountPath: /data}}, {{name: wire, mountPath: /wire}}, {{name: control, mountPath: /control}}]
      volumes: [{{name: control, emptyDir: {{}}}}, {{name: wire, hostPath: {{path: {wire}, type: DirectoryOrCreate}}}}]
  volumeClaimTemplates:
  - metadata: {{name: data}}
    spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 16Mi}}}}}}
"""
LOOP = """
n=0
while true; do
  if [ -e /control/hold ]; then touch /control/held; sleep 0.02; continue; fi
  rm -f /control/held
  {step}
done
"""
LEAD = "n=$((n + 1)); echo $n > /data/counter; echo $n > /wire/a.new; mv /wire/a.new /wire/a; until [ $(cat /wire/b) = $n ]; do sleep 0.01; done"
FOLLOW = "m=$(cat /wire/a); [ $m = $n ] && sleep 0.01 && continue; n=$m; echo $n > /data/counter; echo $n > /wire/b.new; mv /wire/b.new /wire/b"
HOLD = "touch /control/hold; until [ -e /control/held ]; do sleep 0.01; done; sync"


def hook(target):
    return {"name": f"hold-{target}", "exec": {"target": target, "command": ["bash", "-c", HOLD], "undo": ["rm", "-f", "/control/hold"],
                                               "maxQuiesce": "60s"}}


@pytest.fixture(scope="module")
def plan(site):
    wire = f"/tmp/lockstep-{site.name}"
    subprocess.run(["sh", "-c", f"mkdir -p {wire}; echo 0 > {wire}/a; echo 0 > {wire}/b"], check=True)
    for namespace, step in ((FIRST, LEAD), (SECOND, FOLLOW)):
        program = json.dumps(LOOP.format(step=step))[1:-1]
        site.cluster.apply(APPLICATION.format(namespace=namespace, program=program, wire=wire))
    for namespace in (FIRST, SECOND):
        site.await_rollout("statefulset/counter", namespace)
    site.apply({
        "apiVersion": "dmaas.io/v1alpha1", "kind": "BackupConfiguration", "metadata": {"name": PLAN, "namespace": SYSTEM},
        "spec": {"targets": [{"name": name, "allObjects": True, "namespaces": [namespace]} for name, namespace in (("a", FIRST), ("b", SECOND))],
                 "runs": [{"name": "backup", "hooks": {"before": [hook("a"), hook("b")]}}],
                 "storages": [{"storageRef": {"name": "main"}}], "groupConsistency": "Required"}})
    yield PLAN
    site.kubectl("-n", SYSTEM, "delete", "backupconfiguration", PLAN)
    site.kubectl("delete", "namespace", FIRST, SECOND, "--wait=false")


def snapshot_of(site, status):
    return site.get("snapshot", status["storages"][0]["snapshot"], SYSTEM)


def counters(site, snapshot, password_file):
    """What the two volumes of a backup hold, as stock restic gives it."""
    location = f"{site.storage_directory}/{site.name}/groups/{SYSTEM}/{PLAN}"
    found = {}
    for component in snapshot["status"]["components"]:
        if component["name"].startswith("volume/"):
            done = subprocess.run(["restic", "-r", location, "-p", str(password_file), "--no-cache", "dump", component["snapshotId"],
                                   "/volume/counter"], capture_output=True, text=True, check=True)
            found[component["name"].split("/")[1]] = int(done.stdout)
    return found


def test_backups_of_a_group_show_one_moment(site, plan, password_file):
    wait_for("the counter to run", lambda: int(site.kubectl("exec", "-n", SECOND, "counter-0", "--", "cat", "/data/counter")) > 20)
    seen = []
    for _ in range(2):
        (status,) = site.back_up((SYSTEM, plan))
        snapshot = snapshot_of(site, status)
        assert snapshot["status"]["pointInTime"] is True
        found = counters(site, snapshot, password_file)
        assert set(found) == {FIRST, SECOND}
        assert found[FIRST] == found[SECOND] > 0
        seen.append(found[FIRST])
    # They were written all the time but while they were read.
    assert seen[1] > seen[0]
    assert site.condition("backupconfiguration", plan, SYSTEM, "PointInTime")[0] == "True"
    assert site.leftovers() == []


def test_what_is_required_is_refused_before_anything_runs(site, plan):
    site.patch("backupconfiguration", plan, SYSTEM, {"spec": {"runs": [{"name": "backup", "hooks": {"before": [hook("a")]}}]}})
    wait_for("the plan to tell", lambda: site.condition("backupconfiguration", plan, SYSTEM)[0] == "False")
    assert "target b: no hook holds it still" in site.condition("backupconfiguration", plan, SYSTEM, "PointInTime")[1]
    site.apply({"apiVersion": "dmaas.io/v1alpha1", "kind": "BackupSession", "metadata": {"name": "refused", "namespace": SYSTEM},
                "spec": {"planRef": {"name": plan}}})
    status = site.await_end("backupsession", "refused", SYSTEM)
    assert phase_of(status) == "Failed"
    assert "target b: no hook holds it still" in status["message"]
    assert status.get("hooks", []) == []
    assert all(component.get("attempts", 0) == 0 for component in status["components"])


def test_the_best_that_can_be_had_says_what_it_is(site, plan):
    site.patch("backupconfiguration", plan, SYSTEM, {"spec": {"groupConsistency": "BestEffort"}})
    wait_for("the plan to be ready", lambda: site.condition("backupconfiguration", plan, SYSTEM)[0] == "True")
    (status,) = site.back_up((SYSTEM, plan))
    assert any("target b: no hook holds it still" in warning for warning in status["warnings"])
    assert snapshot_of(site, status)["status"].get("pointInTime", False) is False
