"""Whatever is removed from a cluster, no backup is erased, nothing hangs, and an installation that comes later finds them all."""

import contextlib
import json
import os
import shutil
import time
from pathlib import Path

import pytest

from sites.applications import Keeper
from sites.plans import hook
from sites.site import SYSTEM, Site, restic
from sites.waiting import wait_for
from testbed import cluster as testbed_cluster
from tests.conftest import NAME

CLUSTER = f"{NAME}-gone"
DIRECTORY = Path(f"/var/lib/dmaas-test-removal-{NAME}")
NAMESPACE = "removal"
PATH = f"{CLUSTER}/ns/{NAMESPACE}/{NAMESPACE}"
COMPONENTS = 2  # the volume and the objects
# What a storage that does not answer may delay a removal.
BOUND_SECONDS = 90
KINDS = ("backupstorages", "repositories", "backupconfigurations", "backupsessions", "snapshots", "restoresessions", "hooktemplates", "backupgrants")
DEFINITIONS = [f"{kind}.dmaas.io" for kind in KINDS]
ENDLESS = hook("wait", "sleep", "infinity", timeout="10m")


class Storages:
    """A directory and a bucket, which can be made to fail and come back with what they held."""

    def __init__(self, minio, password_file):
        self.minio, self.password_file = minio, password_file
        self.away = DIRECTORY.with_name(DIRECTORY.name + ".away")

    def add_to(self, site):
        site.add_main_storage(self.password_file)
        site.add_bucket("bucket", self.password_file, self.minio, "removal")

    @contextlib.contextmanager
    def down(self):
        """The gateway has the directory mounted: what is moved away is what lies in it, and a file in its place refuses everything."""
        self.minio.kill()
        os.rename(DIRECTORY / CLUSTER, self.away)
        (DIRECTORY / CLUSTER).write_text("")
        try:
            yield
        finally:
            (DIRECTORY / CLUSTER).unlink()
            os.rename(self.away, DIRECTORY / CLUSTER)
            self.minio.start()

    def assert_complete(self, backups):
        """By stock restic and the recovery password alone: every snapshot is there and every byte can be read."""
        for where in (DIRECTORY / PATH, f"s3:{self.minio.account.endpoint}/removal/{PATH}"):
            snapshots = json.loads(self.restic(where, "snapshots", "--json"))
            assert len(snapshots) == backups * COMPONENTS, where
            assert "no errors were found" in self.restic(where, "check", "--read-data")

    def restic(self, where, *arguments):
        # A session that was cut short while the storage was down could not take its lock away.
        return restic(where, self.password_file, "--no-lock", *arguments, environment=self.minio.account.environment)


class World:
    def __init__(self, storages):
        self.storages = storages
        self.backups = 0
        self.make_site()
        self.keeper = Keeper(self.site, NAMESPACE).deploy(files=5)
        self.checksums = self.keeper.checksums()
        self.protect()
        self.back_up()

    def make_site(self):
        self.site = Site(CLUSTER, str(DIRECTORY), images=())
        self.install()

    def install(self):
        self.site.install()
        self.storages.add_to(self.site)

    def protect(self):
        self.keeper.protect(f"{SYSTEM}/main", storages=[{"storageRef": {"name": name, "namespace": SYSTEM}} for name in ("main", "bucket")])

    def back_up(self):
        self.site.dmaas("backup", "keeper", "-n", NAMESPACE, seconds=180)
        self.backups += 1

    def start_endless_backup(self):
        """A session that holds its repositories' locks and goes on for ever."""
        self.keeper.change_plan(runs=[{"name": "backup", "timeout": "1h", "hooks": {"before": [ENDLESS]}}])
        namespace, name = self.site.begin("backup", "keeper", "-n", NAMESPACE)
        wait_for("the hook", lambda: self.site.status("backupsession", name, namespace).get("phase") == "HooksBefore")
        return name

    def restore(self, storage, namespace):
        """From nothing but storage and path; what comes back is what was there at first."""
        self.site.dmaas("restore", "--storage", f"{SYSTEM}/{storage}", "--path", PATH, "--map-namespace", f"{NAMESPACE}={namespace}", seconds=240)
        self.site.await_rollout("statefulset/keeper", namespace, seconds=60)
        assert self.keeper.checksums(namespace) == self.checksums

    def restarts(self):
        pods = self.site.list("pods", SYSTEM, "app.kubernetes.io/name=dmaas")
        return {pod["metadata"]["name"]: status["restartCount"] for pod in pods for status in pod["status"].get("containerStatuses", [])}


@contextlib.contextmanager
def within(seconds):
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < seconds


@pytest.fixture(scope="module")
def world(minio, password_file):
    for directory in (DIRECTORY, DIRECTORY.with_name(DIRECTORY.name + ".away")):
        shutil.rmtree(directory, ignore_errors=True)
    yield World(Storages(minio, password_file))
    testbed_cluster.down(CLUSTER)
    shutil.rmtree(DIRECTORY, ignore_errors=True)


def test_deleting_a_running_session_ends_while_its_storages_are_down(world):
    session = world.start_endless_backup()
    with world.storages.down(), within(BOUND_SECONDS):
        world.site.kubectl("-n", NAMESPACE, "delete", "backupsession", session, f"--timeout={BOUND_SECONDS}s")
        assert world.site.leftovers() == []
    world.storages.assert_complete(world.backups)


def test_deleting_the_applications_namespace_erases_nothing_and_ends_while_storages_are_down(world):
    world.start_endless_backup()
    with world.storages.down(), within(BOUND_SECONDS):
        world.site.kubectl("delete", "namespace", NAMESPACE, f"--timeout={BOUND_SECONDS}s")
    assert world.site.leftovers() == []
    world.storages.assert_complete(world.backups)
    world.restore("main", NAMESPACE)


def test_deleting_the_definitions_erases_nothing_and_the_controller_stays_up(world):
    world.start_endless_backup()
    before = world.restarts()
    with world.storages.down(), within(BOUND_SECONDS):
        world.site.kubectl("delete", "crd", *DEFINITIONS, f"--timeout={BOUND_SECONDS}s")
    world.storages.assert_complete(world.backups)
    assert world.restarts() == before


def test_installing_again_brings_a_cluster_without_definitions_back_to_work(world):
    world.install()
    world.protect()
    world.back_up()
    world.storages.assert_complete(world.backups)
    world.site.kubectl("delete", "crd", *DEFINITIONS, f"--timeout={BOUND_SECONDS}s")
    world.storages.assert_complete(world.backups)
    world.install()
    world.restore("bucket", "removal-again")


def test_uninstalling_erases_nothing_and_ends_while_storages_are_down(world):
    world.protect()
    world.start_endless_backup()
    with world.storages.down(), within(BOUND_SECONDS):
        world.site.dmaas("uninstall", seconds=BOUND_SECONDS)
    assert world.site.leftovers() == []
    served = world.site.kubectl("get", "crd,clusterroles,clusterrolebindings", "-o", "name")
    assert "dmaas" not in served
    assert world.site.kubectl("-n", SYSTEM, "get", "deployments,services,pods", "-o", "name") == ""
    world.storages.assert_complete(world.backups)


def test_an_installation_on_the_same_cluster_finds_the_backups_and_goes_on(world):
    world.install()
    world.restore("main", "removal-reinstalled")
    world.protect()
    world.back_up()
    world.storages.assert_complete(world.backups)
    with within(BOUND_SECONDS):
        world.site.dmaas("uninstall", seconds=BOUND_SECONDS)
    world.storages.assert_complete(world.backups)


def test_an_installation_on_a_fresh_cluster_finds_them_too(world):
    world.site.cluster.down()
    world.make_site()
    world.keeper = Keeper(world.site, NAMESPACE)
    world.restore("bucket", "from-the-bucket")
    world.storages.assert_complete(world.backups)
