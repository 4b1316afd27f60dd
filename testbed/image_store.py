"""Images in a cluster's containerd."""

import subprocess
from pathlib import Path

from testbed.errors import TestbedError
from testbed.images.archive import image_identity

DIGEST_LABEL = "dmaas.io/configuration"


def load_archive(socket: Path, archive: Path) -> bool:
    """False when this very image is there already."""
    name, digest = image_identity(archive)
    wanted = f"{DIGEST_LABEL}={digest}"
    rows = [row for row in _ctr(socket, "images", "list", f"name=={name}").splitlines()[1:] if row]
    if any(wanted in row for row in rows):
        return False
    _ctr(socket, "images", "import", str(archive))
    # Not before the import is complete, so that a killed one is repeated.
    _ctr(socket, "images", "label", name, wanted)
    return True


def _ctr(socket: Path, *arguments: str) -> str:
    done = subprocess.run(["ctr", "--address", str(socket), "--namespace", "k8s.io", *arguments],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise TestbedError(f"ctr {' '.join(arguments[:2])} failed: {done.stderr.strip()}")
    return done.stdout
