"""B9 and A6: one run lands on every storage of the plan, and one that fails does not stop the others."""

import contextlib

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


def test_every_storage_gets_the_backup(site, keeper, minio, password_file):
    (status,) = site.back_up((NAMESPACE, "keeper"))
    assert {storage: result["complete"] for storage, result in results(status).items()} == {MAIN: True, SECOND: True}
    account = minio.account
    path = f"{site.name}/ns/{NAMESPACE}/{NAMESPACE}"
    for where, environment in ((f"{site.storage_directory}/{path}", {}), (f"s3:{account.endpoint}/{BUCKET}/{path}", account.environment)):
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
    for found in (results(status), results(again)):
        assert found[MAIN]["complete"] and not found[MAIN].get("dropped")
        assert found[SECOND]["dropped"] and not found[SECOND]["complete"]
    assert f"not on storage {SECOND}" in status["message"]
    assert f"BackupStorage {SECOND} is not ready" in results(again)[SECOND]["message"]
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
    assert site.leftovers() == []


def test_the_next_backup_is_everywhere_again(site, keeper):
    keeper.change_plan(runs=[{"name": "backup"}])
    (status,) = site.back_up((NAMESPACE, "keeper"))
    assert {storage: result["complete"] for storage, result in results(status).items()} == {MAIN: True, SECOND: True}
    # Complete in itself, though the storage missed what was before.
    site.dmaas("restore", "-n", NAMESPACE, "--repository", results(status)[SECOND]["repository"], "--prefix", "copy-")
    assert site.kubectl("exec", "-n", NAMESPACE, "copy-keeper-0", "--", "sh", "-c", "cd /data && find . -type f | sort | xargs sha256sum") == \
        keeper.checksums()[0]
