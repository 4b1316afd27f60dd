"""TCID-DIR-DMAAS-SCHD: four days of hourly backups to S3, and what another cluster gets back from them."""

import contextlib
import json
from datetime import datetime, timedelta

import pytest

from sites.clock import controller_clock, next_midnight
from sites.journal import HOOKS, Journal
from sites.plans import plan_of
from sites.site import FINAL, SYSTEM, Site, restic
from sites.waiting import wait_for
from testbed.errors import TestbedError
from tests.conftest import NAME

EAST = f"{NAME}-a"
BUCKET = "backups"
NAMESPACE = "journal"
REPOSITORY = f"{EAST}/ns/{NAMESPACE}/journal"
HOURS = 96
FULL_EVERY = 24
KEPT = timedelta(days=3)
# A session may have to wait for the maintenance of its repository.
HOUR_SECONDS = 120


def time_of(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@pytest.fixture
def east(password_file, minio, tmp_path):
    """The cluster whose application is backed up."""
    made = Site(EAST, str(tmp_path / "storage"), images=())
    made.install()
    made.add_bucket("main", password_file, minio, BUCKET)
    yield made
    made.cluster.down()


@pytest.fixture
def clock(east):
    """That of the controller of `east`."""
    with controller_clock(east) as made:
        yield made


def protect(east):
    """The plan waits for its first hour: paused, it is looked at and starts nothing."""
    plan = plan_of(NAMESPACE, "journal", schedule="0 * * * *", fullEvery=FULL_EVERY, hooks=HOOKS)
    plan["spec"] |= {"historyLimit": 200, "paused": True, "retentionPolicyRef": {"name": "days"}}
    east.dmaas("retention", "set", "days", "-n", NAMESPACE, "--within", "3d")
    east.apply(plan)
    wait_for("the plan was looked at", lambda: east.condition("backupconfiguration", "journal", NAMESPACE)[1])


def let_pass(east, clock, hour):
    """The status of the session of this hour, once it is over."""
    clock.set(hour + timedelta(seconds=1))
    # The controller comes to a plan after ten minutes at the latest, and whenever it changes.
    east.patch("backupconfiguration", "journal", NAMESPACE, {"metadata": {"annotations": {"hour": hour.isoformat()}}, "spec": {"paused": False}})
    name = f"journal-backup-{int(hour.timestamp())}"

    def ended():
        with contextlib.suppress(TestbedError):
            status = east.status("backupsession", name, NAMESPACE)
            return status if status.get("phase") in FINAL else None

    return wait_for(lambda: f"session {name} is over\n{json.dumps(east.status('backupsession', name, NAMESPACE), indent=1)}", ended, HOUR_SECONDS)


def await_maintenance(east, clock, since):
    """What is due at `since`, the end of a day."""
    clock.set(since + timedelta(seconds=1))
    (repository,) = east.list("repositories.dmaas.io", NAMESPACE)
    name = repository["metadata"]["name"]
    east.patch("repository.dmaas.io", name, NAMESPACE, {"metadata": {"annotations": {"day": since.isoformat()}}})

    def maintained():
        done = east.status("repository.dmaas.io", name, NAMESPACE).get("maintenance", {})
        return done if done.get("phase") == "Idle" and time_of(done["completionTime"]) > since else None

    return wait_for(lambda: east.status("repository.dmaas.io", name, NAMESPACE), maintained, 120)


def snapshots_of(site, namespace):
    """Of the journal's repository, the oldest first."""
    found = [snapshot for snapshot in site.list("snapshots.dmaas.io", namespace) if snapshot["status"].get("plan") == f"{NAMESPACE}/journal"]
    return sorted(found, key=lambda snapshot: snapshot["spec"]["time"])


def stored_bytes(minio):
    """What lies in the bucket below the repository's data, as the server has it on its disk."""
    root = minio.directory / "data" / BUCKET / REPOSITORY / "data"
    return sum(file.stat().st_size for file in root.rglob("*") if file.is_file())


def restic_of(minio, password_file):
    def ask(*arguments):
        return restic(f"s3:{minio.account.endpoint}/{BUCKET}/{REPOSITORY}", password_file, *arguments, environment=minio.account.environment)
    return ask


def restored(west, snapshot, namespace, prefix=""):
    """The application that a backup gives in a namespace of its own, once it runs."""
    flags = ["--prefix", prefix] if prefix else []
    west.dmaas("restore", f"{SYSTEM}/{snapshot['metadata']['name']}", "-n", SYSTEM, "--map-namespace", f"{NAMESPACE}={namespace}", *flags)
    journal = Journal(west, namespace, prefix)
    journal.await_ready()
    return journal


def check_retention(east, minio, password_file, kept):
    """Backups of these times are left, whole, and the bucket holds little more than what they need."""
    assert [time_of(snapshot["spec"]["time"]).replace(microsecond=0) for snapshot in snapshots_of(east, NAMESPACE)] == kept
    ask = restic_of(minio, password_file)
    assert "no errors were found" in ask("check", "--read-data")
    assert len(json.loads(ask("snapshots", "--json"))) == 2 * len(kept)  # the volume and the objects
    needed = json.loads(ask("stats", "--mode", "raw-data", "--json"))["total_size"]
    assert stored_bytes(minio) < needed * 1.1, (stored_bytes(minio), needed)


def test_tcid_dir_dmaas_schd(site, east, clock, minio, password_file):
    journal = Journal(east, NAMESPACE).deploy()
    protect(east)
    first = next_midnight()
    hours = [first + timedelta(hours=i) for i in range(HOURS)]
    sessions = []
    for hour in hours:
        if hour.hour == 0:
            journal.day = hour.date().isoformat()
        sessions.append(let_pass(east, clock, hour))
    assert [status["phase"] for status in sessions] == ["Succeeded"] * HOURS

    # A full one, 23 incremental ones, and the 25th is full again.
    assert [(status["type"], status.get("chainPosition", 0)) for status in sessions] == [
        ("full" if i % FULL_EVERY == 0 else "incremental", i % FULL_EVERY) for i in range(HOURS)]

    # At the end of the fourth day, what is older than three days before the newest backup goes, and its space with it.
    east.dmaas("pause", "journal", "-n", NAMESPACE)
    before = stored_bytes(minio)
    done = await_maintenance(east, clock, first + timedelta(hours=HOURS))
    assert done["outcome"] == "Succeeded", done
    assert stored_bytes(minio) < before
    times = [time_of(status["startTime"]).replace(microsecond=0) for status in sessions]  # as backups show them
    kept = [time for time in times if time >= times[-1] - KEPT]
    assert len(kept) in (72, 73)  # by the second in which each began
    check_retention(east, minio, password_file, kept)

    # Another cluster is told where the bucket is, and its recovery password.
    site.add_storage("of-east", password_file, "--bucket", BUCKET, "--endpoint", minio.account.endpoint, environment=minio.account.environment)
    assert REPOSITORY in site.dmaas("storage", "repositories", "of-east")
    site.dmaas("storage", "import", "of-east", REPOSITORY)
    wait_for("every backup is shown", lambda: len(snapshots_of(site, SYSTEM)) == len(kept))
    shown = snapshots_of(site, SYSTEM)
    last_but_one_day = hours[-1].date() - timedelta(days=1)
    of_last_but_one_day = [snapshot for snapshot in shown if time_of(snapshot["spec"]["time"]).date() == last_but_one_day]
    for snapshot, namespace, prefix in ((shown[0], NAMESPACE, ""), (of_last_but_one_day[-1], "journal-again", "again-"),
                                        (shown[-1], "journal-newest", "newest-")):
        position = hours.index(time_of(snapshot["spec"]["time"]).replace(minute=0, second=0, microsecond=0))
        copy = restored(site, snapshot, namespace, prefix)
        assert copy.found() == journal.recorded(position + 1), position
        assert copy.day == hours[position].date().isoformat()
