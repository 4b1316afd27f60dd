"""Where the test bed keeps what it builds and runs: always outside the checkout."""

import os
from pathlib import Path

RECIPES = Path(__file__).resolve().parent


def cache_root() -> Path:
    """Built parts, one directory each, named after the part and the hash of its recipe."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("DMAAS_TESTBED_CACHE") or home / "dmaas-testbed")


def run_root() -> Path:
    """Data of running clusters, one directory each, named after the cluster."""
    return Path(os.environ.get("DMAAS_TESTBED_RUN") or "/var/lib/dmaas-testbed")
