"""B9 and A6: one run lands on every storage of the plan, one that fails does not stop the others, and gets later what it missed."""

import contextlib
import json

import pytest

from sites.applications import Keeper
from sites.site import SYSTEM, restic
from sites.waiting import wait_for

NAMESPACE = "widespread"
BUCKET = "widespread"
MAIN, SECOND = f"{SYSTEM}/main", f"{SYSTEM}/{BUCKET}"


@pytest.fixture(scope="module")
def keeper(site, minio, password_file):
    made = Keeper(site, NAMESPACE).deploy(files=5)
    made.shell("head -c 6000000 /dev/urandom > /data/large; sync")
    site.add_bucket(BUCKET, password_file, minio, BUCKET)
    made.protect(MAIN, storages=[{"storageRef": {"name": name, "namespace": SYSTEM}} for name in ("main", BUCKET)])
    yield made
    made.remove()
    site.kubectl("-n", SYSTEM, "delete", f"backupstorage/{BUCKET}", f"secret/{BUCKET}-credentials", f"secret/{BUCKET}-recovery")


@contextlib.contextmanager
def down(site, minio):
    """While the second storage does not answer."""
    minio.down()
    try:
        yield
    finally:
        minio.start()
    wait_for("the storage to be back", lambda: site.condition("backupstorage", BUCKET, SYSTEM)[0] == "True", 120)


def results(status):
    return {result["storage"]: result for result in status["storages"]}


def locations(site, minio):
    """Of the repository on the first and on the second storage, each with the environment that opens it."""
    path = f"{site.name}/ns/{NAMESPACE}/{NAMESPACE}"
    return (f"{site.storage_directory}/{path}", {}), (f"s3:{minio.account.endpoint}/{BUCKET}/{path}", minio.account.environment)


def snapshots_in(location, password_file, environment):
    """Of stock restic, by id; what has equal trees is equal to the byte."""
    return {snapshot["id"]: snapshot for snapshot in json.loads(restic(location, password_file, "snapshots", "--json", environment=environment))}


def catch_up(site):
    return site.status("backupconfiguration", "keeper", NAMESPACE).get("catchUp", [{}])[0]


def await_catch_up(site, since):
    wait_for(lambda: f"the storage to be caught up: {catch_up(site)}",
             lambda: "missedSince" not in catch_up(site) and catch_up(site).get("caughtUpUntil", "") >= since, 120)


def test_every_storage_gets_the_backup(site, keeper, minio, password_file):
    (status,) = site.back_up((NAMESPACE, "keeper"))
    assert {storage: result["complete"] for storage, result in results(status).items()} == {MAIN: True, SECOND: True}
    for where, environment in locations(site, minio):
        assert "no errors were found" in restic(where, password_file, "check", "--read-data", environment=environment)
    assert site.condition("backupconfiguration", "keeper", NAMESPACE, "StoragesReady")[0] == "True"


def test_a_storage_that_is_down_does_not_stop_the_others(site, keeper, minio):
    keeper.write(files=6)
    with down(site, minio):
        (status,) = site.back_up((NAMESPACE, "keeper"))
        wait_for("the plan to tell", lambda: site.condition("backupconfiguration", "keeper", NAMESPACE, "StoragesReady")[0] == "False")
        assert SECOND in site.condition("backupconfiguration", "keeper", NAMESPACE, "StoragesReady")[1]
        assert site.condition("backupconfiguration", "keeper", NAMESPACE)[0] == "True"
        # Known to be down from the beginning.
        (again,) = site.back_up((NAMESPACE, "keeper"))
        assert catch_up(site)["storage"] == SECOND and catch_up(site)["missedSince"][:19] <= status["startTime"][:19]
        assert site.list("copysessions", NAMESPACE) == []
    for found in (results(status), results(again)):
        assert found[MAIN]["complete"] and not found[MAIN].get("dropped")
        assert found[SECOND]["dropped"] and not found[SECOND]["complete"]
    assert f"not on storage {SECOND}" in status["message"]
    assert f"BackupStorage {SECOND} is not ready" in results(again)[SECOND]["message"]
    assert site.leftovers() == []


def test_it_gets_what_it_missed_when_it_answers_again(site, keeper, minio, password_file):
    newest = max(snapshot["spec"]["time"] for snapshot in site.list("snapshots", NAMESPACE))
    await_catch_up(site, newest)
    sessions = site.list("copysessions", NAMESPACE)
    assert [(session["spec"]["cause"], session["status"]["phase"]) for session in sessions] == [("CatchUp", "Succeeded")], sessions
    assert len(sessions[0]["status"]["backups"]) == 2
    # What was there before is not read again, since both repositories cut the large file at the same places.
    assert sessions[0]["status"]["bytesRead"] < 2_000_000, sessions[0]["status"]
    (first, first_environment), (second, second_environment) = locations(site, minio)
    originals = snapshots_in(first, password_file, first_environment)
    copies = [snapshot for snapshot in snapshots_in(second, password_file, second_environment).values() if "original" in snapshot]
    assert len(copies) == 4  # of two backups, each of a volume and of the objects
    assert all(copy["tree"] == originals[copy["original"]]["tree"] for copy in copies)
    assert "no errors were found" in restic(second, password_file, "check", "--read-data", environment=second_environment)
    shown = site.list("snapshots", NAMESPACE)
    assert len(shown) == 6 and len({snapshot["spec"]["time"] for snapshot in shown}) == 3
    assert site.leftovers() == []


def test_one_that_goes_midway_is_dropped(site, keeper, minio):
    """The hook holds the session until the storage is gone."""
    hold = {"name": "wait", "exec": {"command": ["sh", "-c", "until [ -e /tmp/go ]; do sleep 0.1; done"]}}
    keeper.change_plan(runs=[{"name": "backup", "hooks": {"before": [hold]}}])
    keeper.write(files=7)
    namespace, name = site.begin("backup", "keeper", "-n", NAMESPACE)
    wait_for("the hook", lambda: site.status("backupsession", name, namespace).get("phase") == "HooksBefore")
    with down(site, minio):
        keeper.shell("touch /tmp/go")
        status = site.await_end("backupsession", name, namespace, seconds=300)
    assert status["phase"] == "Succeeded", status["message"]
    assert results(status)[MAIN]["complete"] and results(status)[SECOND]["dropped"]
    await_catch_up(site, status["startTime"][:19])
    assert site.leftovers() == []


def test_the_next_backup_is_everywhere_again(site, keeper):
    keeper.change_plan(runs=[{"name": "backup"}])
    (status,) = site.back_up((NAMESPACE, "keeper"))
    assert {storage: result["complete"] for storage, result in results(status).items()} == {MAIN: True, SECOND: True}
    # It goes on from the copy of what was before.
    volume = next(c for c in status["components"] if c["storage"] == SECOND and c["name"].startswith("volume/"))
    assert volume.get("bytesAdded", 0) < 100_000, volume
    site.dmaas("restore", "-n", NAMESPACE, "--repository", results(status)[SECOND]["repository"], "--prefix", "copy-")
    assert site.kubectl("exec", "-n", NAMESPACE, "copy-keeper-0", "--", "sh", "-c", "cd /data && find . -type f | sort | xargs sha256sum") == \
        keeper.checksums()[0]
