"""Changes one per cent of the data in place, and back: every program meets the same data."""

import contextlib
import os
import random
from pathlib import Path
from typing import Iterator

SEED = 7
SHARE = 100  # one of so many
PIECE = 1 << 20
_FLIP = bytes(byte ^ 0x55 for byte in range(256))  # its own inverse


@contextlib.contextmanager
def one_percent_changed(data: Path) -> Iterator[None]:
    """One of a hundred files, or of a single file one of a hundred pieces of 1 MiB."""
    files = sorted(path for path in data.rglob("*") if path.is_file() and not path.is_symlink())
    chance = random.Random(SEED)
    if len(files) == 1:
        chosen = files
        pieces = files[0].stat().st_size // PIECE
        offsets = sorted(chance.sample(range(pieces), max(1, pieces // SHARE)))
    else:
        chosen = chance.sample(files, max(1, len(files) // SHARE))
        offsets = None
    times = {path: path.stat() for path in chosen}
    for path in chosen:
        _flip(path, offsets)
    try:
        yield
    finally:
        for path in chosen:
            _flip(path, offsets)
            os.utime(path, ns=(times[path].st_atime_ns, times[path].st_mtime_ns))


def _flip(path: Path, pieces: list[int] | None) -> None:
    with open(path, "r+b") as file:
        if pieces is None:
            content = file.read()
            file.seek(0)
            file.write(content.translate(_FLIP))
            return
        for piece in pieces:
            file.seek(piece * PIECE)
            content = file.read(PIECE)
            file.seek(piece * PIECE)
            file.write(content.translate(_FLIP))
