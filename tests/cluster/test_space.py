"""Storages tell how much they hold and how much more they take; what does not fit is refused before anything is stored."""

import json
import subprocess
from pathlib import Path

import pytest

from sites.applications import Keeper
from sites.plans import plan_of
from sites.site import SYSTEM, run
from sites.waiting import wait_for
from tests.faults.attempt import Attempt

NAMESPACE = "spacious"
BUCKET, TINY = "spacious", "tiny"
BOUNDED = f"{SYSTEM}/{BUCKET}"
MEBIBYTE = 1 << 20
# Random bytes, which do not compress: each backup of other ones stores as much.
DATA_BYTES = 4 * MEBIBYTE


@pytest.fixture(scope="module")
def keeper(site, minio, password_file):
    made = Keeper(site, NAMESPACE).deploy(files=16, size=DATA_BYTES // 16)
    site.add_bucket(BUCKET, password_file, minio, BUCKET)
    site.add_bucket(TINY, password_file, minio, TINY)
    site.apply(plan_of(NAMESPACE, "keeper", BUCKET))
    yield made
    made.remove()
    for name in (BUCKET, TINY):
        site.kubectl("-n", SYSTEM, "delete", f"backupstorage/{name}", f"secret/{name}-credentials", f"secret/{name}-recovery")


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
    site.kubectl("-n", SYSTEM, "delete", "backupstorage/small", "secret/small-recovery")
    subprocess.run(["umount", "-l", directory], check=True)


def space_of(site, name):
    return site.status("backupstorage", name, SYSTEM).get("space", {})


def await_space(site, name, what, holds):
    """The figures as soon as `holds(figures)`."""
    def found():
        space = space_of(site, name)
        return space if space.get("time") and holds(space) else None
    return wait_for(lambda: f"{what}\n{json.dumps(space_of(site, name), indent=1)}", found, 90)


def set_quota(site, name, quota):
    site.patch("backupstorage", name, SYSTEM, {"spec": {"quota": quota}})


def objects_in(minio, bucket):
    """Of the repositories, with their sizes; not what storages are tried out with."""
    root = minio.directory / "data" / bucket
    return {str(file.relative_to(root)): file.stat().st_size for file in root.rglob("*") if file.is_file() and ".dmaas" not in file.parts}


def back_up(site, *flags):
    return Attempt(site, "backup", "keeper", "-n", NAMESPACE, *flags)


def space_condition(status):
    return next(found for found in status["conditions"] if found["type"] == "SpaceSufficient")


def test_without_a_quota_a_bucket_says_that_nobody_knows_and_is_written_to(site, keeper):
    attempt = back_up(site).succeeds()
    found = space_condition(attempt.status())
    assert found["status"] == "Unknown"
    assert "left are an unknown amount (nothing tells)" in found["message"]
    space = await_space(site, BUCKET, "the backup is measured", lambda space: space["usedBytes"] > DATA_BYTES)
    assert space["source"] == "Unknown"
    assert space["byNamespace"] == {NAMESPACE: space["usedBytes"]}
    assert site.condition("backupstorage", BUCKET, SYSTEM, "SpaceLow")[0] == "Unknown"


def test_a_quota_tells_what_is_left_and_warns_when_it_is_little(site, keeper):
    set_quota(site, BUCKET, "100Mi")
    keeper.write(files=16, size=DATA_BYTES // 16)
    status = back_up(site).succeeds().status()
    assert space_condition(status)["status"] == "True"
    assert status["storages"][0]["space"]["leftSource"] == "Quota"
    space = await_space(site, BUCKET, "both backups are measured", lambda space: space["usedBytes"] > 2 * DATA_BYTES)
    assert (space["source"], space["capacityBytes"]) == ("Quota", 100 * MEBIBYTE)
    assert space["leftBytes"] <= 100 * MEBIBYTE - space["usedBytes"]
    assert site.condition("backupstorage", BUCKET, SYSTEM, "SpaceLow")[0] == "False"
    set_quota(site, BUCKET, str(space["usedBytes"] + MEBIBYTE))
    wait_for("the storage warns", lambda: site.condition("backupstorage", BUCKET, SYSTEM, "SpaceLow")[0] == "True", 60)
    assert "raise spec.quota" in site.condition("backupstorage", BUCKET, SYSTEM, "SpaceLow")[1]
    wait_for("an event tells it", lambda: [event for event in site.list("events", SYSTEM) if event["reason"] == "SpaceLow"], 30)
    overview = Attempt(site, "status")
    assert overview.end() == 3 and "of the quota of" in overview.output
    told = site.dmaas("describe", "storage", BUCKET, "-n", SYSTEM)
    assert f"Namespace {NAMESPACE}" in told and "(quota)" in told


def test_what_does_not_fit_is_refused_with_numbers_before_anything_is_stored(site, keeper, minio):
    keeper.write(files=16, size=DATA_BYTES // 16)
    before = objects_in(minio, BUCKET)
    attempt = back_up(site).fails("not enough space: the backup needs 4.", "1 backups added", "(quota)", "raise spec.quota of the storage")
    assert objects_in(minio, BUCKET) == before
    status = attempt.status()
    assert space_condition(status)["reason"] == "NotEnoughSpace"
    figures = status["storages"][0]["space"]
    assert figures["needBytes"] >= DATA_BYTES > figures["leftBytes"] > 0
    wait_for("the plan says it", lambda: site.condition("backupconfiguration", "keeper", NAMESPACE, "SpaceSufficient")[0] == "False", 30)
    assert not site.leftovers()


def test_a_raised_quota_lets_the_next_backup_run(site, keeper):
    set_quota(site, BUCKET, "1Gi")
    attempt = back_up(site).succeeds()
    assert space_condition(attempt.status())["status"] == "True"
    wait_for("the plan says it", lambda: site.condition("backupconfiguration", "keeper", NAMESPACE, "SpaceSufficient")[0] == "True", 30)
    wait_for("the storage says it", lambda: site.condition("backupstorage", BUCKET, SYSTEM, "SpaceLow")[0] == "False", 60)


def test_a_storage_without_room_is_left_out_and_the_others_get_the_backup(site, keeper, minio):
    set_quota(site, TINY, "1Mi")
    await_space(site, TINY, "it is measured", lambda space: space["source"] == "Quota")
    keeper.change_plan(storages=[{"storageRef": {"name": name, "namespace": SYSTEM}} for name in (BUCKET, TINY)])
    (status,) = site.back_up((NAMESPACE, "keeper"))
    results = {result["storage"]: result for result in status["storages"]}
    assert results[BOUNDED]["complete"]
    assert results[f"{SYSTEM}/{TINY}"]["dropped"]
    assert "not enough space: the backup needs 4." in results[f"{SYSTEM}/{TINY}"]["message"]
    assert "the size and compression of the newest backup elsewhere" in results[f"{SYSTEM}/{TINY}"]["message"]
    assert objects_in(minio, TINY) == {}


def test_a_directory_tells_the_free_space_of_its_file_system(site, small_disk, password_file):
    site.add_storage("small", password_file, "--local", small_disk)
    space = await_space(site, "small", "the file system is measured", lambda space: space["source"] == "Filesystem")
    assert space["capacityBytes"] == 16 * MEBIBYTE
    assert 15 * MEBIBYTE < space["leftBytes"] <= 16 * MEBIBYTE
    (small_disk / "other").write_bytes(bytes(14 * MEBIBYTE))
    space = await_space(site, "small", "the other file is seen", lambda space: space["leftBytes"] < 3 * MEBIBYTE)
    assert space["usedBytes"] < MEBIBYTE
    assert "the file system" in site.condition("backupstorage", "small", SYSTEM, "SpaceLow")[1]
    assert space["exceededPercent"] == 80
