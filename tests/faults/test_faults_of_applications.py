"""What an application may do to a backup of it: claims, pods, hooks, plans and namespaces that are missing, wrong or go midway."""

import json
import subprocess

import pytest

from sites.applications import Keeper, deploy_settings
from sites.plans import backup_of, custom_resource, hook, plan_of
from sites.waiting import wait_for
from tests.faults.attempt import Attempt
from tests.faults.victims import Victims

HOLD = {"nodeSelector": {"dmaas-test/may-run": "yes"}}  # movers with this start when the node is labelled
CLAIM_USER = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: user, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: user}}}}
  template:
    metadata: {{labels: {{app: user}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{{name: user, image: "dmaas.io/testbed/pause:1", imagePullPolicy: Never, volumeMounts: [{{name: data, mountPath: /data}}]}}]
      volumes: [{{name: data, persistentVolumeClaim: {{claimName: data}}}}]
"""
UNBOUND = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: unbound}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
"""
FOREIGN = """
apiVersion: v1
kind: PersistentVolume
metadata: {name: faults-foreign}
spec:
  capacity: {storage: 1Mi}
  accessModes: [ReadWriteOnce]
  storageClassName: foreign
  persistentVolumeReclaimPolicy: Retain
  claimRef: {namespace: foreign, name: data}
  hostPath: {path: /srv/elsewhere}
  nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [elsewhere]}]}]}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: foreign}
spec: {accessModes: [ReadWriteOnce], storageClassName: foreign, volumeName: faults-foreign, resources: {requests: {storage: 1Mi}}}
"""
LEFTOVER = """
apiVersion: v1
kind: PersistentVolume
metadata: {name: twin-leftover, labels: {dmaas.io/managed-by: dmaas, dmaas.io/part: twin, dmaas.io/session-uid: of-nobody}}
spec:
  capacity: {storage: 1Mi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  claimRef: {namespace: dmaas-system, name: twin-leftover}
  hostPath: {path: /srv/elsewhere}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: twin-leftover, namespace: dmaas-system, labels: {dmaas.io/managed-by: dmaas, dmaas.io/part: twin, dmaas.io/session-uid: of-nobody}}
spec: {accessModes: [ReadWriteOnce], storageClassName: "", volumeName: twin-leftover, resources: {requests: {storage: 1Mi}}}
"""


def backup(site, namespace, plan):
    return Attempt(site, "backup", plan, "-n", namespace)


def hooks(before=(), after=()):
    return {"hooks": {"before": list(before), "after": list(after)}}


def hold_node(site, may_run):
    site.kubectl("label", "node", "--all", "--overwrite", f"dmaas-test/may-run={'yes' if may_run else 'no'}")


def held(attempt):
    """Waits until the movers of a backup wait for a node."""
    return attempt.says("the mover finds no node")


@pytest.fixture(scope="module")
def world(site):
    """Applications and plans of all cases; the backups that disturb nobody run side by side."""
    hold_node(site, may_run=False)
    site.cluster.apply(LEFTOVER)
    for namespace in ("claimless", "unbound", "foreign", "podless", "disordered", "going"):
        deploy_settings(site, namespace)
    site.cluster.apply(CLAIM_USER.format(namespace="claimless"))
    site.cluster.apply(UNBOUND)
    site.cluster.apply(FOREIGN)
    keeper = Keeper(site, "hooked").deploy(files=5)
    doomed = Keeper(site, "doomed").deploy(files=5)
    touch = [hook("note", "touch", "/data/after-ran")]
    site.apply(plan_of("claimless", "claimless"), plan_of("unbound", "unbound"), plan_of("foreign", "foreign", timeout="30s"),
               plan_of("podless", "podless", **hooks([hook("flush", "sync")])),
               plan_of("hooked", "aborts", **hooks([hook("quiesce", "sh", "-c", "echo disk is read-only >&2; exit 1")], touch)),
               plan_of("hooked", "continues", **hooks([hook("quiesce", "sh", "-c", "exit 3", onFailure="continue")])),
               plan_of("hooked", "hangs", **hooks([hook("quiesce", "sleep", "600", timeout="3s")], touch)),
               plan_of("hooked", "never-still", **hooks([{"name": "freeze", "timeout": "3s", "exec": {
                   "command": ["sleep", "600"], "undo": ["touch", "/data/undone"], "maxQuiesce": "60s"}}])),
               plan_of("hooked", "template", **hooks([{"name": "flush", "templateRef": {"name": "flush"}}])),
               plan_of("hooked", "missing-storage", "later"), plan_of("hooked", "twice"), plan_of("hooked", "beside"),
               plan_of("hooked", "held", mover=HOLD, **hooks([hook("quiesce", "touch", "/data/quiesced")], [hook("thaw", "rm", "/data/quiesced")])),
               plan_of("hooked", "squeezed"),
               plan_of("doomed", "doomed", mover=HOLD), plan_of("going", "going", mover=HOLD), plan_of("disordered", "disordered"))
    yield {"keeper": keeper, "doomed": doomed}
    hold_node(site, may_run=True)


@pytest.fixture(scope="module")
def attempts(site, world):
    """Those whose order does not matter, all started at once."""
    plans = {"claimless": "claimless", "unbound": "unbound", "foreign": "foreign", "podless": "podless", "aborts": "hooked",
             "continues": "hooked", "hangs": "hooked", "never-still": "hooked", "template": "hooked", "missing-storage": "hooked", "beside": "hooked"}
    wait_for("the claim is bound", lambda: site.status("persistentvolumeclaim", "data", "foreign").get("phase") == "Bound")
    return {plan: backup(site, namespace, plan) for plan, namespace in plans.items()}


def test_a_claim_that_a_pod_needs_and_that_is_missing_fails_the_backup(site, attempts):
    attempts["claimless"].fails("claim claimless/data does not exist, and a pod needs it", "exclude it in the plan's volumes")
    wait_for("the plan tells it, too",
             lambda: "claim claimless/data does not exist" in site.condition("backupconfiguration", "claimless", "claimless")[1], 90)


def test_a_claim_that_was_never_bound_is_a_warning(attempts):
    attempts["unbound"].succeeds()
    assert "warning: claim unbound/data is not bound: there is nothing to back up" in attempts["unbound"].notes


def test_a_volume_of_a_machine_that_is_not_there_is_told_while_it_is_waited_for(attempts):
    attempts["foreign"].says("volume/data: the mover finds no node")
    attempts["foreign"].fails("not done within the run's timeout of 30s: volume/data: the mover finds no node")


def test_a_hook_without_a_ready_pod_fails_the_backup(attempts):
    attempts["podless"].fails("hook flush failed: no ready pod to run it in")


def test_a_hook_that_fails_aborts_and_the_hooks_after_run(world, attempts):
    attempts["aborts"].fails("hook quiesce failed in pod keeper-0: exit code 1: disk is read-only")
    assert [(done["name"], done["stage"], done["succeeded"]) for done in attempts["aborts"].status()["hooks"]] == [
        ("quiesce", "before", False), ("note", "after", True)]
    world["keeper"].shell("test -e /data/after-ran")


def test_a_hook_that_fails_and_may_is_told_in_the_status(attempts):
    attempts["continues"].succeeds()
    done = attempts["continues"].status()["hooks"][0]
    assert (done["succeeded"], done["message"]) == (False, "exit code 3: ")


def test_a_hook_that_hangs_is_given_up_and_the_hooks_after_run(attempts):
    attempts["hangs"].fails("hook quiesce failed in pod keeper-0: did not end within 3 s: raise its timeout")
    assert attempts["hangs"].status()["hooks"][-1]["name"] == "note"


def test_a_quiescing_hook_that_hangs_is_undone(world, attempts):
    attempts["never-still"].fails("hook freeze failed in pod keeper-0: was not still within 3 s and was let go: raise its timeout")
    wait_for("it was undone", lambda: "undone" in world["keeper"].shell("ls /data"), 30)


def test_what_a_plan_refers_to_may_come_later(site, attempts, password_file):
    attempts["template"].says("HookTemplate hooked/flush does not exist (yet)")
    attempts["missing-storage"].says("BackupStorage dmaas-system/later does not exist (yet)")
    site.apply(custom_resource("HookTemplate", "flush", "hooked", {"exec": {"command": ["sync"]}}))
    site.add_storage("later", password_file, "--local", f"{site.storage_directory}/later")
    attempts["template"].succeeds()
    attempts["missing-storage"].succeeds()
    site.apply(backup_of("disordered", "early", "comes-later"))
    wait_for("the session tells what it waits for", lambda: site.status("backupsession", "early", "disordered").get("message") ==
             "BackupConfiguration disordered/comes-later does not exist (yet)", 180)
    site.apply(plan_of("disordered", "comes-later"))
    wait_for("the plan is enough", lambda: site.status("backupsession", "early", "disordered")["phase"] == "Succeeded", 180)


def test_two_backups_of_a_plan_run_one_after_the_other_and_other_plans_beside_them(site, world, attempts):
    site.apply(*[backup_of("hooked", name, "twice") for name in ("twice-a", "twice-b")])

    def times():
        found = [site.status("backupsession", name, "hooked") for name in ("twice-a", "twice-b")]
        return sorted((s["startTime"], s["completionTime"]) for s in found) if all(s.get("phase") == "Succeeded" for s in found) else None
    first, second = wait_for("both succeed", times, 240)
    assert first[1] <= second[0]
    attempts["beside"].succeeds()


def test_a_mover_that_needs_more_memory_than_its_limit_says_so_and_is_made_again(site, world):
    world["keeper"].write(files=10, size=5_000_000)
    attempt = backup(site, "hooked", "squeezed")
    victims = Victims(site)
    victims.starve(victims.stop_mover(attempt.session[1], "volume/"))
    attempt.says("the mover needed more memory than its limit: raise mover.resources.limits.memory of the run", 90)
    attempt.succeeds()
    assert attempt.status()["components"][0]["attempts"] == 2


def test_an_evicted_mover_is_made_again(site, world):
    attempt = held(backup(site, "hooked", "held"))
    pod = next(component["pod"] for component in attempt.status()["components"] if component.get("pod"))
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod["name"], "namespace": pod["namespace"]}}
    site.cluster.kubectl("create", "--raw", f"/api/v1/namespaces/{pod['namespace']}/pods/{pod['name']}/eviction", "-f", "-",
                         input=json.dumps(eviction))
    attempt.reaches(lambda status: status["components"][0]["attempts"] == 2, "a second mover")
    hold_node(site, may_run=True)
    attempt.succeeds()
    hold_node(site, may_run=False)


def test_a_plan_that_is_deleted_midway_ends_its_backup_and_the_application_thaws(site, world):
    attempt = held(backup(site, "hooked", "held"))
    world["keeper"].shell("test -e /data/quiesced")
    site.kubectl("-n", "hooked", "delete", "backupconfiguration", "held", "--wait=true", "--timeout=60s")
    attempt.fails("its plan was deleted")
    world["keeper"].shell("test ! -e /data/quiesced")


def test_a_session_that_is_deleted_midway_thaws_the_application_and_leaves_nothing(site, world):
    site.apply(plan_of("hooked", "held", mover=HOLD,
                             **hooks([hook("quiesce", "touch", "/data/quiesced")], [hook("thaw", "rm", "/data/quiesced")])))
    attempt = held(backup(site, "hooked", "held"))
    world["keeper"].shell("test -e /data/quiesced")
    namespace, name = attempt.session
    site.kubectl("-n", namespace, "delete", "backupsession", name, "--wait=true", "--timeout=60s")
    assert attempt.end() == 1
    world["keeper"].shell("test ! -e /data/quiesced")


def test_an_application_that_is_deleted_while_it_is_backed_up_fails_the_backup(site, world):
    attempt = held(backup(site, "doomed", "doomed"))
    site.kubectl("-n", "doomed", "delete", "statefulset", "keeper", "--wait=true")
    site.kubectl("-n", "doomed", "delete", "pvc", "data-keeper-0", "--wait=true")
    attempt.fails("volume/data-keeper-0: claim doomed/data-keeper-0 was deleted while it was backed up")
    assert site.list("snapshots.dmaas.io", "doomed") == []


def test_a_namespace_goes_though_a_backup_of_it_runs(site, world):
    attempt = held(backup(site, "going", "going"))
    site.kubectl("delete", "namespace", "going", "--wait=true", "--timeout=120s")
    assert attempt.end() == 1


def test_nothing_of_all_this_is_left_nor_what_a_crash_leaves(site, world):
    assert site.leftovers(seconds=180) == []
    repository = f"{site.storage_directory}/{site.name}/ns/hooked/held"
    wait_for("no lock is left", lambda: subprocess.run(["find", repository, "-path", "*/locks/*", "-type", "f"], capture_output=True, text=True, check=True)
               .stdout == "", 60)
