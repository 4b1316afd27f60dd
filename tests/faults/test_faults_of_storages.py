"""What a storage may do to a backup: each fault is told with its cause and what helps, is survived where it passes, and leaves nothing behind."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from sites.applications import Keeper, deploy_settings, deploy_side_by_side
from sites.plans import plan_of
from sites.site import SYSTEM, restic, run
from sites.waiting import wait_for
from testbed.minio import SECRET_KEY
from testbed.network import HOST_ADDRESS
from tests.faults.attempt import Attempt
from tests.faults.faulty_proxy import FaultyProxy, Mode
from tests.faults.victims import Victims

BUCKET = "faults"
# Backed up on the small disk only: nobody knows before how much it is.
CROWDED = "crowded"


@pytest.fixture(scope="module")
def proxy(minio):
    host, port = minio.address.split(":")
    made = FaultyProxy(HOST_ADDRESS, (host, int(port)))
    yield made
    made.close()


@pytest.fixture(scope="module")
def add_s3(site, minio, password_file):
    minio.create_bucket(BUCKET)

    def add(name, endpoint, bucket=BUCKET, secret=SECRET_KEY):
        return Attempt(site, "storage", "add", name, "--bucket", bucket, "--endpoint", f"http://{endpoint}", "--region", "us-east-1",
                       "--recovery-password-file", password_file, "--all-namespaces", environment=minio.account.environment | {"AWS_SECRET_ACCESS_KEY": secret})
    return add


@pytest.fixture(scope="module")
def small_disk(site):
    """A directory of the gateway's node that holds 16 MiB."""
    directory = Path(site.storage_directory) / "small"
    directory.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=16m,mode=0777", "tmpfs", directory)
    # A container sees what was mounted before it started.
    site.kubectl("-n", SYSTEM, "rollout", "restart", "deployment/dmaas-gateway")
    site.await_rollout("deployment/dmaas-gateway", SYSTEM)
    yield directory
    subprocess.run(["umount", "-l", directory], check=True)


@pytest.fixture(scope="module")
def world(site, small_disk, proxy, add_s3, password_file):
    """Storages and applications of all cases, made side by side."""
    deploy_settings(site, "settings")
    keeper = Keeper(site, "keeper")
    added = [add_s3("proxied", proxy.address), Attempt(site, "storage", "add", "small", "--local", small_disk, "--recovery-password-file",
                                                       password_file, "--all-namespaces")]
    deploy_side_by_side(keeper, Keeper(site, CROWDED), files=40, size=1_000_000)
    for attempt in added:
        attempt.succeeds()
    site.apply(plan_of("keeper", "through", "proxied"), plan_of(CROWDED, "full", "small"), plan_of("settings", "settings"),
               plan_of("settings", "settings-through", "proxied"), plan_of("settings", "impatient", "proxied", timeout="50s"))
    return keeper


def backup(site, namespace, plan):
    return Attempt(site, "backup", plan, "-n", namespace)


def test_a_missing_bucket_is_named_and_serves_as_soon_as_it_is_there(site, minio, add_s3):
    add_s3("nowhere", minio.address, bucket="absent").fails('there is no bucket "absent"', "create it or correct the location")
    assert site.condition("backupstorage", "nowhere", SYSTEM)[0] == "False"
    minio.create_bucket("absent")
    wait_for("the storage is ready", lambda: site.condition("backupstorage", "nowhere", SYSTEM)[0] == "True", 60)


def test_a_wrong_secret_key_is_told_and_a_corrected_secret_is_enough(site, minio, add_s3):
    add_s3("mistyped", minio.address, secret="wrong-secret").fails("the secret key does not belong to the access key", "correct the secret key")
    site.patch("secret", "mistyped-credentials", SYSTEM, {"stringData": {"AWS_SECRET_ACCESS_KEY": SECRET_KEY}})
    wait_for("the storage is ready", lambda: site.condition("backupstorage", "mistyped", SYSTEM)[0] == "True", 60)


def test_a_storage_that_fails_for_a_while_is_waited_for(site, world, proxy):
    proxy.mode = Mode.SLOW
    attempt = backup(site, "keeper", "through")
    attempt.reaches(lambda status: status.get("phase") == "Moving" and any(c["phase"] == "Moving" for c in status["components"]), "it moves data")
    proxy.mode = Mode.UNAVAILABLE
    attempt.says("BackupStorage dmaas-system/proxied is not ready").says("HTTP status 503")
    for fault in (Mode.LOST, Mode.SILENT):
        proxy.mode = fault
        wait_for(f"{fault} was met", lambda: proxy.faults > 2, 60)
    proxy.mode = Mode.PASS
    attempt.succeeds()
    assert [component["attempts"] for component in attempt.status()["components"]] == [1, 1]


def test_a_storage_that_does_not_come_back_fails_the_backup_with_its_cause(site, world, proxy):
    proxy.mode = Mode.PASS
    backup(site, "settings", "impatient").succeeds()
    proxy.mode = Mode.UNAVAILABLE
    attempt = backup(site, "settings", "impatient")
    attempt.fails("not done within the run's timeout of 50s", "storage dmaas-system/proxied: does not answer now",
                  "HTTP status 503")
    proxy.mode = Mode.PASS
    backup(site, "settings", "impatient").succeeds()


def test_a_clock_that_is_wrong_is_told_with_the_difference(site, world, proxy):
    proxy.mode = Mode.SKEWED
    attempt = backup(site, "settings", "settings-through")
    attempt.says("RequestTimeTooSkewed").says("s behind the server's; synchronise it (NTP)")
    proxy.mode = Mode.PASS
    attempt.succeeds()


def test_credentials_that_are_revoked_midway_are_named_and_rotated_without_a_restart(site, world, proxy, minio):
    world.write(files=40, size=1_000_000)
    proxy.mode = Mode.SLOW
    attempt = backup(site, "keeper", "through")
    attempt.reaches(lambda status: any(c["phase"] == "Moving" for c in status.get("components", [])), "it moves data")
    minio.down()
    minio.secret_key = "another-secret-key"
    minio.start()
    proxy.mode = Mode.PASS
    attempt.says("BackupStorage dmaas-system/proxied is not ready").says("correct the secret key")
    assert site.condition("backupstorage", "proxied", SYSTEM)[0] == "False"
    site.patch("secret", "proxied-credentials", SYSTEM, {"stringData": {"AWS_SECRET_ACCESS_KEY": minio.secret_key}})
    attempt.succeeds()
    backup(site, "keeper", "through").succeeds()


def set_bucket_quota(minio, bucket, size):
    """Of the server, which refuses what is beyond it; 0: none."""
    quota = {"quota": size, "size": size, "quotatype": "hard" if size else ""}
    answer = minio.request("PUT", "/minio/admin/v3/set-bucket-quota", query={"bucket": bucket}, body=json.dumps(quota).encode())
    assert answer.status == 200, answer.body


def test_a_quota_that_is_reached_midway_is_told_and_a_larger_one_is_enough(site, world, minio, add_s3, password_file):
    minio.create_bucket("bounded")
    add_s3("bounded", minio.address, secret=minio.secret_key, bucket="bounded").succeeds()
    site.apply(plan_of("keeper", "bounded", "bounded"))
    backup(site, "keeper", "bounded").succeeds()
    (before,) = shown(site, "keeper", "bounded")
    world.write(files=40, size=1_000_000)
    attempt = backup(site, "keeper", "bounded")
    victims = Victims(site)
    mover = victims.stop_mover(attempt.session[1], "volume/")
    set_bucket_quota(minio, "bounded", 1 << 20)
    # The server counts once a minute.
    wait_for("the server refuses more", lambda: minio.request("PUT", "/bounded/probe", body=b"x").status == 400, 150, pause=1)
    victims.signal(mover, signal.SIGCONT)
    attempt.fails("volume/data-keeper-0", "full", "free space")
    (told,) = [found for found in attempt.status()["conditions"] if found["type"] == "SpaceSufficient"]
    assert (told["status"], told["reason"]) == ("False", "StorageFull")
    assert shown(site, "keeper", "bounded") == [before]
    set_bucket_quota(minio, "bounded", 0)
    wait_for("the server takes more", lambda: minio.request("PUT", "/bounded/probe", body=b"x").status == 200, 60)
    backup(site, "keeper", "bounded").succeeds()
    assert len(shown(site, "keeper", "bounded")) == 2
    assert "no errors were found" in restic_in(minio, "bounded", f"{site.name}/ns/keeper/bounded", password_file, "check", "--read-data")


def shown(site, namespace, plan):
    """Names of a plan's backups, the oldest first."""
    found = [item for item in site.list("snapshots.dmaas.io", namespace) if item["status"]["plan"] == f"{namespace}/{plan}"]
    return [item["metadata"]["name"] for item in sorted(found, key=lambda item: item["spec"]["time"])]


def restic_in(minio, bucket, path, password_file, *arguments):
    return restic(f"s3:{minio.account.endpoint}/{bucket}/{path}", password_file, *arguments, environment=minio.account.environment)


class Kept:
    """A plan in a bucket whose retention keeps one backup; two are there."""

    def __init__(self, site, minio, password_file):
        self.site, self.minio, self.password_file = site, minio, password_file
        deploy_settings(site, "kept")
        site.add_storage("keeps", password_file, "--bucket", "keeps", "--endpoint", minio.account.endpoint, "--create-bucket",
                         environment=minio.account.environment)
        site.dmaas("retention", "set", "one", "-n", "kept", "--last", "1")
        plan = plan_of("kept", "kept", "keeps")
        plan["spec"]["retentionPolicyRef"] = {"name": "one"}
        site.apply(plan)
        self.back_up()
        self.repository = site.list("repositories.dmaas.io", "kept")[0]["metadata"]["name"]

    def back_up(self):
        self.site.patch("configmap", "settings", "kept", {"data": {"time": str(time.time())}})
        backup(self.site, "kept", "kept").succeeds()

    def request(self):
        self.site.dmaas("repository", "maintain", self.repository, "-n", "kept", "--no-wait")

    @property
    def maintenance(self):
        return self.site.status("repository.dmaas.io", self.repository, "kept").get("maintenance", {})

    def condition(self):
        return self.site.condition("repository.dmaas.io", self.repository, "kept")

    def await_told(self):
        wait_for(lambda: self.condition(), lambda: self.condition()[0] == "False" and "keeps" in self.condition()[1], 180)

    def await_done(self, before):
        """By itself; one backup is left, and the storage holds no other."""
        done = wait_for(lambda: json.dumps(self.maintenance, indent=1), lambda: (found := self.maintenance).get("phase") == "Idle" and
                        found.get("completionTime") != before and found, 240)
        assert done["outcome"] == "Succeeded", done
        (left,) = wait_for("one is left", lambda: (found := shown(self.site, "kept", "kept")) and len(found) == 1 and found, 30)
        path = f"{self.site.name}/ns/kept/kept"
        stored = json.loads(restic_in(self.minio, "keeps", path, self.password_file, "snapshots", "--json"))
        commits = [one["id"] for one in stored if "dmaas.io/component=resources" in one["tags"]]
        assert commits == [self.site.get("snapshot.dmaas.io", left, "kept")["spec"]["snapshotId"]]
        assert "no errors were found" in restic_in(self.minio, "keeps", path, self.password_file, "check", "--read-data")
        assert restic_in(self.minio, "keeps", path, self.password_file, "list", "locks", "--no-lock").split() == []


@pytest.fixture(scope="module")
def kept(site, minio, password_file):
    return Kept(site, minio, password_file)


def test_retention_that_finds_its_storage_away_goes_on_when_it_is_back(site, kept, minio):
    kept.back_up()
    before, backups = kept.maintenance.get("completionTime"), shown(site, "kept", "kept")
    assert len(backups) == 2
    minio.down()
    try:
        kept.request()
        kept.await_told()
        assert shown(site, "kept", "kept") == backups
    finally:
        minio.start()
    kept.await_done(before)


def test_retention_whose_storage_goes_midway_forgets_nothing_and_goes_on_when_it_is_back(site, kept, minio):
    kept.back_up()
    before, backups = kept.maintenance["completionTime"], shown(site, "kept", "kept")
    assert len(backups) == 2
    kept.request()
    victims = Victims(site)
    mover = victims.stop_mover(kept.repository, "maintenance")
    minio.down()
    try:
        victims.signal(mover, signal.SIGCONT)
        kept.await_told()
        # What is to be erased is shown until it is.
        assert shown(site, "kept", "kept") == backups
        assert kept.maintenance["phase"] == "Running"
    finally:
        minio.start()
    kept.await_done(before)


def test_a_full_storage_keeps_what_it_has_and_serves_again_when_there_is_room(site, world, small_disk, password_file):
    attempt = backup(site, CROWDED, "full").fails("volume/data-keeper-0", "full", "free space")
    (told,) = [found for found in attempt.status()["conditions"] if found["type"] == "SpaceSufficient"]
    assert (told["status"], told["reason"]) == ("False", "StorageFull")
    wait_for("the storage was looked at", lambda: site.condition("backupstorage", "small", SYSTEM)[0], 180)
    repository = next(small_disk.rglob("config")).parent
    assert "no errors were found" in restic(repository, password_file, "check", "--read-data")
    listed = [snapshot["spec"]["repositoryRef"]["name"] for snapshot in site.list("snapshots.dmaas.io", CROWDED)]
    assert not listed
    run("mount", "-o", "remount,size=128m", small_disk)
    backup(site, CROWDED, "full").succeeds()
    assert "no errors were found" in restic(repository, password_file, "check", "--read-data")


def test_a_storage_added_again_with_another_recovery_password_is_refused(site, world, password_file, tmp_path):
    backup(site, "settings", "settings").succeeds()
    other = tmp_path / "other"
    other.write_text("quite another password\n")
    site.kubectl("-n", SYSTEM, "delete", "backupstorage", "main")
    site.add_main_storage(other)
    backup(site, "settings", "settings").fails("the recovery password of storage dmaas-system/main does not open repository",
                                               "put the password that it was made with into Secret main-recovery")
    site.patch("secret", "main-recovery", SYSTEM, {"stringData": {"password": password_file.read_text().strip()}})
    backup(site, "settings", "settings").succeeds()


def test_nothing_of_all_this_is_left(site, world):
    assert site.leftovers() == []
