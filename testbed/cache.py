"""Parts that are built once: made in a temporary directory, renamed when complete."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Callable, Iterable

from testbed.locking import locked
from testbed.paths import cache_root

VERSIONS_KEPT = 3


def hash_of(inputs: Iterable[Path | str]) -> str:
    """Of the names and contents of files and of plain strings; 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for entry in inputs:
        if isinstance(entry, Path):
            digest.update(f"file {entry.name}\0".encode())
            with open(entry, "rb") as file:
                while piece := file.read(1 << 20):
                    digest.update(piece)
        else:
            digest.update(f"text {entry}\0".encode())
    return digest.hexdigest()[:16]


def built(part: str, key: str, make: Callable[[Path], None]) -> Path:
    """The directory of a part; `make` fills it when this version was never built.

    Concurrent callers build once; a killed build leaves nothing that looks complete.
    """
    place = cache_root() / f"{part}-{key}"
    if not place.is_dir():
        with locked(cache_root() / f".{part}.lock"):
            if not place.is_dir():
                _remove_unfinished(part)
                _make_and_rename(part, place, make)
                _remove_old_versions(part, place)
    os.utime(place)
    return place


def _make_and_rename(part: str, place: Path, make: Callable[[Path], None]) -> None:
    unfinished = Path(tempfile.mkdtemp(prefix=f".unfinished-{part}-", dir=cache_root()))
    try:
        make(unfinished)
        unfinished.chmod(0o755)
        unfinished.rename(place)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _remove_unfinished(part: str) -> None:
    for leftover in cache_root().glob(f".unfinished-{part}-????????"):
        shutil.rmtree(leftover, ignore_errors=True)


def _remove_old_versions(part: str, newest: Path) -> None:
    versions = [path for path in cache_root().glob(f"{part}-" + "[0-9a-f]" * 16) if path != newest]
    versions.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for old in versions[VERSIONS_KEPT - 1 :]:
        shutil.rmtree(old, ignore_errors=True)
