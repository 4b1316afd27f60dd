"""Backups and restores while their processes are killed at any moment: nothing is lost, listed in half or left behind.

DMAAS_KILL_SEED gives other moments and victims than the fixed ones.
"""

import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import time

import pytest

from sites.applications import Keeper
from sites.plans import backup_of, custom_resource, hook
from sites.site import FINAL, SYSTEM, phase_of, restic
from sites.waiting import wait_for
from tests.faults.victims import Victims, grants, patiently

SEED = int(os.environ.get("DMAAS_KILL_SEED", "20261126"))
ROUNDS = 5
LEAST_KILLS = 50
# As many as a round takes before its sessions could end; each one may delay them by what kubelet and leases take.
KILLS_PER_ROUND = 10
END_SECONDS = 240
# A lock that could not be removed, because its storage was down, goes when the controller sweeps, each minute.
LOCK_SECONDS = 90
BUCKET = "kills"
NAMESPACE = "kills"
CLAIMS = 3
FILES, FILE_BYTES = 4, 6_000_000
STORAGES = {"disk": "main", "bucket": "bucket"}  # plan: storage of the system namespace
SESSION = "dmaas.io/session"
VICTIMS = ("mover", "mover", "mover", "controller", "new controller", "gateway", "new gateway", "new gateway", "minio", "minio",
           "api server")
SESSIONS = {"backup": "backupsessions.dmaas.io", "restore": "restoresessions.dmaas.io"}
ATTRIBUTES = "chown 1234:4321 /data/file-1; chmod 0640 /data/file-2; ln -s file-3 /data/link"


class Work:
    """The application, its two plans, and what every backup of it must hold."""

    def __init__(self, site, minio, password_file):
        self.site = site
        self.victims = Victims(site, minio)
        self.minio = minio
        self.password_file = password_file
        self.keeper = Keeper(site, NAMESPACE, replicas=CLAIMS)
        self.contents = {}  # by session: checksums of each claim
        self.sessions = 0

    def deploy(self):
        self.keeper.deploy(FILES, FILE_BYTES)
        for pod in range(CLAIMS):
            self.keeper.shell(ATTRIBUTES, pod=pod)
        for plan, storage in STORAGES.items():
            self.keeper.protect(f"{SYSTEM}/{storage}", name=plan)

    def write(self):
        """Before a mover is to be stopped: one that finds nothing new may be done before that."""
        patiently(lambda: self.keeper.write(FILES, FILE_BYTES))

    def checksums(self, namespace=NAMESPACE):
        return patiently(lambda: self.keeper.checksums(namespace))

    def begin_backup(self, plan):
        self.sessions += 1
        name = f"{plan}-{self.sessions}"
        self.contents[name] = self.checksums()
        self._create(backup_of(NAMESPACE, name, plan))
        return "backup", name, NAMESPACE

    def begin_restore(self, snapshot):
        """Of one backup into a namespace that is not there yet."""
        self.sessions += 1
        name = f"restored-{self.sessions}"
        repository = {"name": snapshot["spec"]["repositoryRef"]["name"], "namespace": NAMESPACE}
        self._create(custom_resource("RestoreSession", name, SYSTEM, {
            "source": {"repositoryRef": repository, "snapshot": snapshot["spec"]["snapshotId"]}, "namespaceMap": {NAMESPACE: name}}))
        return "restore", name, SYSTEM

    def _create(self, session):
        patiently(lambda: self.site.apply(session))

    def status(self, session):
        kind, name, namespace = session
        return patiently(lambda: self.site.status(SESSIONS[kind], name, namespace))

    def phase(self, session):
        return phase_of(self.status(session))

    def await_phase(self, session, phase):
        def reached():
            now = self.phase(session)
            assert now not in FINAL, f"{session[1]} ended: {self.status(session)}"
            return now == phase
        wait_for(lambda: f"{session[1]} is in {phase}: {self.status(session)}", reached, END_SECONDS)

    def await_end(self, session):
        wait_for(lambda: f"the end of {session[1]}: {self.status(session)}", lambda: self.phase(session) in FINAL, END_SECONDS)
        return self.status(session)

    def kill_mover_of(self, session, component):
        assert self.victims.mover(self.victims.stop_mover(session[1], component))

    def remove(self, session):
        kind, name, namespace = session
        self.site.kubectl("delete", SESSIONS[kind], name, "-n", namespace, "--timeout=90s")

    @contextlib.contextmanager
    def changed_run(self, plan, **changes):
        """A plan whose one run has this in addition."""
        def patch(operations):
            self.site.kubectl("-n", NAMESPACE, "patch", "backupconfiguration", plan, "--type=json", "-p", json.dumps(operations))
        before = self.site.get("backupconfiguration", plan, NAMESPACE)["spec"]["runs"]
        patch([{"op": "add", "path": f"/spec/runs/0/{key}", "value": value} for key, value in changes.items()])
        try:
            yield
        finally:
            patch([{"op": "replace", "path": "/spec/runs", "value": before}])

    def snapshots(self, plan=None):
        found = self.site.list("snapshots.dmaas.io", NAMESPACE)
        return [snapshot for snapshot in found if plan in (None, snapshot["status"]["plan"].rpartition("/")[2])]

    def restic(self, plan, *arguments):
        path = next(repository["spec"]["path"] for repository in self.site.list("repositories.dmaas.io", NAMESPACE)
                    if repository["spec"]["storageRef"]["name"] == STORAGES[plan])
        if plan == "disk":
            return restic(f"{self.site.storage_directory}/{path}", self.password_file, *arguments)
        account = self.minio.account
        return restic(f"s3:{account.endpoint}/{BUCKET}/{path}", self.password_file, *arguments, environment=account.environment)

    def check_nothing_is_left(self):
        self.victims.settle()
        assert self.site.leftovers() == []
        assert grants(self.site) == []
        released = [volume["metadata"]["name"] for volume in self.site.list("persistentvolumes")
                    if "dmaas.io/reclaim-policy" in volume["metadata"].get("annotations", {})]
        assert released == []
        for plan in STORAGES:
            wait_for(f"the locks of {plan} go", lambda: not self.restic(plan, "list", "locks", "--no-lock").split(), LOCK_SECONDS)

    def check_what_is_listed(self):
        """A backup is committed if and only if a complete Snapshot shows it, and no session commits twice."""
        for plan in STORAGES:
            stored = json.loads(self.restic(plan, "snapshots", "--json", "--no-lock"))
            commits = [one["id"] for one in stored if "dmaas.io/component=resources" in one["tags"]]
            assert sorted(commits) == sorted(snapshot["spec"]["snapshotId"] for snapshot in self.snapshots(plan))
            assert all(snapshot["status"]["complete"] for snapshot in self.snapshots(plan))
            by_session = [tag for one in stored if one["id"] in commits for tag in one["tags"] if "/session=" in tag]
            assert len(by_session) == len(set(by_session))


@pytest.fixture(scope="module")
def work(site, minio, password_file):
    site.add_bucket("bucket", password_file, minio, BUCKET)
    made = Work(site, minio, password_file)
    made.deploy()
    return made


class Killer:
    """Kills at random while sessions run."""

    def __init__(self, work, seed):
        self.work = work
        self.random = random.Random(seed)
        self.killed_movers = set()

    def kill_one(self, sessions):
        victims = self.work.victims
        choice = self.random.choice(VICTIMS)
        if choice == "mover":
            self.kill_mover(sessions)
        elif choice.endswith("controller"):
            victims.controller(renew=choice.startswith("new"))
        elif choice.endswith("gateway"):
            victims.gateway(renew=choice.startswith("new"))
        elif choice == "minio":
            victims.minio_server(self.random.uniform(1, 3))
        else:
            victims.api_server(self.random.uniform(0, 2))

    def kill_mover(self, sessions):
        """One that was not killed for its component before: a third loss would fail the session, and rightly."""
        names = [name for _, name, _ in sessions]
        pods = [pod for pod in self.work.victims.movers() if pod["metadata"]["labels"]["dmaas.io/session"] in names
                and self.key(pod) not in self.killed_movers]
        if not pods:
            return
        pod = self.random.choice(pods)
        if self.work.victims.mover(pod):
            self.killed_movers.add(self.key(pod))

    @staticmethod
    def key(pod):
        return pod["metadata"]["labels"][SESSION], pod["metadata"]["labels"]["dmaas.io/component"]

    def run(self, sessions):
        """Until all have ended; gives their statuses."""
        kills = len(self.work.victims.kills)
        deadline = time.monotonic() + END_SECONDS
        while running := [session for session in sessions if self.work.phase(session) not in FINAL]:
            assert time.monotonic() < deadline, [(session[1], self.work.status(session)) for session in running]
            time.sleep(self.random.uniform(0.2, 2.5))
            if len(self.work.victims.kills) - kills < KILLS_PER_ROUND:
                self.kill_one(running)
        return [self.work.status(session) for session in sessions]


@pytest.mark.parametrize("number", range(ROUNDS))
def test_sessions_survive_random_kills(work, number):
    seed = f"{SEED}-{number}"
    print(f"seed {seed}: repeat with DMAAS_KILL_SEED={SEED}")
    killer = Killer(work, seed)
    work.write()
    before = len(work.victims.kills)
    sessions = [work.begin_backup(plan) for plan in STORAGES]
    ready = work.snapshots()
    if ready:
        sessions.append(work.begin_restore(killer.random.choice(ready)))
    began = time.monotonic()
    statuses = killer.run(sessions)
    print(f"{time.monotonic() - began:.0f} s, killed {work.victims.kills[before:]}")
    for session, status in zip(sessions, statuses):
        assert phase_of(status) == "Succeeded", (session, status)
    work.check_nothing_is_left()
    work.check_what_is_listed()
    if ready:
        restored = sessions[-1][1]
        source = next(s for s in ready if s["spec"]["snapshotId"] == work.status(sessions[-1])["snapshotId"])
        assert work.checksums(restored) == work.contents[source["status"]["session"]]
        work.site.kubectl("delete", "namespace", restored, "--wait=false")


def told_hook(name, seconds):
    """Leaves its name in a file of the application's first pod, at last."""
    return hook(name, "sh", "-c", f"sleep {seconds}; echo {name} >> /tmp/hooks")


def hooks_that_ran(work):
    return work.keeper.shell("cat /tmp/hooks; rm /tmp/hooks").split()


def test_a_new_controller_goes_on_in_every_phase(work):
    victims = work.victims
    work.write()
    with work.changed_run("disk", hooks={"before": [told_hook("before", 3)], "after": [told_hook("after", 3)]}):
        session = work.begin_backup("disk")
        work.await_phase(session, "HooksBefore")
        time.sleep(1)
        victims.controller(renew=True)
        mover = victims.stop_mover(session[1], "volume/")
        victims.controller()
        victims.settle()
        victims.signal(mover, signal.SIGCONT)
        work.await_phase(session, "HooksAfter")
        victims.controller(renew=True)
        commit = victims.stop_mover(session[1], "resources")
        victims.controller()
        victims.settle()
        victims.signal(commit, signal.SIGCONT)
        status = work.await_end(session)
    assert status["phase"] == "Succeeded", status
    ran = hooks_that_ran(work)
    assert ran[0] == "before" and ran[-1] == "after" and set(ran) == {"before", "after"}
    work.check_nothing_is_left()
    work.check_what_is_listed()


def test_a_backup_that_is_deleted_midway_leaves_nothing_and_lets_the_application_go(work):
    before = len(work.snapshots())
    work.write()
    with work.changed_run("disk", hooks={"before": [told_hook("before", 0)], "after": [told_hook("after", 0)]}):
        session = work.begin_backup("disk")
        work.victims.stop_mover(session[1], "volume/")
        work.remove(session)
    assert hooks_that_ran(work) == ["before", "after"]
    assert len(work.snapshots()) == before
    work.check_nothing_is_left()


def test_a_restore_that_is_deleted_midway_leaves_nothing_of_its_own(work):
    session = work.begin_restore(work.snapshots("bucket")[-1])
    work.victims.stop_mover(session[1], "volume/")
    work.remove(session)
    work.site.kubectl("delete", "namespace", session[1], "--wait=false")
    work.check_nothing_is_left()
    namespaces = (session[1], SYSTEM)
    wait_for("its volumes go", lambda: not [volume for volume in work.site.list("persistentvolumes")
                                            if volume["spec"].get("claimRef", {}).get("namespace") in namespaces])


def test_a_mover_may_be_lost_twice_and_a_third_loss_says_why(work):
    work.write()
    twice = work.begin_backup("disk")
    for _ in range(2):
        work.kill_mover_of(twice, "volume/data-keeper-0")
    assert work.await_end(twice)["phase"] == "Succeeded"
    work.write()
    thrice = work.begin_backup("disk")
    for _ in range(3):
        work.kill_mover_of(thrice, "volume/data-keeper-1")
    status = work.await_end(thrice)
    assert status["phase"] == "Failed"
    assert "volume/data-keeper-1: 3 movers were lost, the last one: the mover ended with exit code 137" in status["message"]
    work.check_nothing_is_left()
    work.check_what_is_listed()


def test_a_mover_without_memory_says_what_helps(work):
    work.write()
    session = work.begin_backup("bucket")
    for _ in range(3):
        work.victims.starve(work.victims.stop_mover(session[1], "volume/data-keeper-2"))
    status = work.await_end(session)
    assert status["phase"] == "Failed"
    assert "needed more memory than its limit: raise mover.resources.limits.memory" in status["message"]
    work.check_nothing_is_left()


def test_every_backup_that_is_listed_is_whole(work, tmp_path):
    for plan in STORAGES:
        assert "no errors were found" in work.restic(plan, "check", "--read-data")
        for snapshot in work.snapshots(plan)[-3:]:
            contents = work.contents[snapshot["status"]["session"]]
            for number in range(CLAIMS):
                component = next(one for one in snapshot["status"]["components"] if one["name"] == f"volume/data-keeper-{number}")
                target = tmp_path / component["snapshotId"]
                work.restic(plan, "restore", component["snapshotId"], "--target", str(target))
                files = sorted((target / "volume").glob("file-*"))
                sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  ./{file.name}" for file in files]
                assert sums == contents[number].splitlines()
                shutil.rmtree(target)


def test_enough_was_killed(work):
    print(len(work.victims.kills), "kills")
    assert len(work.victims.kills) >= LEAST_KILLS
