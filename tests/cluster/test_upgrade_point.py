"""B13: one command takes a verified restore point before an upgrade, another one returns to it in place."""

import re

import pytest

from sites.applications import Keeper
from sites.site import PROGRAM, run

NAMESPACE = "upgraded"


@pytest.fixture(scope="module")
def keeper(site):
    made = Keeper(site, NAMESPACE).deploy(files=4).protect()
    yield made
    made.remove()


@pytest.fixture(scope="module")
def point(site, keeper):
    """What taking it printed, and the files at that moment."""
    checksums = keeper.checksums()
    return site.dmaas("upgrade-point", "take", "keeper", "-n", NAMESPACE, "--allow-unisolated", seconds=300), checksums


def test_it_is_verified_and_says_how_to_return(point):
    assert re.search(r"^backup \S+ is verified", point[0], re.MULTILINE)
    assert re.search(rf"^to come back to it: dmaas upgrade-point return \S+ -n {NAMESPACE}$", point[0], re.MULTILINE)


def test_one_command_returns_in_place(site, keeper, point):
    keeper.shell("rm /data/file-1; echo migrated > /data/file-2; echo new > /data/schema; sync")
    site.patch("configmap", "keeper", NAMESPACE, {"data": {"colour": "red"}})
    site.kubectl("-n", NAMESPACE, "set", "env", "statefulset/keeper", "VERSION=2")
    site.await_rollout("statefulset/keeper", NAMESPACE)
    assert keeper.checksums() != point[1]

    command = re.search(r"dmaas (upgrade-point return .*)$", point[0], re.MULTILINE)[1].split()
    site.dmaas(*command, seconds=300)
    site.await_rollout("statefulset/keeper", NAMESPACE)
    assert keeper.checksums() == point[1]
    assert site.get("configmap", "keeper", NAMESPACE)["data"] == {"colour": "green"}
    assert "VERSION" not in site.kubectl("-n", NAMESPACE, "get", "statefulset", "keeper", "-o", "json")
    assert site.get("statefulset", "keeper", NAMESPACE)["spec"]["replicas"] == 1
    assert site.leftovers() == []


def test_without_isolation_it_says_not_to_upgrade(site, keeper):
    with pytest.raises(AssertionError, match="do not upgrade yet"):
        run(PROGRAM, "upgrade-point", "take", "keeper", "-n", NAMESPACE, environment=site.environment)
