"""Restores in other forms than "all of the latest": by day, and into claims that exist."""

import json
from datetime import UTC, datetime

import pytest

from sites.applications import Keeper
from sites.site import SYSTEM
from sites.waiting import wait_for

SOURCE = "moved-from"
TARGET = "moved-to"
AUTOSCALER = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "keeper", "namespace": TARGET},
              "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "keeper"}, "minReplicas": 2, "maxReplicas": 3,
                       "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}]}}


@pytest.fixture(scope="module")
def source(site):
    """Backed up twice; `checksums` of both are kept."""
    application = Keeper(site, SOURCE).deploy(files=20, size=100_000)
    application.protect()
    application.old = application.checksums()
    site.dmaas("backup", "keeper", "-n", SOURCE)
    application.write(files=20, size=100_000)
    application.new = application.checksums()
    site.dmaas("backup", "keeper", "-n", SOURCE)
    (repository,) = site.list("repositories.dmaas.io", SOURCE)
    application.repository = f"{SOURCE}/{repository['metadata']['name']}"
    yield application
    application.remove()


@pytest.fixture
def target(site):
    """Another setup of the same application: two replicas, files of its own."""
    application = Keeper(site, TARGET, replicas=2).deploy(files=3, size=1000)
    application.shell("echo mine > /data/only-here")
    yield application
    site.kubectl("delete", "namespace", TARGET, "--wait=true", "--timeout=120s")


def objects_of(site, namespace):
    """What the namespace holds, by kind and name, with the generation of each; without what changes by itself."""
    kinds = "statefulsets,services,configmaps,secrets,persistentvolumeclaims,serviceaccounts"
    return {(found["kind"], found["metadata"]["name"]): (found["metadata"]["uid"], found.get("spec")) for found in site.list(kinds, namespace)}


def restore(site, source, *flags, expect="Succeeded"):
    namespace, name = site.begin("restore", "--repository", source.repository, "-n", SYSTEM, *flags)
    status = site.await_end("restoresession", name, namespace)
    assert status["stage"] == expect, json.dumps(status, indent=1)
    return name, status


DATA_ONLY = ("--data", "volumes", "--map-namespace", f"{SOURCE}={TARGET}")


def test_a_day_chooses_its_oldest_or_its_newest_backup(site, source):
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    for flag, expected in (("--oldest-of", source.old), ("--latest-of", source.new)):
        restore(site, source, flag, today, "--map-namespace", f"{SOURCE}=of-a-day")
        try:
            assert source.checksums("of-a-day") == expected
        finally:
            site.kubectl("delete", "namespace", "of-a-day", "--wait=true", "--timeout=120s")


def test_a_day_without_backup_is_answered_with_those_that_have_some(site, source):
    _, status = restore(site, source, "--oldest-of", "2020-02-29", "--preflight", expect="Failed")
    assert status["message"].startswith("no backup of 2020-02-29: the repository holds 2 backups"), status["message"]


def test_a_claim_in_use_is_refused_and_its_pod_is_named(site, source, target):
    before = target.checksums()
    _, status = restore(site, source, *DATA_ONLY, "--in-place", "refuseIfInUse", expect="Failed")
    assert "pod keeper-0 uses the claim: stop it first, or restore with spec.inPlace.quiesce: scaleToZero" in status["message"]
    assert target.checksums() == before


def test_data_alone_goes_into_an_application_that_is_sized_differently(site, source, target):
    site.apply(AUTOSCALER)
    before = objects_of(site, TARGET)
    second = target.checksums()[1]
    _, status = restore(site, source, *DATA_ONLY, "--in-place", "scaleToZero")
    assert [(row["name"], row["replicas"], row["state"]) for row in status["workloads"]] == [("keeper", 2, "Restored")]
    site.await_rollout("statefulset/keeper", TARGET)
    # Of the one claim of the backup; what only the target had is gone, its other claim untouched.
    assert target.checksums() == [source.new[0], second]
    assert objects_of(site, TARGET) == before
    assert site.leftovers() == []


def test_a_claim_map_and_kept_files(site, source, target):
    first = target.checksums()[0]
    target.shell("echo mine > /data/only-here", pod=1)
    site.kubectl("-n", TARGET, "scale", "statefulset/keeper", "--replicas=0")
    wait_for("no pod", lambda: site.list("pods", TARGET) == [])
    restore(site, source, *DATA_ONLY, "--in-place", "refuseIfInUse", "--keep-extra-files", "--map-claim", "data-keeper-0=data-keeper-1")
    site.kubectl("-n", TARGET, "scale", "statefulset/keeper", "--replicas=2")
    site.await_rollout("statefulset/keeper", TARGET)
    sums = target.checksums()
    assert sums[0] == first
    assert set(source.new[0].splitlines()) < set(sums[1].splitlines())
    assert target.shell("cat /data/only-here", pod=1) == "mine\n"


def test_data_that_does_not_fit_is_refused_with_numbers(site, source, target):
    site.kubectl("-n", TARGET, "delete", "statefulset/keeper", "--cascade=foreground")
    small = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "small", "namespace": TARGET},
             "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}}
    user = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "user", "namespace": TARGET},
            "spec": {"terminationGracePeriodSeconds": 0, "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "small"}}],
                     "containers": [{"name": "user", "image": "dmaas.io/testbed/debian-base:12", "imagePullPolicy": "Never",
                                     "command": ["sleep", "infinity"], "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]}}
    site.apply(small, user)
    site.kubectl("-n", TARGET, "wait", "pod/user", "--for=condition=Ready", "--timeout=60s")
    site.kubectl("-n", TARGET, "delete", "pod/user")
    _, status = restore(site, source, *DATA_ONLY, "--in-place", "refuseIfInUse", "--map-claim", "data-keeper-0=small", expect="Failed")
    assert "the claim has room for 1.0 MiB, the backup's data is 1.9 MiB" in status["message"], status["message"]


def test_a_cancelled_restore_gives_replicas_back_and_a_second_one_finishes_it(site, source, target):
    namespace, name = site.begin("restore", "--repository", source.repository, "-n", SYSTEM, *DATA_ONLY, "--in-place", "scaleToZero")

    def stopped():
        return [row["state"] for row in site.status("restoresession", name, namespace).get("workloads", [])] == ["Stopped"]

    wait_for(lambda: json.dumps(site.status("restoresession", name, namespace), indent=1), stopped, 120)
    site.kubectl("-n", SYSTEM, "delete", "pod", "-l", "app.kubernetes.io/component=controller", "--grace-period=0", "--force")
    site.dmaas("cancel", name, "-n", namespace)
    assert site.get("statefulset", "keeper", TARGET)["spec"]["replicas"] == 2
    assert site.leftovers() == []
    restore(site, source, *DATA_ONLY, "--in-place", "scaleToZero")
    site.await_rollout("statefulset/keeper", TARGET)
    assert target.checksums()[0] == source.new[0]
