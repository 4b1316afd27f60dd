"""Which clusters there are on this machine, and which address ranges are theirs."""

import contextlib
import json
import re
from pathlib import Path

from testbed.errors import TestbedError
from testbed.layout import SOCKET_PATH_LIMIT, Layout
from testbed.locking import locked
from testbed.network import CLUSTERS_AT_MOST, Addresses, Network
from testbed.paths import run_root
from testbed.programs import NEWEST

NAME_PATTERN = re.compile(r"[a-z0-9-]{1,12}")
RECORD = "cluster.json"


def known_names() -> list[str]:
    return sorted(record.parent.name for record in run_root().glob(f"*/{RECORD}"))


def is_known(name: str) -> bool:
    return (run_root() / name / RECORD).exists()


def layout_of(name: str) -> Layout:
    """Of a known cluster; for an unknown one good for nothing but removing what it left."""
    if not NAME_PATTERN.fullmatch(name):
        raise TestbedError(f"{name!r} is no name for a cluster: up to 12 of a-z, 0-9 and -")
    directory = run_root() / name
    if len(str(directory / "containerd.sock.ttrpc")) > SOCKET_PATH_LIMIT:
        raise TestbedError(f"{run_root()} is too long a path for sockets: set DMAAS_TESTBED_RUN")
    known = _read(directory)
    return Layout(name, directory, Network(name, Addresses(known.get("index", 0))),
                  known.get("kubernetes", NEWEST))


def record(name: str, kubernetes: str) -> Layout:
    """Makes the cluster known, of this boot of the machine, with address ranges of its own."""
    layout = layout_of(name)
    with locked(run_root() / ".index.lock"):
        taken = {_read(run_root() / other).get("index") for other in known_names()
                 if other != name}
        wanted = _read(layout.directory).get("index")
        free = [index for index in range(CLUSTERS_AT_MOST) if index not in taken]
        if not free:
            raise TestbedError(f"{CLUSTERS_AT_MOST} clusters are the most: remove one")
        index = wanted if wanted in free else free[0]
        layout.directory.mkdir(parents=True, exist_ok=True)
        _write(layout.directory, {"index": index, "boot": _boot(), "kubernetes": kubernetes})
    return layout_of(name)


def is_of_this_boot(layout: Layout) -> bool:
    """Nothing runs of a cluster that was recorded before the machine started."""
    return _read(layout.directory).get("boot") == _boot()


def lock_of(name: str) -> Path:
    """Held by whoever changes the cluster."""
    return run_root() / f".{name}.lock"


def _read(directory: Path) -> dict:
    with contextlib.suppress(OSError, ValueError):
        return json.loads((directory / RECORD).read_text())
    return {}


def _write(directory: Path, values: dict) -> None:
    unfinished = directory / f".{RECORD}"
    unfinished.write_text(json.dumps(values))
    unfinished.rename(directory / RECORD)


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
