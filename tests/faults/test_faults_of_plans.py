"""What may happen around plans and sessions: the API server is away, there are two controllers, plans are edited and definitions deleted
while sessions run, a namespace does not go, and a standby's source disappears."""

import contextlib
import json
import re
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from sites.applications import Keeper, deploy_settings
from sites.plans import backup_of, custom_resource, hook, plan_of
from sites.site import FINAL, ROOT, SYSTEM, phase_of, restic
from sites.waiting import wait_for
from testbed.errors import TestbedError
from tests.faults.victims import Victims, grants, patiently

NAMESPACE = "planned"
# Longer than a lease lasts, and than the minute of a schedule.
AWAY_SECONDS = 75
# The kubelet restarts a controller that has not answered for a minute.
FROZEN_SECONDS = 50
QUIESCING = {"before": [hook("quiesce", "touch", "/tmp/quiesced")], "after": [hook("thaw", "rm", "/tmp/quiesced")]}
HOLD = "example.com/hold"


class World:
    def __init__(self, site):
        self.site = site
        self.victims = Victims(site)
        self.keeper = Keeper(site, NAMESPACE).deploy(files=5)

    def begin(self, plan, name):
        self.site.apply(backup_of(NAMESPACE, name, plan))
        return name

    def begin_and_hold(self, plan, name):
        """A session whose mover of the volume stands still; with its pod."""
        return self.begin(plan, name), self.victims.stop_mover(name, "volume/")

    def ended(self, name):
        return self.site.await_end("backupsession", name, NAMESPACE)

    def succeeds(self, name):
        status = self.ended(name)
        assert status["phase"] == "Succeeded", json.dumps(status, indent=1)
        return status

    def snapshots(self, plan):
        found = self.site.list("snapshots.dmaas.io", NAMESPACE)
        return {item["metadata"]["name"]: item for item in found if item["status"]["plan"] == f"{NAMESPACE}/{plan}"}

    def sessions(self, plan):
        return [item for item in self.site.list("backupsessions.dmaas.io", NAMESPACE) if item["spec"]["planRef"]["name"] == plan]

    def await_sessions(self, plan, holds, seconds=90):
        """Until `holds(times)`, the scheduled ones of the plan's sessions; no time has two of them."""
        def found():
            times = Counter(item["spec"].get("scheduledTime", "") for item in self.sessions(plan))
            assert max(times.values(), default=0) <= 1, times
            return times if holds(times) else None
        return wait_for(f"sessions of {plan}", found, seconds)

    def await_all_ended(self, plan):
        phases = wait_for(lambda: json.dumps([item["status"] for item in self.sessions(plan)], indent=1),
                          lambda: all(phase_of(item.get("status", {})) in FINAL for item in self.sessions(plan)) and
                          [phase_of(item["status"]) for item in self.sessions(plan)], 180)
        assert set(phases) == {"Succeeded"}, phases

    def controllers(self):
        """Pods of the controller by name."""
        pods = patiently(lambda: self.site.list("pods", SYSTEM, "app.kubernetes.io/component=controller"))
        return {pod["metadata"]["name"]: pod for pod in pods}

    def restarts(self):
        return {name: pod["status"]["containerStatuses"][0]["restartCount"] for name, pod in self.controllers().items()}

    def leader(self):
        return patiently(lambda: self.site.get("lease", "dmaas-controller", SYSTEM))["spec"]["holderIdentity"]

    def log(self, pod):
        return self.site.kubectl("-n", SYSTEM, "logs", pod)

    def directory(self, plan):
        """Of its repository."""
        return f"{self.site.storage_directory}/{self.site.name}/ns/{NAMESPACE}/{plan}"

    def check_nothing_is_left(self):
        assert self.site.leftovers() == []
        assert grants(self.site) == []


@pytest.fixture(scope="module")
def world(site):
    made = World(site)
    yield made
    made.keeper.remove()


@contextlib.contextmanager
def every_minute(world, plan):
    """A plan of the namespace's objects alone, which is due every minute."""
    deployed = plan_of(NAMESPACE, plan, schedule="* * * * *")
    deployed["spec"] |= {"historyLimit": 100, "targets": [{"name": plan, "selector": {"matchLabels": {"minute": "yes"}}}]}
    world.site.kubectl("-n", NAMESPACE, "label", "configmap", "keeper", "--overwrite", "minute=yes")
    world.site.apply(deployed)
    try:
        yield
    finally:
        world.site.kubectl("-n", NAMESPACE, "delete", "backupconfiguration", plan)


def test_an_api_server_that_is_away_ends_no_controller_and_no_session_and_doubles_nothing(site, world):
    site.apply(plan_of(NAMESPACE, "outage", hooks=QUIESCING))
    before = world.restarts()
    with every_minute(world, "outage-minutes"):
        world.await_sessions("outage-minutes", len)
        name, mover = world.begin_and_hold("outage", "under-way")
        site.cluster.kill("kube-apiserver")
        # It goes on without an API server as far as it can.
        world.victims.signal(mover, signal.SIGCONT)
        time.sleep(AWAY_SECONDS)
        site.cluster.start("kube-apiserver")
        world.succeeds(name)
        known = set(world.await_sessions("outage-minutes", len))
        world.await_sessions("outage-minutes", lambda times: set(times) - known)
        assert world.restarts() == before
    assert len(world.snapshots("outage")) == 1
    world.keeper.shell("test ! -e /tmp/quiesced")
    world.check_nothing_is_left()


@pytest.fixture
def two_controllers(site, world):
    site.kubectl("-n", SYSTEM, "scale", "deployment/dmaas-controller", "--replicas=2")
    site.await_rollout("deployment/dmaas-controller", SYSTEM)
    (first,) = {world.leader()} & set(world.controllers())
    (second,) = set(world.controllers()) - {first}
    yield first, second
    site.kubectl("-n", SYSTEM, "scale", "deployment/dmaas-controller", "--replicas=1")
    site.await_rollout("deployment/dmaas-controller", SYSTEM)


def grants_of(site, mover):
    return [grant for grant in grants(site) if grant["podUid"] == mover["metadata"]["uid"]]


def leads(log):
    return re.search(r"\bleading\b", log) is not None


def test_of_two_controllers_one_works_and_movers_find_it(site, world, two_controllers):
    first, second = two_controllers
    site.apply(plan_of(NAMESPACE, "twofold"))
    for number in range(3):
        status = world.succeeds(world.begin("twofold", f"twofold-{number}"))
        assert [component["attempts"] for component in status["components"]] == [1, 1]
    assert world.leader() == first
    assert leads(world.log(first)) and not leads(world.log(second))
    world.check_nothing_is_left()


def test_a_controller_that_was_frozen_does_nothing_more_when_it_wakes(site, world, two_controllers):
    first, second = two_controllers
    before = world.restarts()
    site.apply(plan_of(NAMESPACE, "frozen"))
    with every_minute(world, "frozen-minutes"):
        world.await_sessions("frozen-minutes", len)
        name, mover = world.begin_and_hold("frozen", "held")
        frozen = time.monotonic()
        world.victims.signal(world.controllers()[first], signal.SIGSTOP)
        wait_for("the second one leads", lambda: world.leader() == second, FROZEN_SECONDS)
        # What the first one does not know of: a session that began and one that has gone.
        later = world.begin("frozen", "later")
        wait_for("the second one has taken it up", lambda: site.status("backupsession", later, NAMESPACE).get("message"),
                 FROZEN_SECONDS - (time.monotonic() - frozen))
        written = grants_of(site, mover)
        world.victims.signal(world.controllers()[first], signal.SIGCONT)
        wait_for("the first one gives up", lambda: "beginning anew" in world.log(first), 30)
        assert world.leader() == second
        assert written and grants_of(site, mover) == written
        world.victims.signal(mover, signal.SIGCONT)
        status = world.succeeds(name)
        world.succeeds(later)
        known = set(world.await_sessions("frozen-minutes", len))
        world.await_sessions("frozen-minutes", lambda times: set(times) - known)
        world.await_all_ended("frozen-minutes")
    assert [component["attempts"] for component in status["components"]] == [1, 1]
    assert len(world.snapshots("frozen")) == 2
    assert world.leader() == second and world.restarts() == before
    world.check_nothing_is_left()


def test_a_session_goes_on_by_the_plan_with_which_it_began(site, world):
    site.apply(plan_of(NAMESPACE, "edited", hooks=QUIESCING))
    name, mover = world.begin_and_hold("edited", "before-the-edit")
    world.keeper.shell("test -e /tmp/quiesced")
    # Another run, no hooks, and targets that make it another repository.
    site.kubectl("-n", NAMESPACE, "label", "configmap", "keeper", "--overwrite", "minute=yes")
    world.keeper.change_plan("edited", runs=[{"name": "other"}], storages=[{"storageRef": {"name": "main", "namespace": SYSTEM}}],
                             targets=[{"name": "maps", "selector": {"matchLabels": {"minute": "yes"}}}])
    world.victims.signal(mover, signal.SIGCONT)
    status = world.succeeds(name)
    assert "planSpec" not in status
    world.keeper.shell("test ! -e /tmp/quiesced")
    (backup,) = world.snapshots("edited").values()
    assert backup["spec"]["run"] == "backup"
    assert [component["name"] for component in backup["status"]["components"]] == ["volume/data-keeper-0", "resources"]
    site.dmaas("restore", f"{NAMESPACE}/{backup['metadata']['name']}", "-n", SYSTEM, "--map-namespace", f"{NAMESPACE}={NAMESPACE}-edited")
    assert world.keeper.checksums(f"{NAMESPACE}-edited") == world.keeper.checksums()
    site.kubectl("delete", "namespace", f"{NAMESPACE}-edited", "--wait=false")
    status = world.succeeds(world.begin("edited", "after-the-edit"))
    assert [component["name"] for component in status["components"]] == ["resources"]
    assert Path(world.directory("maps"), "config").exists()
    world.check_nothing_is_left()


def test_definitions_that_are_deleted_alone_take_no_backup_with_them_and_come_back(site, world, password_file):
    site.apply(plan_of(NAMESPACE, "defined", hooks=QUIESCING))
    world.succeeds(world.begin("defined", "defined-1"))
    shown, before = set(world.snapshots("defined")), world.restarts()
    for snapshot in shown:
        site.patch("snapshot.dmaas.io", snapshot, NAMESPACE, {"spec": {"deletionPolicy": "Delete"}})
    under_way, _ = world.begin_and_hold("defined", "defined-2")
    definitions = [f"{plural}.dmaas.io" for plural in ("snapshots", "backupconfigurations", "copysessions", "verificationsessions", "standbys")]
    site.kubectl("delete", "crd", *definitions, "--timeout=90s")
    status = world.ended(under_way)
    assert status["phase"] == "Failed" and "its plan was deleted" in status["message"], status
    world.keeper.shell("test ! -e /tmp/quiesced")
    stored = json.loads(restic(world.directory("defined"), password_file, "snapshots", "--json", "--no-lock"))
    assert len([one for one in stored if "dmaas.io/component=resources" in one["tags"]]) == 1
    assert world.restarts() == before
    for definition in definitions:
        site.kubectl("apply", "--server-side", "-f", str(ROOT / f"deploy/crds/{definition.split('.')[0]}.yaml"))
    site.kubectl("wait", "--for=condition=Established", "--timeout=30s", *[f"crd/{definition}" for definition in definitions])
    site.apply(plan_of(NAMESPACE, "defined"))
    world.succeeds(world.begin("defined", "defined-3"))
    wait_for("the backup from before is shown again", lambda: shown < set(world.snapshots("defined")), 90)
    assert world.restarts() == before
    assert "no errors were found" in restic(world.directory("defined"), password_file, "check", "--read-data")
    world.check_nothing_is_left()


def verification_of(site, namespace):
    """Starts one of the newest backup there; its name is the namespace's."""
    (backup,) = site.list("snapshots.dmaas.io", namespace)
    site.apply(custom_resource("VerificationSession", namespace, namespace, {
        "repositoryRef": {"name": backup["spec"]["repositoryRef"]["name"]},
        "verification": {"checks": [{"name": "ready", "ready": True}], "allowUnisolated": True}}))


def test_a_verification_whose_namespace_does_not_go_says_so_and_others_go_on(site):
    stuck, others = "verified-stuck", ("verified-one", "verified-two", "verified-three")
    for namespace in (stuck, *others):
        deploy_settings(site, namespace)
        site.apply(plan_of(namespace, namespace))
    site.back_up(*[(namespace, namespace) for namespace in (stuck, *others)])

    def status(namespace):
        return site.status("verificationsession", namespace, namespace)

    verification_of(site, stuck)
    scratch = wait_for(lambda: status(stuck), lambda: status(stuck).get("namespace"), 60)
    held = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "held", "namespace": scratch, "finalizers": [HOLD]}}
    site.apply(held)
    try:
        wait_for(lambda: json.dumps(status(stuck), indent=1),
                 lambda: f"waiting for namespace {scratch} to go" in status(stuck).get("message", "") and HOLD in status(stuck)["message"], 120)
        for namespace in others:
            verification_of(site, namespace)
        for namespace in others:
            assert site.await_end("verificationsession", namespace, namespace)["phase"] == "Succeeded"
        assert status(stuck)["phase"] == "CleaningUp"
        assert site.condition("snapshot.dmaas.io", site.list("snapshots.dmaas.io", stuck)[0]["metadata"]["name"], stuck, "Verified")[0] == "True"
    finally:
        site.kubectl("-n", scratch, "patch", "configmap", "held", "--type=merge", "-p", '{"metadata": {"finalizers": null}}')
    assert site.await_end("verificationsession", stuck, stuck)["phase"] == "Succeeded"
    wait_for("no scratch namespace is left", lambda: not site.list("namespaces", selector="dmaas.io/part=scratch"))
    for namespace in (stuck, *others):
        site.kubectl("delete", "namespace", namespace, "--wait=false")


@pytest.fixture
def standby(site, world):
    """Follows the plan `followed` from the same cluster and has taken over its first backup."""
    site.apply(plan_of(NAMESPACE, "followed"))
    world.succeeds(world.begin("followed", "followed-1"))
    (backup,) = world.snapshots("followed").values()
    repository = backup["spec"]["repositoryRef"]["name"]
    site.dmaas("standby", "create", "follower", "--repository", f"{NAMESPACE}/{repository}", "--map-namespace", f"{NAMESPACE}={NAMESPACE}-standby",
               "--refresh", "30s", "--wait")
    yield repository
    site.kubectl("-n", SYSTEM, "delete", "standby", "follower")
    site.kubectl("delete", "namespace", f"{NAMESPACE}-standby", "--wait=false")


def test_a_standby_whose_source_disappears_keeps_what_it_has_and_follows_again(site, world, standby):
    def status():
        return site.status("standby", "follower", SYSTEM)

    def await_ready(wanted, *texts):
        wait_for(lambda: json.dumps(status(), indent=1), lambda: (found := site.condition("standby", "follower", SYSTEM))[0] == wanted and
                 all(text in found[1] for text in texts), 150)

    def await_newest():
        newest = max(item["spec"]["time"] for item in world.snapshots("followed").values())
        wait_for(lambda: json.dumps(status(), indent=1), lambda: status().get("syncedBackup", {}).get("time") == newest, 150)

    await_newest()
    (claim,) = site.list("persistentvolumeclaims", f"{NAMESPACE}-standby")
    directory = Path(world.directory("followed"))
    away = directory.with_name("followed-away")
    directory.rename(away)
    try:
        await_ready("False", "what is here stays as it is")
        assert status()["data"] == "Synced"
    finally:
        away.rename(directory)
    await_ready("True")
    # Its object goes and comes back with the next backup.
    site.kubectl("-n", NAMESPACE, "delete", "repository.dmaas.io", standby)
    await_ready("False", standby)
    assert status()["data"] == "Synced"
    world.keeper.shell("date > /data/since")
    world.succeeds(world.begin("followed", "followed-2"))
    await_ready("True")
    await_newest()
    (kept,) = site.list("persistentvolumeclaims", f"{NAMESPACE}-standby")
    assert kept["metadata"]["uid"] == claim["metadata"]["uid"]
    site.dmaas("standby", "activate", "follower")
    assert world.keeper.checksums(f"{NAMESPACE}-standby") == world.keeper.checksums()
