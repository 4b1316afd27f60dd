"""Data that change as damage does are noticed, and no backup goes until a person has looked."""

import json

import pytest

from sites.applications import Keeper
from sites.waiting import wait_for
from tests.faults.attempt import Attempt

NAMESPACE = "attacked"
TEXT = "for i in $(seq 40); do yes \"line $i of a text that compresses well, {word}\" | head -c 100000 > /data/file-$i; done; sync"


@pytest.fixture(scope="module")
def keeper(site):
    """Its policy keeps one backup."""
    made = Keeper(site, NAMESPACE).deploy(files=1, size=1)
    made.shell(TEXT.format(word="first"))
    site.dmaas("retention", "set", "one", "-n", NAMESPACE, "--last", "1")
    made.protect(retentionPolicyRef={"name": "one"})
    yield made
    made.remove()


def backups(site):
    """The Snapshots, the oldest first."""
    return sorted(site.list("snapshots.dmaas.io", NAMESPACE), key=lambda snapshot: snapshot["spec"]["time"])


def back_up(site):
    """Name of the Snapshot, and what looks unusual in it."""
    (status,) = site.back_up((NAMESPACE, "keeper"))
    name = status["storages"][0]["snapshot"]
    return name, site.condition("snapshot.dmaas.io", name, NAMESPACE, "DataLooksUnusual")


def plan_condition(site, name):
    return site.condition("backupconfiguration", "keeper", NAMESPACE, name)


def maintain(site):
    (repository,) = site.list("repositories.dmaas.io", NAMESPACE)
    return site.dmaas("repository", "maintain", repository["metadata"]["name"], "-n", NAMESPACE)


def await_held(site, held):
    wait_for(f"retention is {'held' if held else 'not held'}", lambda: plan_condition(site, "RetentionHeld")[0] == ("True" if held else ""), 60)


def test_usual_changes_are_not_told(site, keeper):
    assert back_up(site)[1] == ("", "")
    keeper.shell(TEXT.format(word="second"))
    assert back_up(site)[1] == ("", "")
    assert plan_condition(site, "DataLooksUnusual") == plan_condition(site, "RetentionHeld") == ("", "")


def test_a_volume_overwritten_with_random_bytes_is_told_and_holds_retention(site, keeper):
    keeper.shell("for i in $(seq 40); do head -c 100000 /dev/urandom > /data/file-$i; done; sync")
    name, (status, message) = back_up(site)
    assert status == "True"
    assert "volume/data-keeper-0" in message and "do not compress any more" in message
    await_held(site, True)
    status, message = plan_condition(site, "DataLooksUnusual")
    assert status == "True" and name in message and f"'dmaas accept keeper -n {NAMESPACE}'" in message
    wait_for("an event tells it", lambda: [event for event in site.list("events", NAMESPACE) if event["reason"] == "DataLooksUnusual"], 30)
    overview = Attempt(site, "status", "-n", NAMESPACE)
    assert overview.end() == 3 and "do not compress any more" in overview.output
    before = [backup["metadata"]["name"] for backup in backups(site)]
    assert "erased 0 backups" in maintain(site)
    assert [backup["metadata"]["name"] for backup in backups(site)] == before
    assert len(before) == 3


def test_once_it_is_accepted_backups_expire_again(site, keeper):
    newest = backups(site)[-1]["metadata"]["name"]
    assert "accepted" in site.dmaas("accept", "keeper", "-n", NAMESPACE)
    await_held(site, False)
    assert plan_condition(site, "DataLooksUnusual") == ("", "")
    assert "erased 2 backups" in maintain(site)
    assert [backup["metadata"]["name"] for backup in backups(site)] == [newest]
    assert back_up(site)[1] == ("", ""), "what was accepted is the measure of later backups"


def test_files_deleted_in_masses_are_told(site, keeper):
    keeper.shell("cd /data && ls | sort | tail -n +11 | xargs rm; sync")
    _, (status, message) = back_up(site)
    assert (status, message) == ("True", "volume/data-keeper-0: 10 files are left of 40")
    await_held(site, True)
    assert "erased 0 backups" in maintain(site)
    described = json.loads(site.dmaas("get", "plan", "keeper", "-n", NAMESPACE, "-o", "json"))
    assert {condition["type"] for condition in described["status"]["conditions"]} >= {"DataLooksUnusual", "RetentionHeld"}
