"""Programs built from Go modules: a recipe is go.mod, go.sum and sometimes a short main."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

from testbed.cache import built, hash_of
from testbed.errors import TestbedError
from testbed.paths import RECIPES
from testbed.progress import run_with_progress

PARALLEL_COMPILERS = "2"


@dataclass(frozen=True)
class GoProgram:
    """`recipe` is a folder below testbed/; `package` is `.` or the path of a module's main."""

    name: str
    recipe: str
    package: str = "."
    linker_flags: str = ""
    tags: str = ""
    links: Sequence[str] = ()
    # Without C a program needs nothing of the system it runs on.
    with_c: bool = True

    def build(self) -> Path:
        """The directory that holds the program (and its links, for a multi-call binary)."""
        return built(self.name, self._key(), self._make)

    def program(self) -> Path:
        return self.build() / self.name

    def _directory(self) -> Path:
        return RECIPES / self.recipe

    def _key(self) -> str:
        files = [p for p in self._directory().iterdir() if p.suffix in (".go", ".mod", ".sum")]
        return hash_of([*sorted(files), self.package, self.linker_flags, *self._tags(),
                        *self.links, *self._environment()])

    def _tags(self) -> list[str]:
        return ["-tags", self.tags] if self.tags else []

    def _environment(self) -> list[str]:
        return [] if self.with_c else ["env", "CGO_ENABLED=0"]

    def _make(self, target: Path) -> None:
        if not shutil.which("go"):
            raise TestbedError("Go is not installed: run ./x setup")
        packages = self._count_packages()
        run_with_progress(
            f"build {self.name}",
            [*self._environment(), "go", "build", "-v", "-p", PARALLEL_COMPILERS, "-buildvcs=false",
             *self._tags(), "-ldflags", f"-s -w {self.linker_flags}",
             "-o", str(target / self.name), self.package],
            directory=self._directory(),
            describe=lambda output: f"{len(output.splitlines())} of {packages} packages")
        for link in self.links:
            (target / link).symlink_to(self.name)

    def _count_packages(self) -> int:
        listing = subprocess.run(["go", "list", *self._tags(), "-deps", self.package],
                                 cwd=self._directory(), capture_output=True, text=True)
        if listing.returncode != 0:
            raise TestbedError(f"cannot fetch the Go modules of {self.name}: {listing.stderr}")
        return len(listing.stdout.splitlines())
