"""A standby in another namespace: follows every backup, takes the application's place, and gives it back."""

import json

import pytest

from sites.applications import Keeper
from sites.plans import custom_resource
from sites.site import SYSTEM
from sites.waiting import wait_for

SOURCE = "keeper"
PLACE = "keeper-standby"
STANDBY = "keeper"


@pytest.fixture(scope="module")
def keeper(site):
    """A source with 20 files of 1 MB, backed up once."""
    made = Keeper(site, SOURCE).deploy(files=20, size=1_000_000).protect()
    site.dmaas("backup", "keeper", "-n", SOURCE)
    yield made
    for namespace in (SOURCE, PLACE):
        site.kubectl("delete", "namespace", namespace, "--ignore-not-found")


@pytest.fixture(scope="module")
def standby(site, keeper):
    """It has taken over the first backup."""
    (repository,) = site.list("repositories.dmaas.io", SOURCE)
    site.dmaas("standby", "create", STANDBY, "--repository", f"{SOURCE}/{repository['metadata']['name']}",
               "--map-namespace", f"{SOURCE}={PLACE}", "--wait")
    yield STANDBY
    site.kubectl("-n", SYSTEM, "delete", "standby", STANDBY, "--ignore-not-found")


def status_of(site):
    return site.status("standby", STANDBY, SYSTEM)


def is_true(site, condition):
    return site.condition("standby", STANDBY, SYSTEM, condition)[0] == "True"


def await_true(site, condition):
    wait_for(lambda: json.dumps(status_of(site), indent=1), lambda: is_true(site, condition), 120)


def await_newest(site):
    """Once the newest backup of the source is here."""
    newest = max(found["spec"]["time"] for found in site.list("snapshots.dmaas.io", SOURCE))
    wait_for(lambda: json.dumps(status_of(site), indent=1),
             lambda: status_of(site).get("syncedBackup", {}).get("time") == newest and is_true(site, "Synced"), 120)


def workloads(site):
    return site.list("pods,statefulsets", PLACE)


def test_the_first_backup_is_there_unmounted_and_its_objects_are_tried(site, standby):
    await_true(site, "ActivationReady")
    status = status_of(site)
    assert status["data"] == "Synced" and status["phase"] == "Following"
    (claim,) = site.list("persistentvolumeclaims", PLACE)
    assert claim["metadata"]["name"] == "data-keeper-0" and claim["status"]["phase"] == "Bound"
    assert workloads(site) == [] and site.list("secrets", PLACE) == []


def test_a_second_backup_writes_only_what_differs(site, standby, keeper):
    keeper.shell("echo changed | dd of=/data/file-7 bs=1 seek=500000 conv=notrunc && head -c 100000 /dev/urandom > /data/new && rm /data/file-3")
    site.dmaas("backup", "keeper", "-n", SOURCE)
    await_newest(site)
    last = status_of(site)["lastSync"]
    assert last["bytesTotal"] > 18_000_000
    assert 100_000 <= last["bytesWritten"] < 150_000, last


def test_an_activation_runs_the_newest_backup_and_following_stops(site, standby, keeper):
    keeper.shell("head -c 5000 /dev/urandom > /data/last")
    site.dmaas("backup", "keeper", "-n", SOURCE)
    told = site.dmaas("standby", "activate", STANDBY)
    assert "the application runs here" in told
    assert keeper.checksums(PLACE) == keeper.checksums()
    assert site.get("secret", "keeper", PLACE)
    site.dmaas("backup", "keeper", "-n", SOURCE)
    wait_for(lambda: status_of(site), lambda: not is_true(site, "Synced"))
    assert status_of(site)["phase"] == "Active"


def test_a_deactivation_keeps_what_was_written_here_until_it_may_go(site, standby, keeper):
    keeper.shell("echo precious > /data/written-here && sync", PLACE)
    told = site.dmaas("standby", "deactivate", STANDBY)
    assert "discardChanges" in told
    assert workloads(site) == []
    # A second activation goes on with it.
    site.dmaas("standby", "activate", STANDBY)
    assert keeper.shell("cat /data/written-here", PLACE) == "precious\n"
    site.dmaas("standby", "deactivate", STANDBY, "--discard-changes")
    await_newest(site)
    site.dmaas("standby", "activate", STANDBY)
    assert keeper.checksums(PLACE) == keeper.checksums()


def test_deleting_it_leaves_the_application(site, standby, keeper):
    site.dmaas("standby", "delete", STANDBY)
    wait_for("its sessions are gone", lambda: site.list("restoresessions", SYSTEM, "dmaas.io/standby-task") == [])
    assert keeper.checksums(PLACE) == keeper.checksums()


def test_it_does_not_reach_through_walls(site, keeper):
    """In a namespace of its own it needs to be let in: by the source to read, by the destination to restore."""
    (repository,) = site.list("repositories.dmaas.io", SOURCE)
    site.kubectl("create", "namespace", "stranger")
    try:
        site.apply(custom_resource("Standby", "thief", "stranger", {
            "repositoryRef": {"name": repository["metadata"]["name"], "namespace": SOURCE}, "namespaceMap": {SOURCE: "stranger"}}))
        wait_for("it is refused", lambda: "BackupGrant" in site.condition("standby", "thief", "stranger")[1])
        assert site.status("standby", "thief", "stranger").get("newestBackup") is None
        assert site.list("restoresessions", "stranger") == []
    finally:
        site.kubectl("delete", "namespace", "stranger", "--wait=false")
