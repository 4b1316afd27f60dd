"""The cluster that the tests of tests/cluster share, for tests that hurt it."""

from tests.cluster.conftest import password_file, site  # noqa: F401
