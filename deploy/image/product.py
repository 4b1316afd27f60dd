#!/usr/bin/python3
"""The product's container image: the program, the shared libraries it is linked with, certificates of authorities and time zones,
all from this machine's Debian packages; no shell, no package manager."""

import re
import subprocess
import sys
from pathlib import Path

from testbed.images.archive import ImageDirectory, ImageFile, build_image

IMAGE = "dmaas.io/dmaas:0.1.0"
PROGRAM = "/usr/bin/dmaas"
USER = "65532:65532"


def shared_libraries(program: Path) -> list[Path]:
    """As the dynamic loader resolves them, the loader itself among them."""
    listing = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=True).stdout
    return [Path(path) for path in re.findall(r"(/\S+) \(0x", listing)]


def files_of(program: Path) -> dict[str, ImageFile | ImageDirectory]:
    files: dict[str, ImageFile | ImageDirectory] = {
        PROGRAM: ImageFile(program, mode=0o755),
        "/etc/ssl/certs/ca-certificates.crt": ImageFile(Path("/etc/ssl/certs/ca-certificates.crt")),
        "/tmp": ImageDirectory(mode=0o1777),
    }
    for library in shared_libraries(program):
        files[str(library)] = ImageFile(library.resolve(), mode=0o755)
    zones = Path("/usr/share/zoneinfo")
    for zone in zones.rglob("*"):
        if zone.is_file() and "right" not in zone.parts and "posix" not in zone.parts:
            files[str(zone)] = ImageFile(zone.resolve())
    return files


def build(program: Path) -> Path:
    return build_image(IMAGE, files=files_of(program), config={"Entrypoint": [PROGRAM], "User": USER})


if __name__ == "__main__":
    print(build(Path(sys.argv[1] if len(sys.argv) > 1 else "build/release/src/dmaas")))
