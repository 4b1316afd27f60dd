"""TCID-DIR-DMAAS-DATA-MOVEMENT-ACROSS-SETUPS: only the data, daily, from one cluster into another one whose application is sized differently."""

import json
import re
from datetime import timedelta

import pytest

from sites.applications import Keeper
from sites.clock import controller_clock, next_midnight
from sites.plans import custom_resource
from sites.site import SYSTEM, Site, phase_of, restic
from sites.waiting import wait_for
from testbed.errors import TestbedError
from tests.conftest import NAME

EAST = f"{NAME}-a"
BUCKET = "moved"
SOURCE, TARGET, SMALL = "orders", "orders-copy", "orders-small"
REPOSITORY = f"{EAST}/ns/{SOURCE}/{SOURCE}"
SESSION_SECONDS = 180


@pytest.fixture
def east(password_file, minio, tmp_path):
    """The cluster whose application is backed up."""
    made = Site(EAST, str(tmp_path / "storage"), images=())
    made.install()
    made.add_bucket("main", password_file, minio, BUCKET)
    yield made
    made.cluster.down()


@pytest.fixture
def clocks(site, east):
    """Those of both controllers, by the name of the cluster."""
    with controller_clock(site) as here, controller_clock(east) as there:
        yield {site.name: here, east.name: there}


def let_come(site, clocks, time, kind, name, namespace):
    """It is this time for the controller; it comes to the object at once, which it would within ten minutes."""
    clocks[site.name].set(time + timedelta(seconds=1))
    site.patch(kind, name, namespace, {"metadata": {"annotations": {"time": time.isoformat()}}})


def back_up(east, clocks, time):
    """The daily backup of the source."""
    let_come(east, clocks, time, "backupconfiguration", SOURCE, SOURCE)
    name = f"{SOURCE}-backup-{int(time.timestamp())}"
    status = await_session(east, "backupsession", name, SOURCE)
    assert phase_of(status) == "Succeeded", json.dumps(status, indent=1)


def await_session(site, kind, name, namespace):
    def is_there():
        try:
            return site.get(kind, name, namespace)
        except TestbedError:
            return None
    wait_for(f"{kind} {namespace}/{name}", is_there, 60)
    return site.await_end(kind, name, namespace, SESSION_SECONDS)


def refill_status(site, name):
    return site.status("restoreconfiguration", name, SYSTEM)


def refill(site, clocks, time, name):
    """The status of the refill once its session of this time is over and taken over."""
    let_come(site, clocks, time, "restoreconfiguration", name, SYSTEM)
    session = f"{name}-restore-{int(time.timestamp())}"
    await_session(site, "restoresession", session, SYSTEM)

    def is_taken():
        status = refill_status(site, name)
        return status if status.get("lastSession", {}).get("session") == session else None
    return wait_for(lambda: json.dumps(refill_status(site, name), indent=1), is_taken, 60)


def first_refill(site, name):
    """The status after the first session of a refill whose first time has passed by the controller's clock already."""
    def is_taken():
        status = refill_status(site, name)
        return status if status.get("lastSession") else None
    return wait_for(lambda: json.dumps(refill_status(site, name), indent=1), is_taken, SESSION_SECONDS)


def objects_of(site, namespace):
    """All but data in claims and what a controller writes: an object that was touched is another one, or has other contents."""
    kinds = "statefulsets,services,configmaps,secrets,persistentvolumeclaims,serviceaccounts"
    return {(found["kind"], found["metadata"]["name"]): (found["metadata"]["uid"], found.get("spec"), found.get("data"))
            for found in site.list(kinds, namespace)}


def stored_objects(minio, password_file):
    """What the backups hold beside data, as paths."""
    return restic(f"s3:{minio.account.endpoint}/{BUCKET}/{REPOSITORY}", password_file, "ls", "--tag", "dmaas.io/component=resources", "latest",
                  environment=minio.account.environment)


def protect_data(east):
    """Claims and nothing else, each day at two."""
    east.apply(custom_resource("BackupConfiguration", SOURCE, SOURCE, {
        "targets": [{"name": SOURCE, "allObjects": True, "objects": {"include": [{"kinds": ["PersistentVolumeClaim"]}]}}],
        "runs": [{"name": "backup", "schedule": "0 2 * * *"}], "storages": [{"storageRef": {"name": "main", "namespace": SYSTEM}}]}))
    wait_for(lambda: east.condition("backupconfiguration", SOURCE, SOURCE),
             lambda: east.condition("backupconfiguration", SOURCE, SOURCE)[0] == "True")


def import_repository(site, password_file, minio):
    site.add_storage("of-east", password_file, "--bucket", BUCKET, "--endpoint", minio.account.endpoint, environment=minio.account.environment)
    site.dmaas("storage", "import", "of-east", REPOSITORY)
    (name,) = [found["metadata"]["name"] for found in site.list("repositories.dmaas.io", SYSTEM)
               if found["spec"]["storageRef"]["name"] == "of-east"]
    return f"{SYSTEM}/{name}"


def restore_daily(site, repository, name, schedule, target, in_place, *flags):
    site.dmaas("restore", "--repository", repository, "-n", SYSTEM, "--data", "volumes", "--map-namespace", f"{SOURCE}={target}",
               "--in-place", in_place, "--schedule", schedule, "--name", name, *flags)


def test_only_the_data_arrives_each_day_in_an_application_that_is_sized_differently(site, east, clocks, minio, password_file):
    source = Keeper(east, SOURCE, replicas=2).deploy(files=20, size=100_000)
    protect_data(east)
    target = Keeper(site, TARGET, replicas=3, claim_size="128Mi").deploy(files=3, size=1000)
    site.patch("configmap", "keeper", TARGET, {"data": {"colour": "blue"}})
    before, third = objects_of(site, TARGET), target.checksums()[2]

    today = next_midnight()
    back_up(east, clocks, today + timedelta(hours=2))
    held = stored_objects(minio, password_file)
    assert "data-keeper-1" in held and not any(kind in held.lower() for kind in ("statefulset", "configmap", "secret", "service")), held
    repository = import_repository(site, password_file, minio)
    restore_daily(site, repository, "daily", "0 3 * * *", TARGET, "scaleToZero")

    status = refill(site, clocks, today + timedelta(hours=3), "daily")
    assert status["lastSession"]["stage"] == "Succeeded", json.dumps(status, indent=1)
    site.await_rollout("statefulset/keeper", TARGET)
    assert target.checksums() == [*source.checksums(), third]
    assert objects_of(site, TARGET) == before  # as it was, with its three replicas

    # A day without a new backup: what the application has written since stays.
    target.shell("echo mine > /data/written-here")
    today += timedelta(days=1)
    let_come(site, clocks, today + timedelta(hours=3), "restoreconfiguration", "daily", SYSTEM)
    wait_for(lambda: json.dumps(refill_status(site, "daily"), indent=1),
             lambda: refill_status(site, "daily").get("lastSkipped", {}).get("reason") == "SkippedBecauseUnchanged")
    assert target.shell("cat /data/written-here") == "mine\n"

    # Unless it is wanted that the data become that of the backup each day.
    site.patch("restoreconfiguration", "daily", SYSTEM, {"spec": {"unchanged": "Restore"}})
    today += timedelta(days=1)
    refill(site, clocks, today + timedelta(hours=3), "daily")
    site.await_rollout("statefulset/keeper", TARGET)
    assert target.checksums() == [*source.checksums(), third]
    site.patch("restoreconfiguration", "daily", SYSTEM, {"spec": {"unchanged": "Skip"}})

    # New data arrives with the next run.
    source.write(files=25, size=90_000)
    today += timedelta(days=1)
    back_up(east, clocks, today + timedelta(hours=2))
    status = refill(site, clocks, today + timedelta(hours=3), "daily")
    assert status["lastSession"]["stage"] == "Succeeded", json.dumps(status, indent=1)
    site.await_rollout("statefulset/keeper", TARGET)
    assert target.checksums() == [*source.checksums(), third]
    assert objects_of(site, TARGET) == before

    # Never under a running application, unless that is scaled to zero by choice.
    restore_daily(site, repository, "careful", "10 3 * * *", TARGET, "refuseIfInUse")
    status = first_refill(site, "careful")
    assert status["lastSession"]["stage"] == "Failed" and "lastRestored" not in status
    assert re.search(r"pod keeper-[01] uses the claim: stop it first", site.condition("restoreconfiguration", "careful", SYSTEM, "Restored")[1])
    assert target.checksums() == [*source.checksums(), third]

    # One replica with a smaller claim, which has room for what it gets.
    small = Keeper(site, SMALL, claim_size="16Mi").deploy(files=1, size=1000)
    restore_daily(site, repository, "small", "20 3 * * *", SMALL, "scaleToZero", "--volume", "data-keeper-0")
    status = first_refill(site, "small")
    assert status["lastSession"]["stage"] == "Succeeded", json.dumps(status, indent=1)
    site.await_rollout("statefulset/keeper", SMALL)
    assert small.checksums() == source.checksums()[:1]
    assert site.leftovers() == []
