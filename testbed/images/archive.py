"""Image archives (the docker-archive layout) from a root file system and some files.

A layer is a tar file, and an image is layers plus two small JSON documents, so writing the archive
needs nothing but the standard library and takes as long as copying the bytes.
"""

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Sequence

from testbed.cache import built, hash_of
from testbed.images.root_file_system import root_file_system

EPOCH = "1970-01-01T00:00:00Z"


@dataclass(frozen=True)
class ImageFile:
    """Content of a file in the image; `source` on this machine, or `text` itself."""

    source: Path | None = None
    text: str | None = None
    mode: int = 0o644
    owner: int = 0

    def content(self) -> bytes:
        return self.source.read_bytes() if self.source else (self.text or "").encode()


@dataclass(frozen=True)
class ImageDirectory:
    """An empty directory in the image."""

    mode: int = 0o755
    owner: int = 0

    def content(self) -> bytes:
        return b"directory"


def build_image(
    name: str,
    *,
    packages: Sequence[str] | None = None,
    root: Path | None = None,
    hooks: Sequence[str] = (),
    files: Mapping[str, ImageFile | ImageDirectory] | None = None,
    config: Mapping[str, object] | None = None,
) -> Path:
    """The archive of image `name` (with its tag), built when its inputs were never seen.

    The bottom layer holds Debian `packages` (an empty list: the minimal system), or the tar file
    `root`, or nothing. `hooks` are mmdebstrap options. `files` maps absolute paths in the image to
    contents. `config` is the image's configuration: Entrypoint, Cmd, Env, User, WorkingDir.
    """
    files = files or {}
    config = config or {}
    if packages is not None:
        root = root_file_system(packages, hooks)
    inputs: list[Path | str] = [name, json.dumps(config, sort_keys=True)]
    inputs += [str(root.parent.name if packages is not None else hash_of([root])) if root else ""]
    for path, file in sorted(files.items()):
        inputs += [f"{path} {file.mode} {file.owner}", hashlib.sha256(file.content()).hexdigest()]
    part = "image-" + name.rsplit("/", 1)[-1].split(":")[0]

    def make(target: Path) -> None:
        layers = [root] if root else []
        if files:
            _write_layer(target / "files.tar", files)
            layers.append(target / "files.tar")
        _write_archive(target / "image.tar", name, layers, config)
        (target / "files.tar").unlink(missing_ok=True)

    return built(part, hash_of(inputs), make) / "image.tar"


def image_identity(archive: Path) -> tuple[str, str]:
    """Name and configuration digest of the image in an archive."""
    with tarfile.open(archive) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))[0]
    return manifest["RepoTags"][0], "sha256:" + manifest["Config"].removesuffix(".json")


def _write_layer(path: Path, files: Mapping[str, ImageFile | ImageDirectory]) -> None:
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        directories: set[str] = set()
        for name, file in sorted(files.items()):
            for parent in reversed(Path(name).parents):
                _add_parent(tar, str(parent).strip("/"), directories)
            content = file.content()
            entry = tarfile.TarInfo(name.strip("/"))
            entry.mode, entry.uid, entry.gid = file.mode, file.owner, file.owner
            if isinstance(file, ImageDirectory):
                entry.type = tarfile.DIRTYPE
                tar.addfile(entry)
            else:
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))


def _add_parent(tar: tarfile.TarFile, name: str, present: set[str]) -> None:
    # A directory entry replaces what a lower layer says about mode and owner, and Debian's
    # directories that files are put into are all root's with mode 0755.
    if not name or name in present:
        return
    present.add(name)
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, 0o755
    tar.addfile(entry)


def _write_archive(path: Path, name: str, layers: Sequence[Path],
                   config: Mapping[str, object]) -> None:
    digests = [_digest_of(layer) for layer in layers]
    document = json.dumps({
        "architecture": "amd64", "os": "linux", "created": EPOCH, "config": dict(config),
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]},
        "history": [{"created": EPOCH, "created_by": "testbed"} for _ in digests],
    }).encode()
    identity = hashlib.sha256(document).hexdigest()
    manifest = json.dumps([{
        "Config": f"{identity}.json", "RepoTags": [name],
        "Layers": [f"{digest}.tar" for digest in digests],
    }]).encode()
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        _add_bytes(tar, f"{identity}.json", document)
        for layer, digest in zip(layers, digests):
            tar.add(layer, arcname=f"{digest}.tar", recursive=False)
        _add_bytes(tar, "manifest.json", manifest)


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o644
    tar.addfile(entry, io.BytesIO(content))


def _digest_of(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
