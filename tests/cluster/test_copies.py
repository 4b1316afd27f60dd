"""Copies of backups that a person asks for, and movers that are lost meanwhile."""

import json
import time

import pytest

from sites.applications import Keeper
from sites.site import SYSTEM, phase_of, restic
from sites.waiting import wait_for

NAMESPACE = "copied"
BUCKET = "copies"
CANCEL_SECONDS = 10
CHECKSUMS = "cd /data && find . -type f | sort | xargs sha256sum"


@pytest.fixture(scope="module")
def keeper(site, minio, password_file):
    """With a backup on the main storage, and a bucket beside it."""
    site.add_bucket(BUCKET, password_file, minio, BUCKET)
    made = Keeper(site, NAMESPACE).deploy(files=8)
    made.protect(f"{SYSTEM}/main")
    site.back_up((NAMESPACE, "keeper"))
    yield made
    made.remove()
    site.kubectl("-n", SYSTEM, "delete", f"backupstorage/{BUCKET}", f"secret/{BUCKET}-credentials", f"secret/{BUCKET}-recovery")


def snapshots_on(site, storage):
    """Those that show backups on a storage, the newest first."""
    repositories = {item["metadata"]["name"] for item in site.list("repositories", NAMESPACE) if item["spec"]["storageRef"]["name"] == storage}
    found = [item for item in site.list("snapshots", NAMESPACE) if item["spec"]["repositoryRef"]["name"] in repositories]
    return sorted(found, key=lambda item: item["spec"]["time"], reverse=True)


def newest(site):
    return snapshots_on(site, "main")[0]["metadata"]["name"]


def begin_copy(site):
    """Of the newest backup into the bucket: name of its session, and the mover that it has got."""
    _, session = site.begin("copy", "backup", newest(site), "--to", BUCKET, "-n", NAMESPACE)
    return session, wait_for("a mover", lambda: site.status("copysession", session, NAMESPACE).get("pod"))


def bucket_location(site, minio):
    return f"s3:{minio.account.endpoint}/{BUCKET}/{site.name}/ns/{NAMESPACE}/{NAMESPACE}"


def packs_in(minio):
    return len(list((minio.directory / "data" / BUCKET).glob("**/data/??/*")))


def await_bucket(site):
    wait_for("the storage to be back", lambda: site.condition("backupstorage", BUCKET, SYSTEM)[0] == "True", 60)


def test_a_copy_is_a_backup_like_every_other(site, keeper, minio, password_file):
    name = newest(site)
    assert f"backup {name} is copied: " in site.dmaas("copy", "backup", name, "--to", BUCKET, "-n", NAMESPACE)
    (session,) = site.list("copysessions", NAMESPACE)
    assert name in site.dmaas("describe", "copy", session["metadata"]["name"], "-n", NAMESPACE)
    assert "Succeeded" in site.dmaas("get", "copysessions", "-n", NAMESPACE)
    # Copying it again makes nothing new.
    site.dmaas("copy", "backup", name, "--to", BUCKET, "-n", NAMESPACE)
    (copy,) = snapshots_on(site, BUCKET)
    location = bucket_location(site, minio)
    stored = json.loads(restic(location, password_file, "snapshots", "--json", environment=minio.account.environment))
    assert {snapshot["id"] for snapshot in stored} == {component["snapshotId"] for component in copy["status"]["components"]}
    assert "no errors were found" in restic(location, password_file, "check", "--read-data", environment=minio.account.environment)
    site.dmaas("restore", "-n", NAMESPACE, "--repository", copy["spec"]["repositoryRef"]["name"], "--prefix", "copy-")
    assert site.kubectl("exec", "-n", NAMESPACE, "copy-keeper-0", "--", "sh", "-c", CHECKSUMS) == keeper.checksums()[0]
    assert site.leftovers() == []


def test_one_that_is_cancelled_leaves_nothing_though_the_storage_is_away(site, keeper, minio):
    keeper.shell("head -c 300000 /dev/urandom > /data/new; sync")
    site.back_up((NAMESPACE, "keeper"))
    session, _ = begin_copy(site)
    minio.down()
    begun = time.monotonic()
    site.dmaas("cancel", session, "-n", NAMESPACE)
    assert time.monotonic() - begun < CANCEL_SECONDS
    assert site.leftovers() == []
    minio.start()
    await_bucket(site)


def test_one_whose_mover_is_killed_midway_goes_on(site, keeper, minio, password_file):
    keeper.shell("head -c 150000000 /dev/urandom > /data/large; sync")
    site.back_up((NAMESPACE, "keeper"))
    before = packs_in(minio)
    session, pod = begin_copy(site)
    wait_for("the first data to be stored", lambda: packs_in(minio) > before, pause=0.01)
    minio.kill()
    assert site.status("copysession", session, NAMESPACE)["phase"] == "Copying"
    site.kubectl("-n", pod["namespace"], "delete", "pod", pod["name"], "--grace-period=0", "--force")
    wait_for("another mover", lambda: site.status("copysession", session, NAMESPACE)["attempts"] == 2)
    minio.start()
    status = site.await_end("copysession", session, NAMESPACE)
    assert phase_of(status) == "Succeeded", status["message"]
    assert len(snapshots_on(site, BUCKET)) == 2
    assert "no errors were found" in restic(bucket_location(site, minio), password_file, "check", "--read-data",
                                            environment=minio.account.environment)
    assert site.leftovers() == []
