"""A5: a backup is taken on a stage and verified there; only what passed is copied to the storages of the plan."""

import json

import pytest

from sites.applications import Keeper
from sites.plans import custom_resource, plan_of
from sites.site import SYSTEM
from sites.waiting import wait_for
from tests.faults.attempt import Attempt

NAMESPACE = "staged"
STAGE, TARGET = "stage", "target"
# A verification makes a namespace, restores into it and removes it.
SECONDS = 240


@pytest.fixture(scope="module")
def keeper(site, minio, password_file):
    """Its backups pass while the file `state` says that it is good."""
    made = Keeper(site, NAMESPACE).deploy(files=10)
    made.shell("echo good > /data/state; sync")
    for name in (STAGE, TARGET):
        site.add_bucket(name, password_file, minio, name)
    site.apply(custom_resource("BackupVerifier", "good", NAMESPACE, {"plans": [{"name": "keeper"}], "verification": {
        "allowUnisolated": True,
        "checks": [{"name": "state", "timeout": "20s", "exec": {"command": ["grep", "-q", "good", "/data/state"]}}]}}))
    site.apply(plan_of(NAMESPACE, "keeper", TARGET))
    made.change_plan(stageAndVerifyFirst={"storageRef": {"name": STAGE, "namespace": SYSTEM}, "verifierRef": {"name": "good"}})
    yield made
    made.remove()
    for name in (STAGE, TARGET):
        site.kubectl("-n", SYSTEM, "delete", f"backupstorage/{name}", f"secret/{name}-credentials", f"secret/{name}-recovery")


def objects_in(minio, bucket):
    """Of the repositories; neither what storages are tried out with nor locks, which come and go."""
    root = minio.directory / "data" / bucket
    return {str(file.relative_to(root)): file.stat().st_size for file in root.rglob("*") if file.is_file() and not {".dmaas", "locks"} & set(file.parts)}


def backups_on(site, storage):
    """The Snapshots, the oldest first."""
    repositories = {repository["metadata"]["name"] for repository in site.list("repositories.dmaas.io", NAMESPACE)
                    if repository["spec"]["storageRef"]["name"] == storage}
    found = [snapshot for snapshot in site.list("snapshots.dmaas.io", NAMESPACE) if snapshot["spec"]["repositoryRef"]["name"] in repositories]
    return sorted(found, key=lambda snapshot: snapshot["spec"]["time"])


def plan_tells(site):
    return site.condition("backupconfiguration", "keeper", NAMESPACE, "StagingPassed")


def await_staging(site, status, text):
    def found():
        told = plan_tells(site)
        return told if told[0] == status and text in told[1] else None
    return wait_for(lambda: f"{status} {text}\n{plan_tells(site)}\n{json.dumps(site.list('copysessions.dmaas.io', NAMESPACE), indent=1)}", found, SECONDS)


def back_up(site):
    """Name and status of the session, which wrote to the stage only; name of the Snapshot."""
    namespace, name = site.begin("backup", "keeper", "-n", NAMESPACE)
    status = site.await_end("backupsession", name, namespace)
    assert [result["storage"] for result in status["storages"]] == [f"{SYSTEM}/{STAGE}"]
    assert status["phase"] == "Succeeded"
    return name, status["storages"][0]["snapshot"]


def test_what_passed_is_copied_and_restores_from_the_target(site, keeper, minio):
    data = keeper.checksums()
    session, snapshot = back_up(site)
    assert objects_in(minio, TARGET) == {}, "it is not verified yet"
    wait_for("it is verified", lambda: site.list("verificationsessions.dmaas.io", NAMESPACE), 60)
    site.kubectl("-n", SYSTEM, "delete", "pod", "-l", "app.kubernetes.io/component=controller", "--grace-period=0", "--force")
    await_staging(site, "True", f", copied to {SYSTEM}/{TARGET}")
    (copy,) = backups_on(site, TARGET)
    assert len(site.list("verificationsessions.dmaas.io", NAMESPACE)) == 1
    assert copy["spec"]["time"] == backups_on(site, STAGE)[-1]["spec"]["time"]
    wait_for("the copy is verified", lambda: site.condition("snapshot.dmaas.io", copy["metadata"]["name"], NAMESPACE, "Verified")[0] == "True", 30)
    assert site.condition("snapshot.dmaas.io", snapshot, NAMESPACE, "StagingPassed")[0] == "True"
    wait_for("the session tells", lambda: site.condition("backupsession", session, NAMESPACE, "StagingPassed")[0] == "True", 30)
    site.dmaas("restore", f"{NAMESPACE}/{copy['metadata']['name']}", "-n", SYSTEM, "--map-namespace", f"{NAMESPACE}={NAMESPACE}-again")
    try:
        assert keeper.checksums(f"{NAMESPACE}-again") == data
    finally:
        site.kubectl("delete", "namespace", f"{NAMESPACE}-again", "--wait=false")


def test_what_failed_reaches_no_target_and_everything_says_so(site, keeper, minio):
    keeper.shell("echo broken > /data/state; sync")
    before = objects_in(minio, TARGET)
    session, snapshot = back_up(site)
    _, message = await_staging(site, "False", "did not pass")
    assert snapshot in message and "copied nowhere" in message
    assert site.condition("snapshot.dmaas.io", snapshot, NAMESPACE, "Verified")[0] == "False"
    assert site.condition("snapshot.dmaas.io", snapshot, NAMESPACE, "StagingPassed")[0] == "False"
    wait_for("the session tells", lambda: site.condition("backupsession", session, NAMESPACE, "StagingPassed")[0] == "False", 30)
    overview = Attempt(site, "status", "-n", NAMESPACE)
    assert overview.end() == 3 and "did not pass" in overview.output
    assert objects_in(minio, TARGET) == before
    assert len(backups_on(site, TARGET)) == 1


def test_staged_backups_expire_and_the_copies_stay(site, keeper, minio):
    keeper.change_plan(stageAndVerifyFirst={"retention": "1m"})
    wait_for(lambda: f"the stage is empty\n{json.dumps(backups_on(site, STAGE), indent=1)}", lambda: not backups_on(site, STAGE), SECONDS)
    assert len(backups_on(site, TARGET)) == 1
    assert not site.list("verificationsessions.dmaas.io", NAMESPACE)
    assert not site.list("copysessions.dmaas.io", NAMESPACE)
