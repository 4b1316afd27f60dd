"""Time that does not pass as it should: the controller is away for two days, and its clock jumps ahead and back. No due time is lost, none
is made twice, and no backup goes because of a wrong clock."""

import json
from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest

from sites.applications import deploy_settings
from sites.clock import controller_clock
from sites.plans import custom_resource
from sites.site import FINAL, SYSTEM, phase_of
from sites.waiting import wait_for

NAMESPACE = "timely"
PLAN = "timely"
HOUR = timedelta(hours=1)
TWO_DAYS = timedelta(days=2)
PACE = timedelta(hours=3)
# The half hour's start was missed by a quarter of an hour whenever this test looks, which is too late for it.
RUNS = [{"name": "hourly", "schedule": "0 * * * *"}, {"name": "strict", "schedule": "30 * * * *", "startDeadline": "10m"},
        {"name": "paced", "interval": "3h"}]


def time_of(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


class Timely:
    """The plan, under a clock that the test sets."""

    def __init__(self, site, clock):
        self.site, self.clock = site, clock
        self.now = None

    def set(self, now):
        self.clock.set(now)
        self.now = now
        self.poke()

    def poke(self):
        """The controller comes to a plan after ten minutes at the latest, and whenever it changes."""
        self.site.patch("backupconfiguration", PLAN, NAMESPACE, {"metadata": {"annotations": {"looked-at": str(self.now)}}})

    @property
    def sessions(self):
        """(run, scheduled time) of each."""
        return [(found["spec"]["run"], time_of(found["spec"]["scheduledTime"])) for found in self.site.list("backupsessions.dmaas.io", NAMESPACE)]

    def of_run(self, run):
        return sorted(time for name, time in self.sessions if name == run)

    @property
    def status(self):
        return self.site.status("backupconfiguration", PLAN, NAMESPACE)

    def run(self, name):
        return next(run for run in self.status["runs"] if run["name"] == name)

    def await_next(self, run, expected):
        """The controller has looked at the plan, knows when the run comes next, and what it started is over."""
        def known():
            found = {run["name"]: run for run in self.status.get("runs", [])}.get(run, {})
            return "nextTime" in found and time_of(found["nextTime"]) == expected
        wait_for(lambda: f"{run} is next at {expected}\n{json.dumps(self.status, indent=1)}", known)
        phases = wait_for(self.phases, lambda: all(phase in FINAL for phase in self.phases()) and self.phases(), 180)
        assert set(phases) == {"Succeeded"}, phases
        assert max(Counter(self.sessions).values()) == 1, self.sessions

    def phases(self):
        return [phase_of(found.get("status", {})) for found in self.site.list("backupsessions.dmaas.io", NAMESPACE)]

    def backups(self):
        return sorted(time_of(found["spec"]["time"]) for found in self.site.list("snapshots.dmaas.io", NAMESPACE))


def quarter_to():
    """Of an hour tomorrow that is far from each time of the interval, which begins now."""
    now = datetime.now(timezone.utc)
    hours = [(now + timedelta(days=1)).replace(hour=hour, minute=45, second=0, microsecond=0) for hour in (9, 10, 11)]
    return next(hour for hour in hours if timedelta(minutes=45) <= (hour - now) % PACE < timedelta(minutes=105))


@pytest.fixture(scope="module")
def clock(site):
    with controller_clock(site) as made:
        yield made


@pytest.fixture(scope="module")
def timely(site, clock):
    """All runs have run for the first time, and the clock stands at a quarter to an hour."""
    begin = quarter_to()
    clock.set(begin)
    # Midnights pass: retention comes when it is asked for.
    site.patch("backupstorage", "main", SYSTEM, {"spec": {"maintenance": {"schedule": ""}}})
    deploy_settings(site, NAMESPACE)
    site.dmaas("retention", "set", "day", "-n", NAMESPACE, "--within", "1d")
    site.apply(custom_resource("BackupConfiguration", PLAN, NAMESPACE, {
        "targets": [{"name": PLAN, "allObjects": True}], "runs": RUNS, "historyLimit": 100, "objectives": {"recoveryPoint": "2h"},
        "retentionPolicyRef": {"name": "day"}, "storages": [{"storageRef": {"name": "main", "namespace": SYSTEM}}]}))
    made = Timely(site, clock)
    made.now = begin
    made.await_next("hourly", begin + timedelta(minutes=15))
    yield made
    site.kubectl("delete", "namespace", NAMESPACE, "--wait=false")
    site.patch("backupstorage", "main", SYSTEM, {"spec": {"maintenance": {"schedule": None}}})


def test_a_controller_that_was_down_for_two_days_makes_up_each_run_once(site, timely):
    before = Counter(timely.sessions)
    site.kubectl("-n", SYSTEM, "scale", "deployment/dmaas-controller", "--replicas=0")
    wait_for("the controller is gone", lambda: not site.list("pods", SYSTEM, "app.kubernetes.io/component=controller"))
    timely.set(timely.now + TWO_DAYS)
    site.kubectl("-n", SYSTEM, "scale", "deployment/dmaas-controller", "--replicas=1")
    site.await_rollout("deployment/dmaas-controller", SYSTEM)
    timely.await_next("hourly", timely.now + timedelta(minutes=15))
    made = Counter(timely.sessions) - before
    assert sorted(run for run, _ in made) == ["hourly", "paced"], made
    assert timely.of_run("hourly")[-1] == timely.now - timedelta(minutes=45)
    assert timely.now - PACE < timely.of_run("paced")[-1] <= timely.now
    skipped = timely.run("strict")["lastSkipped"]
    assert (skipped["reason"], time_of(skipped["time"])) == ("SkippedBecauseLate", timely.now - timedelta(minutes=15))


def test_a_clock_that_jumps_ahead_makes_up_each_run_once(timely):
    before = Counter(timely.sessions)
    timely.set(timely.now + TWO_DAYS)
    timely.await_next("hourly", timely.now + timedelta(minutes=15))
    made = Counter(timely.sessions) - before
    assert sorted(run for run, _ in made) == ["hourly", "paced"], made
    assert time_of(timely.status["lastSuccessTime"]) >= timely.now


def test_a_clock_that_is_set_back_starts_nothing_twice_and_goes_on_from_there(timely):
    before = Counter(timely.sessions)
    timely.set(timely.now - TWO_DAYS + timedelta(minutes=5))
    hour = timely.now + timedelta(minutes=10)
    timely.await_next("hourly", hour)
    assert Counter(timely.sessions) == before
    # What the clock of those days wrote down hides no breach of the objective.
    assert time_of(timely.status["lastSuccessTime"]) <= timely.now
    timely.set(hour + timedelta(seconds=1))
    timely.await_next("hourly", hour + HOUR)
    made = Counter(timely.sessions) - before
    assert list(made) == [("hourly", hour)], made


def test_no_backup_expires_because_a_later_one_seems_to_be_of_the_future(site, timely):
    before = timely.backups()
    future = [time for time in before if time > timely.now + HOUR]
    day = [time for time in before if timely.now - timedelta(days=1) < time <= timely.now + HOUR]
    assert future and len(day) > 2 and len(future + day) < len(before)
    (repository,) = site.list("repositories.dmaas.io", NAMESPACE)
    site.dmaas("repository", "maintain", repository["metadata"]["name"], "-n", NAMESPACE)
    assert timely.backups() == sorted(day + future)
