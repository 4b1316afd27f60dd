"""Backup and restore of many small objects through the API of a real cluster.

There is no peer to measure beside it: a cluster has one state, and programs of this kind keep
theirs in it. So the figures are ours alone.
"""

import contextlib
import json
import os
import re
import shutil
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

from bench.data import FULL, QUICK, Size
from sites.site import Site
from testbed import control_groups
from testbed.errors import TestbedError
from testbed.progress import say

SCENARIO = "objects"
COUNTS = {FULL.name: 10_000, QUICK.name: 1_000}
VALUE = "x" * 1000
CLUSTER = "bench-api"
DIRECTORY = Path("/var/lib/dmaas-bench-objects")
NAMESPACE = "many"
RESTORED = "many-restored"
PER_CALL = 250
WRITERS = 4
COMMAND_SECONDS = 1800
SAMPLE_SECONDS = 0.05
PROGRAM = b"/usr/bin/dmaas"
# By the first word of their command lines.
ROLES = {"controller": "controller", "gateway": "gateway", "resources": "mover"}


@dataclass(frozen=True)
class ApiUsage:
    """What one step took: calls by verb, largest resident sets by role."""

    wall_seconds: float
    calls: dict[str, int]
    peak_bytes: dict[str, int]


ApiUsages = dict[str, ApiUsage]  # by step


def usages_of(fields: dict) -> ApiUsages:
    return {step: ApiUsage(**usage) for step, usage in fields.items()}


def medians_of(repetitions: Sequence[ApiUsages]) -> ApiUsages:
    """Of each figure by itself; a verb or a role that a repetition does not have counts as 0."""
    def middle(figures: list[dict[str, int]]) -> dict[str, int]:
        names = sorted({name for figure in figures for name in figure})
        return {name: int(statistics.median([figure.get(name, 0) for figure in figures]))
                for name in names}

    medians = {}
    for step in repetitions[0]:
        usages = [repetition[step] for repetition in repetitions]
        medians[step] = ApiUsage(statistics.median([usage.wall_seconds for usage in usages]),
                                 middle([usage.calls for usage in usages]),
                                 middle([usage.peak_bytes for usage in usages]))
    return medians


def measure_objects(size: Size) -> ApiUsages:
    """In a cluster made for it; nothing is left."""
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    site = Site(CLUSTER, str(DIRECTORY / "storage"), images=())
    try:
        _prepare(site, COUNTS[size.name])
        backup = ("backup", "many", "-n", NAMESPACE)
        usages = {
            "backup": _measured(site, *backup),
            "unchanged": _measured(site, *backup),
            "restore": _measured(site, "restore", "--storage", "main", "--path",
                                 f"{CLUSTER}/ns/{NAMESPACE}/many", "--map-namespace",
                                 f"{NAMESPACE}={RESTORED}")}
        # A fast program that restores something else has won nothing.
        if _contents(site, RESTORED) != _contents(site, NAMESPACE):
            raise TestbedError(f"namespace {RESTORED} does not hold what {NAMESPACE} holds")
        return usages
    finally:
        site.cluster.down()
        shutil.rmtree(DIRECTORY, ignore_errors=True)


def _prepare(site: Site, count: int) -> None:
    password = DIRECTORY / "recovery-password"
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    password.write_text("only for this measurement\n")
    site.install()
    site.add_main_storage(password)
    say(f"    {count:,} objects are made")
    _make_objects(site, count)
    site.dmaas("protect", "all", "-n", NAMESPACE, "--name", "many")


def _make_objects(site: Site, count: int) -> None:
    """Half ConfigMaps, half Secrets."""
    site.kubectl("create", "namespace", NAMESPACE)

    def create(first: int) -> None:
        items = [_object(number) for number in range(first, min(first + PER_CALL, count))]
        site.cluster.kubectl("create", "-f", "-", input=json.dumps(
            {"apiVersion": "v1", "kind": "List", "items": items}))

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(create, range(0, count, PER_CALL)))


def _object(number: int) -> dict:
    kind, data = ("Secret", "stringData") if number % 2 else ("ConfigMap", "data")
    return {"apiVersion": "v1", "kind": kind, data: {"value": f"{number} {VALUE}"},
            "metadata": {"name": f"object-{number}", "namespace": NAMESPACE}}


def _contents(site: Site, namespace: str) -> dict[str, dict]:
    return {f"{item['kind']} {item['metadata']['name']}": item.get("data", {})
            for item in site.list("configmaps,secrets", namespace)
            if item["metadata"]["name"].startswith("object-")}


def _measured(site: Site, *command: str) -> ApiUsage:
    before = _calls(site)
    with MemoryWatch(site) as memory:
        started = time.monotonic()
        site.dmaas(*command, seconds=COMMAND_SECONDS)
        seconds = time.monotonic() - started
    calls = {verb: count - before.get(verb, 0) for verb, count in _calls(site).items()}
    say(f"    {command[0]:9} {seconds:7.2f} s")
    return ApiUsage(seconds, {verb: count for verb, count in sorted(calls.items()) if count > 0},
                    dict(sorted(memory.peaks.items())))


def _calls(site: Site) -> dict[str, int]:
    """Requests for ConfigMaps and Secrets that the API server has counted so far, by verb."""
    return calls_in(site.kubectl("get", "--raw", "/metrics"))


def calls_in(metrics: str) -> dict[str, int]:
    totals: dict[str, int] = {}
    for line in metrics.splitlines():
        if not re.match(r'apiserver_request_total\{.*resource="(configmaps|secrets)"', line):
            continue
        verb, count = re.search(r'verb="(\w+)"', line)[1], line.rpartition(" ")[2]
        totals[verb] = totals.get(verb, 0) + int(float(count))
    return totals


class MemoryWatch:
    """Peak resident memory of every process of the product in a cluster, while it lives."""

    def __init__(self, site: Site) -> None:
        self.peaks: dict[str, int] = {}
        self._tree = control_groups.existing(site.cluster.layout.control_group)[0]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "MemoryWatch":
        for pid, _ in self._processes():
            with contextlib.suppress(OSError):
                # The kernel forgets the peak of what was done before.
                Path(f"/proc/{pid}/clear_refs").write_text("5")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            for pid, role in self._processes():
                with contextlib.suppress(OSError):
                    peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
                    if peak:
                        self.peaks[role] = max(self.peaks.get(role, 0), int(peak[1]) << 10)

    def _processes(self) -> list[tuple[int, str]]:
        found = []
        for directory, _, _ in os.walk(self._tree):
            with contextlib.suppress(OSError):
                for pid in map(int, Path(directory, "cgroup.procs").read_text().split()):
                    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                    if words[0] == PROGRAM and words[1].decode() in ROLES:
                        found.append((pid, ROLES[words[1].decode()]))
        return found
