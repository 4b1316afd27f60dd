"""What is backed up: a tree of files and a disk image, made once, the same each time on one machine."""

import hashlib
import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Callable, Iterator

from testbed.cache import built, hash_of

SYSTEM = Path("/usr")
MIB = 1 << 20
SEED = 20260101
GENERATED_PER_DIRECTORY = 100
IMAGE_BLOCK = 64 << 10
FILE_SYSTEM_BLOCK = 4 << 10


@dataclass(frozen=True)
class Size:
    """How much; `share` of a hundred of the system's files are taken."""

    name: str
    files: int
    share: int
    system_bytes: int
    image_bytes: int


FULL = Size("full", files=100_000, share=40, system_bytes=2_200 * MIB, image_bytes=4_096 * MIB)
QUICK = Size("quick", files=10_000, share=3, system_bytes=200 * MIB, image_bytes=256 * MIB)


def file_tree(size: Size) -> Path:
    """Files of this system and small generated ones: at least `size.files` together."""
    key = hash_of([Path(__file__), size.name, "files"])
    return built(f"bench-files-{size.name}", key, lambda place: _make_tree(place, size)) / "tree"


def image_directory(size: Size) -> Path:
    """A directory with one file: half as a file system, a quarter noise, an eighth zeros, an eighth
    holes. What it has of the system are other files than those of the tree."""
    key = hash_of([Path(__file__), size.name, "image"])
    return built(f"bench-image-{size.name}", key, lambda place: _make_image(place, size)) / "tree"


DATA: dict[str, Callable[[Size], Path]] = {"files": file_tree, "image": image_directory}


def _make_tree(place: Path, size: Size) -> None:
    copied = total = 0
    for source in _files_below(SYSTEM):
        if total >= size.system_bytes:
            break
        if _percent_of(source) >= size.share:
            continue
        target = place / "tree" / "system" / source.relative_to(SYSTEM)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)
        copied += not source.is_symlink()
        total += source.lstat().st_size
    chance = random.Random(SEED)
    for number in range(max(size.files // 10, size.files - copied)):
        directory = place / "tree" / "generated" / f"{number // GENERATED_PER_DIRECTORY:05d}"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / f"{number:07d}.json").write_text(_record(chance, number))


def _files_below(top: Path) -> Iterator[Path]:
    for directory, subdirectories, names in os.walk(top):
        subdirectories.sort()
        for name in sorted(names):
            path = Path(directory, name)
            if path.is_symlink() or path.is_file():
                yield path


def _percent_of(path: Path) -> int:
    return hashlib.sha256(os.fsencode(path)).digest()[0] * 100 // 256


def _record(chance: random.Random, number: int) -> str:
    lines = [f'{{"number": {number},']
    length = min(int(chance.lognormvariate(7.5, 1.0)), 64 << 10)
    while length > 0:
        line = f'  "field-{chance.randrange(1000)}": "{chance.getrandbits(96):024x}",'
        lines.append(line)
        length -= len(line)
    return "\n".join([*lines, '  "end": true}', ""])


def _make_image(place: Path, size: Size) -> None:
    chance = random.Random(SEED)
    others = _content_of(path for path in _files_below(SYSTEM) if _percent_of(path) >= size.share)
    (place / "tree").mkdir()
    with open(place / "tree" / "disk.img", "wb") as image:
        image.truncate(size.image_bytes)
        written = 0
        while written < size.image_bytes:
            length = min(chance.randrange(1, 256) * IMAGE_BLOCK, size.image_bytes - written)
            image.seek(written)
            _write_stretch(image, length, others, chance)
            written += length


def _write_stretch(image: BinaryIO, length: int, others: Iterator[bytes],
                   chance: random.Random) -> None:
    kind = chance.randrange(8)
    if kind < 4:
        image.writelines(next(others) for _ in range(length // IMAGE_BLOCK))
    elif kind < 6:
        image.write(chance.randbytes(length))
    elif kind == 6:
        image.write(bytes(length))


def _content_of(files: Iterator[Path]) -> Iterator[bytes]:
    """Files one behind the other, each from a block on as in a file system; in equal pieces."""
    pending = bytearray()
    for path in files:
        if path.is_symlink():
            continue
        pending += path.read_bytes()
        pending += bytes(-len(pending) % FILE_SYSTEM_BLOCK)
        while len(pending) >= IMAGE_BLOCK:
            yield bytes(pending[:IMAGE_BLOCK])
            del pending[:IMAGE_BLOCK]
