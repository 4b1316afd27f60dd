"""A Repository may have a backend of its own; deleting it, or a storage, erases the backups when its spec says so, and only then."""

import json
from pathlib import Path

import pytest

from sites.applications import deploy_settings
from sites.plans import custom_resource, plan_of
from sites.site import SYSTEM, restic
from sites.waiting import wait_for
from testbed.minio import ACCESS_KEY, SECRET_KEY

OWN, SHARED, DOOMED = "own-backend", "wiped-shared", "wiped-doomed"
PASSWORD = "own horse battery staple"
SECONDS = 60


def repository_objects(minio, bucket):
    """Without what storages are tried out with."""
    return {name for name in minio.objects(bucket) if not name.startswith(".dmaas/") and "/.dmaas/" not in name}


def repositories(site, namespace):
    return [found["metadata"]["name"] for found in site.list("repositories.dmaas.io", namespace)]


@pytest.fixture(scope="module")
def own(site, minio):
    """Application and plan beside a Repository `settings` that says itself where it lies; backed up once."""
    deploy_settings(site, OWN)
    site.apply(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "bucket", "namespace": OWN},
         "stringData": {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "RESTIC_PASSWORD": PASSWORD}},
        custom_resource("Repository", "settings", OWN, {
            "backend": {"s3": {"bucket": OWN, "endpoint": minio.account.endpoint, "prefix": "team", "createBucket": True}},
            "storageSecretName": "bucket", "wipeOut": True}))
    plan = plan_of(OWN, "settings")
    plan["spec"]["storages"] = [{"storageRef": {"name": "settings"}}]
    site.apply(plan)
    wait_for("its storage", lambda: site.list("backupstorages", OWN) and site.condition("backupstorage", "settings", OWN)[0] == "True", SECONDS)
    site.dmaas("backup", "settings", "-n", OWN)
    yield f"{site.name}/ns/{OWN}/settings"
    site.kubectl("delete", "namespace", OWN, "--wait=false")


def test_a_repository_with_its_own_backend_holds_the_backups(site, minio, own, tmp_path):
    assert repositories(site, OWN) == ["settings"]
    found = site.get("repository", "settings", OWN)
    assert found["spec"]["path"] == own
    wait_for("its count", lambda: site.status("repository", "settings", OWN).get("snapshotCount") == 1, SECONDS)
    # With nothing but the bucket and the password of the Secret.
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    location = f"s3:{minio.account.endpoint}/{OWN}/team/{own}"
    assert json.loads(restic(location, password, "snapshots", "--json", environment=minio.account.environment))
    site.patch("configmap", "settings", OWN, {"data": {"colour": "lost"}})
    site.dmaas("restore", "--repository", "settings", "-n", OWN, "--existing", "update")
    assert site.get("configmap", "settings", OWN)["data"]["colour"] == "green"


def test_what_is_deleted_with_wipe_out_is_erased_when_its_session_is_over(site, minio, own):
    (backup,) = [found["metadata"]["name"] for found in site.list("snapshots.dmaas.io", OWN)]
    assert any(name.endswith("/config") for name in repository_objects(minio, OWN))
    site.kubectl("-n", OWN, "delete", "repository", "settings", "--timeout=60s")
    assert repository_objects(minio, OWN) == set()
    wait_for("the end of its storage", lambda: not site.list("backupstorages", OWN), SECONDS)
    assert backup not in [found["metadata"]["name"] for found in site.list("snapshots.dmaas.io", OWN)]
    events = [event.get("note", "") for event in site.list("events.events.k8s.io", OWN) if event["reason"] == "WipedOut"]
    assert any(own in note for note in events), events


def test_a_repository_in_a_directory_is_erased_likewise(site):
    site.apply(plan_of(OWN, "directory"))
    site.dmaas("backup", "directory", "-n", OWN)
    (name,) = repositories(site, OWN)
    directory = Path(site.storage_directory, site.get("repository", name, OWN)["spec"]["path"])
    assert (directory / "config").exists()
    site.patch("repository", name, OWN, {"spec": {"wipeOut": True}})
    wait_for("the finalizer", lambda: site.get("repository", name, OWN)["metadata"].get("finalizers"), SECONDS)
    site.kubectl("-n", OWN, "delete", "repository", name, "--timeout=60s")
    assert [file for file in directory.rglob("*") if file.is_file()] == []


@pytest.fixture(scope="module")
def doomed(site, minio, password_file):
    """Two applications on one storage, and a repository that is not of this cluster."""
    site.add_bucket(DOOMED, password_file, minio, DOOMED)
    for name in ("one", "two"):
        deploy_settings(site, f"{SHARED}-{name}")
        site.apply(plan_of(f"{SHARED}-{name}", "settings", DOOMED))
    site.back_up(*((f"{SHARED}-{name}", "settings") for name in ("one", "two")))
    foreign = f"s3:{minio.account.endpoint}/{DOOMED}/other/db"
    restic(foreign, password_file, "init", environment=minio.account.environment)
    yield DOOMED
    site.kubectl("delete", "namespace", f"{SHARED}-one", f"{SHARED}-two", "--ignore-not-found", "--wait=false")
    site.kubectl("-n", SYSTEM, "delete", "--ignore-not-found", f"secret/{DOOMED}-credentials", f"secret/{DOOMED}-recovery")


def test_a_namespace_that_is_deleted_takes_no_backup_with_it(site, minio, doomed):
    before = {name for name in repository_objects(minio, DOOMED) if f"/{SHARED}-one/" in name and "/locks/" not in name}
    (name,) = repositories(site, f"{SHARED}-one")
    site.patch("repository", name, f"{SHARED}-one", {"spec": {"wipeOut": True}})
    wait_for("the finalizer", lambda: site.get("repository", name, f"{SHARED}-one")["metadata"].get("finalizers"), SECONDS)
    site.kubectl("delete", "namespace", f"{SHARED}-one", "--timeout=60s")
    assert before and before <= repository_objects(minio, DOOMED)


def test_a_storage_with_wipe_out_is_emptied_of_what_is_of_this_cluster(site, minio, doomed):
    namespace = f"{SHARED}-two"
    site.patch("backupstorage", DOOMED, SYSTEM, {"spec": {"deletionPolicy": "WipeOut"}})
    wait_for("the finalizer", lambda: site.get("backupstorage", DOOMED, SYSTEM)["metadata"].get("finalizers"), SECONDS)
    site.kubectl("-n", SYSTEM, "delete", "backupstorage", DOOMED, "--timeout=90s")
    assert repositories(site, namespace) == []
    left = repository_objects(minio, DOOMED)
    assert not any(f"/{namespace}/" in name for name in left)
    # Neither what another one made there, nor what no object of this cluster shows any more.
    assert "other/db/config" in left and any(f"/{SHARED}-one/" in name for name in left)
