"""Root file systems of Debian packages, as tar files, by mmdebstrap."""

import os
import shutil
from pathlib import Path
from typing import Sequence

from testbed.cache import built, hash_of
from testbed.errors import TestbedError
from testbed.progress import run_with_progress

NOT_IN_IMAGES = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*",
                 "/usr/share/info/*", "/usr/share/lintian/*")


def root_file_system(packages: Sequence[str], hooks: Sequence[str] = (),
                     suite: str = "bookworm") -> Path:
    """The tar file; `hooks` are further options of mmdebstrap."""
    key = hash_of([suite, *sorted(packages), "hooks", *hooks, *NOT_IN_IMAGES])
    part = "root-" + (sorted(packages)[0] if packages else "minimal")

    def make(target: Path) -> None:
        if not shutil.which("mmdebstrap"):
            raise TestbedError("mmdebstrap is not installed: run ./x setup")
        command = ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase"]
        command += [f"--dpkgopt=path-exclude={pattern}" for pattern in NOT_IN_IMAGES]
        # Device nodes and caches have no place in an image.
        command += ["--customize-hook=rm -rf \"$1\"/var/cache/apt/* \"$1\"/var/log/*.log"]
        if packages:
            command += ["--include=" + ",".join(packages)]
        command += [*hooks, suite, str(target / "root.tar")]
        run_with_progress(f"install {' '.join(packages) or 'the minimal system'} ({suite})",
                          command, environment={**os.environ, "SOURCE_DATE_EPOCH": "0"})

    return built(part, key, make) / "root.tar"
