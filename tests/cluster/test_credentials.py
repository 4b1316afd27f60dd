"""Credentials that are saved once under a title: storages use them by it, and nothing shows their keys."""

import base64
import json
import subprocess

import pytest

from sites.site import PROGRAM, SYSTEM
from testbed.minio import ACCESS_KEY, SECRET_KEY

TITLE, SECRET = "MinIO-1", "credential-minio-1"
STORAGE = "titled"


@pytest.fixture(scope="module")
def storage(site, minio, password_file):
    """A storage in a bucket, added by nothing but the title; ready when this returns."""
    site.dmaas("credential", "add", TITLE, "--endpoint", minio.account.endpoint, environment=minio.account.environment)
    site.add_storage(STORAGE, password_file, "--credential", TITLE, "--bucket", STORAGE, "--create-bucket")
    yield STORAGE
    site.kubectl("-n", SYSTEM, "delete", "--ignore-not-found", f"backupstorage/{STORAGE}", f"secret/{STORAGE}-recovery", f"secret/{SECRET}")


def refusal(site, *arguments, environment=None):
    """What a command says that fails."""
    done = subprocess.run([str(PROGRAM), *arguments], capture_output=True, text=True, timeout=60,
                          env={"HOME": "/nowhere", **site.environment, **(environment or {})})
    assert done.returncode == 1 and done.stdout == "", done
    return done.stderr


def test_a_storage_is_ready_with_nothing_but_the_title(site, minio, storage):
    assert site.condition("backupstorage", storage, SYSTEM)[0] == "True"
    spec = site.get("backupstorage", storage, SYSTEM)["spec"]
    assert spec["credentialSecretRef"]["name"] == SECRET
    assert spec["backend"]["s3"]["endpoint"] == minio.account.endpoint
    assert f"{storage}-credentials" not in [secret["metadata"]["name"] for secret in site.list("secrets", SYSTEM)]


def test_a_list_tells_who_uses_it_and_no_key(site, minio, storage):
    (told,) = json.loads(site.dmaas("credential", "list", "-o", "json"))
    assert told.pop("creationTime")
    assert told == {"title": TITLE, "endpoint": minio.account.endpoint, "region": "", "storages": [storage]}
    for form in ("table", "wide", "json", "yaml", "name"):
        text = site.dmaas("credential", "list", "-o", form)
        assert TITLE in text
        for key in (ACCESS_KEY, SECRET_KEY):
            assert key not in text and base64.b64encode(key.encode()).decode() not in text


def test_a_title_is_saved_once_and_replaced_only_on_purpose(site, minio, storage):
    keys = minio.account.environment
    assert "--replace" in refusal(site, "credential", "add", TITLE, environment=keys)
    assert "differ only in case" in refusal(site, "credential", "add", TITLE.lower(), environment=keys)
    assert "at most 24 characters" in refusal(site, "credential", "add", "1st", environment=keys)
    assert "set AWS_ACCESS_KEY_ID" in refusal(site, "credential", "add", "other")
    site.dmaas("credential", "add", TITLE, "--replace", environment={**keys, "AWS_SESSION_TOKEN": "some-token"})
    assert "AWS_SESSION_TOKEN" in site.get("secret", SECRET, SYSTEM)["data"]
    site.dmaas("credential", "add", TITLE, "--replace", environment=keys)
    assert sorted(site.get("secret", SECRET, SYSTEM)["data"]) == ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
    assert json.loads(site.dmaas("credential", "list", "-o", "json"))[0]["endpoint"] == minio.account.endpoint


def test_a_title_that_is_not_there_is_answered_with_the_list(site, storage):
    assert "dmaas credential list" in refusal(site, "storage", "add", "lost", "--credential", "nobody", "--bucket", "lost", "--dry-run")
    planned = site.dmaas("storage", "add", "planned", "--credential", TITLE, "--bucket", "planned", "--dry-run")
    assert f"name: {SECRET}" in planned
    assert "planned" not in [one["metadata"]["name"] for one in site.list("backupstorages", SYSTEM)]


def test_it_is_removed_when_no_storage_uses_it(site, storage):
    assert f"{SYSTEM}: {storage};" in refusal(site, "credential", "remove", TITLE)
    site.kubectl("-n", SYSTEM, "delete", f"backupstorage/{storage}")
    assert site.dmaas("credential", "remove", TITLE) == f"credential {TITLE} is removed\n"
    assert json.loads(site.dmaas("credential", "list", "-o", "json")) == []
