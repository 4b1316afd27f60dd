"""One repetition: every program does every step on the same data, program after program in each step."""

import filecmp
import itertools
import os
import random
from dataclasses import dataclass
from pathlib import Path

from bench.changes import one_percent_changed
from bench.data import DATA, Size
from bench.measure import Usage, measure
from bench.programs import Program
from bench.stores import Store
from testbed.errors import TestbedError
from testbed.progress import say

# Of a restored tree, so many files are compared byte by byte; all by size and time.
COMPARED_SHARE = 50


@dataclass(frozen=True)
class Sample:
    usage: Usage
    stored_bytes: int


Samples = dict[str, dict[str, Sample]]  # by step, then by program


class Repetition:
    """All steps of one scenario, once. Everything is written below `directory`, but for the logs."""

    def __init__(self, data: str, store: Store, size: Size, directory: Path, logs: Path) -> None:
        self._data = DATA[data](size)
        self._name = f"{data}-{store.name}"
        self._store = store
        self._directory = directory
        self._logs = logs
        self._samples: Samples = {}

    def run(self, programs: list[Program]) -> Samples:
        for program in programs:
            self._home(program).mkdir(parents=True, exist_ok=True)
            self._store.make_room(program.name)
            self._measure(program, program.init())
        read_all(self._data)
        for step in ("backup", "unchanged"):
            self._run_step(step, programs)
        with one_percent_changed(self._data):
            self._run_step("changed", programs)
            self._run_step("restore", programs)
        self._run_step("check", programs)
        return self._samples

    def _run_step(self, step: str, programs: list[Program]) -> None:
        # By chance: who comes first finds the machine as the step before has left it.
        for program in random.sample(programs, len(programs)):
            target = self._directory / "restored" / program.name
            command = {"restore": program.restore(target), "check": program.check()}.get(
                step, program.backup(self._data))
            usage = self._measure(program, command)
            if step == "restore":
                compare_trees(self._data, target / self._data.relative_to("/"))
            stored = self._store.stored_bytes(program.name)
            self._samples.setdefault(step, {})[program.name] = Sample(usage, stored)
            say(f"    {self._name} {step:9} {program.name:7} {usage.wall_seconds:7.2f} s wall"
                f" {usage.cpu_seconds:7.2f} s CPU {usage.peak_bytes >> 20:5d} MiB"
                f" {stored >> 20:6d} MiB stored")

    def _home(self, program: Program) -> Path:
        return self._directory / "homes" / program.name

    def _measure(self, program: Program, command: list[str]) -> Usage:
        home = self._home(program)
        return measure(command, program.environment(self._store, home),
                       self._logs / f"{program.name}.log")


def read_all(directory: Path) -> None:
    """So that every program finds the data in memory, the first one too."""
    for path in directory.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with open(path, "rb", buffering=0) as file:
                while file.read(1 << 20):
                    pass


def compare_trees(expected: Path, got: Path) -> None:
    """A fast program that restores something else has won nothing."""
    compared = itertools.count()
    for directory, subdirectories, names in os.walk(expected):
        twin = got / Path(directory).relative_to(expected)
        if sorted(os.listdir(twin)) != sorted([*subdirectories, *names]):
            raise TestbedError(f"{twin} does not hold what {directory} holds")
        for name in names:
            _compare(Path(directory, name), twin / name, next(compared) % COMPARED_SHARE == 0)


def _compare(expected: Path, got: Path, with_content: bool) -> None:
    before, after = expected.lstat(), got.lstat()
    same = (before.st_mode, before.st_mtime_ns) == (after.st_mode, after.st_mtime_ns)
    if not same or (not expected.is_symlink() and before.st_size != after.st_size):
        raise TestbedError(f"{got} is not what {expected} was")
    if with_content and not expected.is_symlink() and not filecmp.cmp(expected, got, shallow=False):
        raise TestbedError(f"{got} has other content than {expected}")
