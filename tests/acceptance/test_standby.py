"""A cluster that follows another one: every backup arrives, the other one is destroyed, and this one takes its place."""

import json

import pytest

from sites.journal import HOOKS, Journal
from sites.plans import plan_of
from sites.site import SYSTEM, Site
from sites.waiting import wait_for
from tests.conftest import NAME

EAST = f"{NAME}-a"
NAMESPACE = "journal"
REPOSITORY = f"{EAST}/ns/{NAMESPACE}/journal"
STANDBY = "journal"
BACKUPS = 3


@pytest.fixture
def east(password_file, minio, tmp_path):
    """The cluster whose application writes all the time; the test takes it down."""
    made = Site(EAST, str(tmp_path / "storage"), images=())
    made.install()
    made.add_bucket("main", password_file, minio, "backups")
    yield made
    made.cluster.down()


def back_up(east, number):
    """The `number`-th backup, and what was written when it was taken."""
    (status,) = east.back_up((NAMESPACE, "journal"))
    return status, Journal(east, NAMESPACE).recorded(number)


def status_of(site):
    return site.status("standby", STANDBY, SYSTEM)


def await_synced(site, backup_time, seconds=120):
    def is_synced():
        status = status_of(site)
        return status if status.get("syncedBackup", {}).get("time") == backup_time else None
    return wait_for(lambda: json.dumps(status_of(site), indent=1), is_synced, seconds)


def newest_time(east):
    return max(found["spec"]["time"] for found in east.list("snapshots.dmaas.io", NAMESPACE))


def test_every_backup_arrives_and_the_last_one_runs_when_the_source_is_gone(site, east, minio, password_file):
    Journal(east, NAMESPACE).deploy()
    east.apply(plan_of(NAMESPACE, "journal", hooks=HOOKS))
    back_up(east, 1)

    site.add_storage("of-east", password_file, "--bucket", "backups", "--endpoint", minio.account.endpoint, environment=minio.account.environment)
    site.dmaas("storage", "import", "of-east", REPOSITORY)
    (repository,) = [found["metadata"]["name"] for found in site.list("repositories.dmaas.io", SYSTEM)
                     if found["spec"]["storageRef"]["name"] == "of-east"]
    site.dmaas("standby", "create", STANDBY, "--repository", repository, "--refresh", "30s", "--wait")

    for number in range(2, BACKUPS + 1):
        back_up(east, number)
        status = await_synced(site, newest_time(east))
        assert 0 < status["lastSync"]["bytesWritten"] <= status["lastSync"]["bytesTotal"]
        assert site.list("pods", NAMESPACE) == []

    # A storage that does not answer is said, what is here stays, and following goes on by itself.
    minio.down()
    wait_for(lambda: json.dumps(status_of(site), indent=1), lambda: site.condition("standby", STANDBY, SYSTEM)[0] == "False", 180)
    assert status_of(site)["data"] == "Synced"
    minio.start()
    wait_for(lambda: json.dumps(status_of(site), indent=1), lambda: site.condition("standby", STANDBY, SYSTEM)[0] == "True", 180)

    # The last backup may not have arrived when the source is destroyed.
    _, recorded = back_up(east, BACKUPS + 1)
    last = newest_time(east)
    east.cluster.down()
    site.dmaas("standby", "activate", STANDBY)
    copy = Journal(site, NAMESPACE)
    copy.await_ready()
    assert copy.found() == recorded
    status = status_of(site)
    assert status["activeBackup"]["time"] == last and status["phase"] == "Active"
