"""Stock restic of Debian trixie: the one program out of a root file system made for it."""

import tarfile
from pathlib import Path

from testbed.cache import built, hash_of
from testbed.images.root_file_system import root_file_system

_SUITE = "trixie"
_MEMBER = "./usr/bin/restic"


def restic() -> Path:
    """The program's path; it is linked statically and runs anywhere."""

    def make(target: Path) -> None:
        with tarfile.open(root_file_system(["restic"], suite=_SUITE)) as root:
            with root.extractfile(_MEMBER) as program:
                (target / "restic").write_bytes(program.read())
        (target / "restic").chmod(0o755)

    return built("restic", hash_of([_SUITE, _MEMBER]), make) / "restic"
