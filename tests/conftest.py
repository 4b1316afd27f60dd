"""Parts that tests of several folders share: one cluster with the product in it, and MinIO."""

import os
import shutil
from pathlib import Path

import pytest

from sites.site import Site
from testbed import minio as testbed_minio

# Clusters that run at the same time need names of their own, and so do their storages.
NAME = os.environ.get("DMAAS_TEST_SITE", "site")
MINIO_ADDRESS = os.environ.get("DMAAS_TEST_MINIO", f"{testbed_minio.HOST_ADDRESS}:9104")


@pytest.fixture(scope="session")
def password_file(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("secrets") / "recovery"
    file.write_text("correct horse battery staple\n")
    return file


@pytest.fixture(scope="session")
def site(password_file):
    """With a storage `main` in a directory that every namespace may use. Tests of tests/cluster leave it as they found it."""
    directory = f"/var/lib/dmaas-test-storage-{NAME}"
    shutil.rmtree(directory, ignore_errors=True)
    made = Site(NAME, directory)
    made.install()
    made.add_main_storage(password_file)
    yield made
    made.cluster.down()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module")
def minio(tmp_path_factory):
    """A server of the module's own, with nothing in it."""
    server = testbed_minio.up(tmp_path_factory.mktemp("minio"), MINIO_ADDRESS)
    yield server
    server.down()
