"""A file system of its own for repositories and restored files, new each time.

On one that is in use a restore would mostly measure what was deleted there in the minutes before:
ext4 does not give out such inodes again and passes over them one by one.
"""

import contextlib
import os
import subprocess
from pathlib import Path
from typing import Iterator

DISK_BYTES = 48 << 30  # takes no more room than what is written


@contextlib.contextmanager
def workspace(directory: Path) -> Iterator[Path]:
    """An empty ext4, mounted below `directory`; nothing is left of it, nor of a killed run's."""
    disk, mounted = directory / "disk", directory / "mounted"
    _remove(disk, mounted)
    mounted.mkdir(parents=True, exist_ok=True)
    try:
        with open(disk, "wb") as file:
            file.truncate(DISK_BYTES)
        _run("mkfs.ext4", "-q", "-F", "-E", "assume_storage_prezeroed=1,nodiscard", str(disk))
        _run("mount", "-o", "loop,noatime", str(disk), str(mounted))
        yield mounted
    finally:
        _remove(disk, mounted)


def _remove(disk: Path, mounted: Path) -> None:
    if mounted.is_mount():
        # Lazily: a program that is just ending may hold it for a moment longer.
        _run("umount", "--lazy", str(mounted))
    if disk.exists():
        # A mount namespace made meanwhile may still hold the disk, but needs none of its content.
        os.truncate(disk, 0)
        disk.unlink()


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
