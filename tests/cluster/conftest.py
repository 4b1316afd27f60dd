"""One cluster with the product in it, for all tests that leave it as they found it."""

import os
import shutil
from pathlib import Path

import pytest

from sites.site import Site

# Clusters that run at the same time need names of their own, and so do their storages.
NAME = os.environ.get("DMAAS_TEST_SITE", "site")


@pytest.fixture(scope="session")
def password_file(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("secrets") / "recovery"
    file.write_text("correct horse battery staple\n")
    return file


@pytest.fixture(scope="session")
def site(password_file):
    """With a storage `main` in a directory that every namespace may use."""
    directory = f"/var/lib/dmaas-test-storage-{NAME}"
    shutil.rmtree(directory, ignore_errors=True)
    made = Site(NAME, directory)
    made.install()
    made.add_storage(password_file)
    yield made
    made.cluster.down()
    shutil.rmtree(directory, ignore_errors=True)
