"""TCID-DIR-DMAAS-SOURCE-CLUSTER-GONE: an application moves between two real clusters."""

import json
import shutil

import pytest

from sites.shop import Shop
from sites.site import SYSTEM, Site, restic
from testbed import cluster as testbed_cluster

DIRECTORY = "/var/lib/dmaas-test-storage"
REPOSITORY = "east/ns/shop/shop"


@pytest.fixture(scope="module")
def backed_up(password_file):
    """East has been backed up twice and is gone; what its tables held is what this gives."""
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    site = Site("east", DIRECTORY)
    site.install()
    site.add_main_storage(password_file)
    shop = Shop(site).deploy()
    site.dmaas("protect", "all", "-n", "shop", "--name", "shop")
    site.dmaas("backup", "shop", "-n", "shop")
    site.dmaas("backup", "shop", "-n", "shop")
    facts = {"sessions": site.list("backupsessions", "shop"), "snapshots": site.list("snapshots.dmaas.io", "shop"),
             "leftovers": site.leftovers(), "rows": shop.rows()}
    site.cluster.down()
    return facts


def test_both_backups_succeed_and_the_second_adds_little(backed_up):
    sessions = sorted(backed_up["sessions"], key=lambda session: session["metadata"]["creationTimestamp"])
    assert [session["status"]["phase"] for session in sessions] == ["Succeeded", "Succeeded"]
    added = [sum(component.get("bytesAdded", 0) for component in session["status"]["components"]) for session in sessions]
    assert 0 < added[1] < added[0] / 2, added
    assert len(backed_up["snapshots"]) == 2


def test_nothing_of_a_finished_session_is_left(backed_up):
    assert backed_up["leftovers"] == []


def test_stock_restic_accepts_every_backup(backed_up, password_file):
    repository = f"{DIRECTORY}/{REPOSITORY}"
    assert "no errors were found" in restic(repository, password_file, "check", "--read-data")
    snapshots = json.loads(restic(repository, password_file, "snapshots", "--json"))
    assert len(snapshots) == 6  # two volumes and the objects, twice


def test_another_cluster_gets_the_application_back(backed_up, password_file):
    site = Site("west", DIRECTORY)
    try:
        site.install()
        site.add_main_storage(password_file)
        site.dmaas("restore", "--storage", "main", "--path", REPOSITORY, "--map-namespace", "shop=shop-restored", seconds=400)
        session = site.list("restoresessions", SYSTEM)[0]
        assert [stage["state"] for stage in session["status"]["stages"]] == ["Succeeded"] * 3
        site.await_rollout("deployment/web", "shop-restored")
        restored = Shop(site, "shop-restored").rows()
        recorded = backed_up["rows"]
        # The backup is older than what was recorded after it, and the restored application writes on: what both have is equal.
        old_end = min(len(restored), len(recorded))
        assert old_end > 10
        common = [row for row in recorded if row in set(restored)]
        assert common == recorded[:len(common)] and len(common) > 10
        assert site.get("configmap", "shop-settings", "shop-restored")["data"] == {"currency": "EUR"}
        assert site.get("role", "shop", "shop-restored")["rules"]
    finally:
        site.cluster.down()
        testbed_cluster.down("east")
