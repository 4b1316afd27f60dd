"""rustic from crates.io; the build takes minutes."""

import shutil
from pathlib import Path

from testbed.cache import built, hash_of
from testbed.errors import TestbedError
from testbed.progress import run_with_progress

VERSION = "0.11.4"


def rustic() -> Path:
    """The program's path."""

    def make(target: Path) -> None:
        if not shutil.which("cargo"):
            raise TestbedError("cargo is not installed: it comes with Rust (rustup.rs)")
        run_with_progress(
            "build rustic",
            ["cargo", "install", "--locked", "--root", str(target), "--version", VERSION,
             "--target-dir", str(target / "objects"), "rustic-rs"],
            describe=lambda output: f"{output.count('Compiling ')} crates")
        shutil.rmtree(target / "objects")

    return built("rustic", hash_of([VERSION]), make) / "bin" / "rustic"
