"""Backups go when nobody needs them any more, and only then: retention, deletion, checks."""

import contextlib
import json
import shutil
import signal
from pathlib import Path

import pytest

from sites.applications import Keeper, deploy_settings
from sites.plans import hook, plan_of
from sites.site import SYSTEM, restic
from sites.waiting import wait_for
from tests.cluster.node_view import Node, stopped
from tests.faults.victims import Victims

SETTINGS = "kept-settings"
KEEPER = "kept-files"


def repository_of(site, namespace):
    """Name of the one Repository, and its directory."""
    (found,) = site.list("repositories.dmaas.io", namespace)
    return found["metadata"]["name"], f"{site.storage_directory}/{found['spec']['path']}"


def backups(site, namespace):
    """Names of the Snapshot objects, the oldest first."""
    found = sorted(site.list("snapshots.dmaas.io", namespace), key=lambda snapshot: snapshot["spec"]["time"])
    return [snapshot["metadata"]["name"] for snapshot in found]


def stored_snapshots(directory, password_file):
    return json.loads(restic(directory, password_file, "snapshots", "--json") or "[]") or []


def size_of(directory):
    return sum(file.stat().st_size for file in Path(directory, "data").rglob("*") if file.is_file())


def locks_in(directory):
    return [lock.name for lock in Path(directory, "locks").iterdir()]


@pytest.fixture(scope="module")
def settings(site):
    """Backed up three times; its policy keeps two."""
    deploy_settings(site, SETTINGS)
    plan = plan_of(SETTINGS, "settings")
    plan["spec"]["retentionPolicyRef"] = {"name": "two"}
    site.dmaas("retention", "set", "two", "-n", SETTINGS, "--last", "2")
    site.apply(plan)
    for colour in ("red", "blue", "grey"):
        site.patch("configmap", "settings", SETTINGS, {"data": {"colour": colour}})
        site.dmaas("backup", "settings", "-n", SETTINGS)
    yield repository_of(site, SETTINGS)
    site.kubectl("delete", "namespace", SETTINGS, "--wait=false")


@pytest.fixture(scope="module")
def keeper(site):
    application = Keeper(site, KEEPER).deploy(files=20, size=200_000)
    application.protect()
    site.dmaas("backup", "keeper", "-n", KEEPER)
    yield application
    application.remove()


def test_the_preview_says_which_rule_keeps_a_backup_and_changes_nothing(site, settings):
    before = backups(site, SETTINGS)
    shown = json.loads(site.dmaas("retention", "preview", "settings", "-n", SETTINGS, "-o", "json"))
    assert [(backup["backup"], backup["keptBy"], backup["expires"]) for backup in shown] == [
        (before[2], ["last"], False), (before[1], ["last"], False), (before[0], [], True)]
    assert backups(site, SETTINGS) == before


def test_maintenance_erases_what_the_policy_does_not_keep(site, settings, password_file):
    name, directory = settings
    before = backups(site, SETTINGS)
    told = site.dmaas("repository", "maintain", name, "-n", SETTINGS)
    assert "erased 1 backups" in told
    assert backups(site, SETTINGS) == before[1:]
    assert len(stored_snapshots(directory, password_file)) == 2
    assert "no errors were found" in restic(directory, password_file, "check", "--read-data")
    assert locks_in(directory) == []
    status = site.status("repository.dmaas.io", name, SETTINGS)
    assert (status["lastCheck"], status["maintenance"]["outcome"]) == ("Passed", "Succeeded")


def test_a_deleted_backup_is_gone_its_space_given_back_and_the_others_restore(site, keeper, password_file):
    _, directory = repository_of(site, KEEPER)
    keeper.write(files=20, size=200_000)
    kept = keeper.checksums()
    site.dmaas("backup", "keeper", "-n", KEEPER)
    old, new = backups(site, KEEPER)
    before = size_of(directory)
    site.dmaas("delete", "backup", old, "-n", KEEPER)
    assert backups(site, KEEPER) == [new]
    assert size_of(directory) < before - 3_500_000
    assert len(stored_snapshots(directory, password_file)) == 2  # the volume and the objects
    assert "no errors were found" in restic(directory, password_file, "check", "--read-data")
    site.dmaas("restore", f"{KEEPER}/{new}", "-n", SYSTEM, "--map-namespace", f"{KEEPER}={KEEPER}-again")
    try:
        assert keeper.checksums(f"{KEEPER}-again") == kept
    finally:
        site.kubectl("delete", "namespace", f"{KEEPER}-again", "--wait=false")


@contextlib.contextmanager
def held_maintenance(site, name):
    """Meanwhile the mover that maintains this repository stands still."""
    victims = Victims(site)
    site.dmaas("repository", "maintain", name, "-n", KEEPER, "--no-wait")
    mover = victims.stop_mover(name, "maintenance")
    try:
        yield
    finally:
        victims.signal(mover, signal.SIGCONT)


def test_maintenance_goes_on_after_its_controller_was_lost(site, keeper, password_file):
    name, directory = repository_of(site, KEEPER)

    def maintenance():
        return site.status("repository.dmaas.io", name, KEEPER).get("maintenance", {})

    before = maintenance().get("completionTime")
    with held_maintenance(site, name):
        assert maintenance()["phase"] == "Running"
        site.kubectl("-n", SYSTEM, "delete", "pod", "-l", "app.kubernetes.io/component=controller", "--grace-period=0", "--force")
    done = wait_for(maintenance, lambda: maintenance().get("completionTime") != before and maintenance()["phase"] == "Idle" and maintenance(), 180)
    assert done["outcome"] == "Succeeded", done
    assert site.leftovers() == []
    assert locks_in(directory) == []


def test_sessions_wait_while_a_repository_is_maintained(site, keeper):
    name, _ = repository_of(site, KEEPER)
    with held_maintenance(site, name):
        namespace, session = site.begin("backup", "keeper", "-n", KEEPER)
        wait_for("it waits", lambda: "is being maintained" in site.status("backupsession", session, namespace).get("message", ""))
    status = site.await_end("backupsession", session, namespace)
    assert status["phase"] == "Succeeded", status
    done = site.status("repository.dmaas.io", name, KEEPER)["maintenance"]
    assert (done["phase"], done["outcome"]) == ("Idle", "Succeeded")
    assert status["startTime"] > done["completionTime"]


def test_a_lock_that_its_controller_could_not_remove_goes_with_the_next_one(site, keeper):
    """Its session is gone by then, so that nothing else leads to the repository."""
    _, directory = repository_of(site, KEEPER)
    runs = site.get("backupconfiguration", "keeper", KEEPER)["spec"]["runs"]
    keeper.change_plan(runs=[{"name": "endless", "hooks": {"before": [hook("wait", "sleep", "infinity", timeout="10m")]}}])
    namespace, session = site.begin("backup", "keeper", "-n", KEEPER)
    wait_for("its hook", lambda: site.status("backupsession", session, namespace).get("phase") == "HooksBefore")
    with stopped(Node(site).process_of("gateway")):
        site.kubectl("delete", "backupsession", session, "-n", namespace, "--timeout=30s")
        site.kubectl("-n", SYSTEM, "delete", "pod", "-l", "app.kubernetes.io/component=controller", "--grace-period=0", "--force")
        assert len(locks_in(directory)) == 1
    keeper.change_plan(runs=runs)
    wait_for(lambda: f"no lock is left: {locks_in(directory)}", lambda: locks_in(directory) == [], 120)


def test_a_backup_that_somebody_removed_from_the_storage_is_shown_as_gone(site, settings, password_file):
    _, directory = settings
    first = backups(site, SETTINGS)[0]
    restic(directory, password_file, "forget", site.get("snapshot.dmaas.io", first, SETTINGS)["spec"]["snapshotId"])
    site.dmaas("backup", "settings", "-n", SETTINGS)  # after which the repository is looked at
    wait_for(lambda: site.get("snapshot.dmaas.io", first, SETTINGS), lambda: site.condition("snapshot.dmaas.io", first, SETTINGS)[0] == "False")
    assert "somebody removed it" in site.condition("snapshot.dmaas.io", first, SETTINGS)[1]
    assert site.status("snapshot.dmaas.io", first, SETTINGS)["complete"] is False


def test_a_repository_that_is_gone_is_not_made_anew(site, settings):
    _, directory = settings
    away = Path(f"{directory}-away")
    Path(directory).rename(away)
    try:
        with pytest.raises(AssertionError, match="is gone from storage dmaas-system/main: bring back what was there"):
            site.dmaas("backup", "settings", "-n", SETTINGS)
        assert not Path(directory, "config").exists()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        away.rename(directory)
    site.dmaas("backup", "settings", "-n", SETTINGS)


def test_damage_is_found_and_named(site, settings):
    name, directory = settings
    site.patch("backupstorage", "main", SYSTEM, {"spec": {"maintenance": {"readDataPercent": 100}}})
    pack = max(Path(directory, "data").rglob("*"), key=lambda file: file.stat().st_size if file.is_file() else 0)
    content = pack.read_bytes()
    pack.write_bytes(content[:-60] + bytes([content[-60] ^ 1]) + content[-59:])
    try:
        with pytest.raises(AssertionError, match="problems, the first: pack"):
            site.dmaas("repository", "maintain", name, "-n", SETTINGS)
        status, message = site.condition("repository.dmaas.io", name, SETTINGS, "Healthy")
        assert (status, pack.name[:8] in message) == ("False", True), message
        pack.write_bytes(content)
        site.dmaas("repository", "maintain", name, "-n", SETTINGS)
        assert site.condition("repository.dmaas.io", name, SETTINGS, "Healthy")[0] == "True"
    finally:
        pack.write_bytes(content)
        site.patch("backupstorage", "main", SYSTEM, {"spec": {"maintenance": {"readDataPercent": 2}}})


def test_a_namespace_that_is_deleted_takes_no_backup_with_it(site, keeper, password_file):
    _, directory = repository_of(site, KEEPER)
    before = len(stored_snapshots(directory, password_file))
    for name in backups(site, KEEPER):
        site.patch("snapshot.dmaas.io", name, KEEPER, {"spec": {"deletionPolicy": "Delete"}})
    site.kubectl("delete", "namespace", KEEPER, "--timeout=120s")
    assert len(stored_snapshots(directory, password_file)) == before
