"""Backups that are to be erased with their Repository, and a storage that is away: nothing is forgotten, and nothing is erased against a person's will."""

import pytest

from sites.applications import deploy_settings
from sites.plans import plan_of
from sites.site import SYSTEM
from sites.waiting import wait_for
from tests.faults.victims import Victims

BUCKET, KEPT, LOST = "wiping", "wiping-kept", "wiping-lost"
SECONDS = 120


@pytest.fixture(scope="module")
def world(site, minio, password_file):
    """Two applications with a backup each; their repositories are to be wiped out when they are deleted."""
    site.add_bucket(BUCKET, password_file, minio, BUCKET)
    for namespace in (KEPT, LOST):
        deploy_settings(site, namespace)
        site.apply(plan_of(namespace, "settings", BUCKET))
    site.back_up((KEPT, "settings"), (LOST, "settings"))
    for namespace in (KEPT, LOST):
        site.patch("repository", repository_of(site, namespace), namespace, {"spec": {"wipeOut": True}})
        wait_for("the finalizer", lambda namespace=namespace: site.list("repositories.dmaas.io", namespace)[0]["metadata"].get("finalizers"), SECONDS)
    yield Victims(site, minio)
    site.kubectl("delete", "namespace", KEPT, LOST, "--wait=false")
    site.kubectl("-n", SYSTEM, "delete", f"backupstorage/{BUCKET}", f"secret/{BUCKET}-credentials", f"secret/{BUCKET}-recovery")


def repository_of(site, namespace):
    (found,) = site.list("repositories.dmaas.io", namespace)
    return found["metadata"]["name"]


def objects_of(minio, namespace):
    return {name for name in minio.objects(BUCKET) if f"/{namespace}/" in name and "/locks/" not in name}


def await_none(site, namespace):
    wait_for(lambda: f"the end of a repository\n{site.list('repositories.dmaas.io', namespace)}", lambda: not site.list("repositories.dmaas.io", namespace), SECONDS)


def test_a_storage_that_is_away_is_waited_for_until_somebody_changes_his_mind(site, minio, world):
    kept, lost = repository_of(site, KEPT), repository_of(site, LOST)
    before = objects_of(minio, KEPT)
    assert before and objects_of(minio, LOST)
    minio.kill()
    for namespace, name in ((KEPT, kept), (LOST, lost)):
        site.kubectl("-n", namespace, "delete", "repository", name, "--wait=false")

    def messages():
        return [site.condition("repository", name, namespace)[1] for namespace, name in ((KEPT, kept), (LOST, lost))]
    wait_for(lambda: f"why they stay: {messages()}", lambda: all("spec.wipeOut: false" in message for message in messages()), SECONDS)
    site.patch("repository", kept, KEPT, {"spec": {"wipeOut": False}})
    await_none(site, KEPT)
    assert objects_of(minio, KEPT) == before


def test_the_next_controller_erases_when_the_storage_is_back(site, minio, world):
    world.controller()
    assert repository_of(site, LOST)
    minio.start()
    await_none(site, LOST)
    assert objects_of(minio, LOST) == set()
    assert {name for name in minio.objects(BUCKET) if f"/{LOST}/" in name} == set()  # nor a lock
    assert objects_of(minio, KEPT)


def test_what_was_kept_is_used_again_and_what_was_erased_begins_anew(site, minio, world):
    world.settle()
    site.back_up((KEPT, "settings"), (LOST, "settings"))
    assert len(site.list("snapshots.dmaas.io", LOST)) == 1
    wait_for("both backups", lambda: len(site.list("snapshots.dmaas.io", KEPT)) == 2, SECONDS)
