"""TCID-DIR-DMAAS-SOURCE-CLUSTER-GONE: an application moves between two real clusters."""

import json

import pytest

from sites.shop import Shop
from sites.site import SYSTEM, Site, restic

REPOSITORY = "east/ns/shop/shop"
RESTORED = "shop-restored"


@pytest.fixture(scope="module")
def directory(site):
    """The storage of east, which the gateway of the other cluster can reach, too."""
    return f"{site.storage_directory}/of-east"


@pytest.fixture(scope="module")
def backed_up(directory, password_file):
    """East has been backed up twice and is gone; what its tables held is what this gives."""
    east = Site("east", directory)
    east.install()
    east.add_main_storage(password_file)
    shop = Shop(east).deploy()
    east.dmaas("protect", "all", "-n", "shop", "--name", "shop")
    for _ in range(2):
        east.dmaas("backup", "shop", "-n", "shop")
    facts = {"sessions": east.list("backupsessions", "shop"), "snapshots": east.list("snapshots.dmaas.io", "shop"),
             "leftovers": east.leftovers(), "rows": shop.rows()}
    east.cluster.down()
    return facts


def test_both_backups_succeed_and_the_second_adds_little(backed_up):
    sessions = sorted(backed_up["sessions"], key=lambda session: session["metadata"]["creationTimestamp"])
    assert [session["status"]["phase"] for session in sessions] == ["Succeeded", "Succeeded"]
    added = [sum(component.get("bytesAdded", 0) for component in session["status"]["components"]) for session in sessions]
    assert 0 < added[1] < added[0] / 2, added
    assert len(backed_up["snapshots"]) == 2


def test_nothing_of_a_finished_session_is_left(backed_up):
    assert backed_up["leftovers"] == []


def test_stock_restic_accepts_every_backup(backed_up, directory, password_file):
    repository = f"{directory}/{REPOSITORY}"
    assert "no errors were found" in restic(repository, password_file, "check", "--read-data")
    snapshots = json.loads(restic(repository, password_file, "snapshots", "--json"))
    assert len(snapshots) == 6  # two volumes and the objects, twice


@pytest.fixture
def storage_of_east(site, backed_up, directory, password_file):
    """All that the other cluster is told of east."""
    site.add_storage("of-east", password_file, "--local", directory)
    yield "of-east"
    site.kubectl("delete", "namespace", RESTORED, "--ignore-not-found", "--wait=false")
    site.kubectl("-n", SYSTEM, "delete", "backupstorage/of-east", "secret/of-east-recovery")


def test_another_cluster_gets_the_application_back(site, backed_up, storage_of_east):
    namespace, name = site.begin("restore", "--storage", storage_of_east, "--path", REPOSITORY, "--map-namespace", f"shop={RESTORED}")
    status = site.await_end("restoresession", name, namespace, seconds=400)
    assert [stage["state"] for stage in status["stages"]] == ["Succeeded"] * 3
    site.await_rollout("deployment/web", RESTORED)
    restored = Shop(site, RESTORED).rows()
    recorded = backed_up["rows"]
    # The backup is older than what was recorded after it, and the restored application writes on: what both have is equal.
    old_end = min(len(restored), len(recorded))
    assert old_end > 10
    common = [row for row in recorded if row in set(restored)]
    assert common == recorded[:len(common)] and len(common) > 10
    assert site.get("configmap", "shop-settings", RESTORED)["data"] == {"currency": "EUR"}
    assert site.get("role", "shop", RESTORED)["rules"]


def test_another_cluster_erases_none_of_its_backups(site, backed_up, storage_of_east, directory, password_file):
    site.dmaas("storage", "import", storage_of_east, REPOSITORY)
    (repository,) = [found for found in site.list("repositories.dmaas.io", SYSTEM) if found["spec"]["storageRef"]["name"] == storage_of_east]
    name = repository["metadata"]["name"]
    backup = next(found for found in site.list("snapshots.dmaas.io", SYSTEM) if found["spec"]["repositoryRef"]["name"] == name)["metadata"]["name"]
    try:
        with pytest.raises(AssertionError, match="belongs to cluster east, delete it there"):
            site.dmaas("delete", "backup", backup, "-n", SYSTEM)
        site.patch("snapshot.dmaas.io", backup, SYSTEM, {"spec": {"deletionPolicy": "Delete"}})
        site.kubectl("-n", SYSTEM, "delete", "snapshot.dmaas.io", backup, "--timeout=60s")
        assert len(json.loads(restic(f"{directory}/{REPOSITORY}", password_file, "snapshots", "--json"))) == 6
    finally:
        site.kubectl("-n", SYSTEM, "delete", "repository.dmaas.io", name)
        for found in site.list("snapshots.dmaas.io", SYSTEM):
            if found["spec"]["repositoryRef"]["name"] == name:
                site.kubectl("-n", SYSTEM, "delete", "snapshot.dmaas.io", found["metadata"]["name"])
