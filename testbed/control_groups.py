"""The control group below which all pods of a cluster run; version 1 (one tree for each
controller) and version 2 (one tree)."""

import contextlib
import os
import time
from pathlib import Path
from typing import Iterator

from testbed.errors import TestbedError

ROOT = Path("/sys/fs/cgroup")
ATTEMPTS = 100
PAUSE_SECONDS = 0.05


def create(name: str) -> None:
    """The kubelet wants its root group to exist under every controller."""
    for tree in _trees():
        group = tree / name
        group.mkdir(exist_ok=True)
        if tree == ROOT:
            available = (tree / "cgroup.controllers").read_text().split()
            (tree / "cgroup.subtree_control").write_text(" ".join(f"+{c}" for c in available))
        for file in ("cpuset.cpus", "cpuset.mems"):
            # A new cpuset is empty, and no process can be put into an empty one.
            if (group / file).exists() and not (group / file).read_text().strip():
                (group / file).write_text((tree / file).read_text())


def existing(name: str) -> list[Path]:
    return [tree / name for tree in _trees() if (tree / name).is_dir()]


def processes(name: str) -> Iterator[int]:
    for group in existing(name):
        # Groups go while they are walked, which os.walk takes as it comes.
        for directory, _, _ in os.walk(group):
            with contextlib.suppress(OSError):
                yield from map(int, Path(directory, "cgroup.procs").read_text().split())


def remove(name: str) -> None:
    """All processes must be gone or going."""
    for _ in range(ATTEMPTS):
        groups = existing(name)
        if not groups:
            return
        for top in groups:
            for directory, _, _ in os.walk(top, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(directory)
        time.sleep(PAUSE_SECONDS)
    raise TestbedError(f"control groups that cannot be removed: {groups}")


def _trees() -> list[Path]:
    if (ROOT / "cgroup.controllers").exists():
        return [ROOT]
    return [path for path in ROOT.iterdir() if path.is_dir() and not path.is_symlink()]
