"""python3 -m bench.objects [COUNT]: backup and restore of many ConfigMaps and Secrets through the API of a real cluster.

Prints seconds, calls of the API and peak memory of the processes that took part. Only our own
figures: there is no peer to measure beside it.
"""

import contextlib
import json
import re
import shutil
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sites.site import Site
from testbed.progress import say

COUNT = 10_000
NAMESPACE = "many"
RESTORED = "many-restored"
DIRECTORY = "/var/lib/dmaas-bench-objects"
PER_APPLY = 250
WRITERS = 4
VALUE = "x" * 1000
SAMPLE_SECONDS = 0.02


def make_objects(site: Site, count: int) -> None:
    """Half ConfigMaps, half Secrets, 1 kB of data each."""
    site.kubectl("create", "namespace", NAMESPACE)

    def batch(first: int) -> None:
        items = []
        for number in range(first, min(first + PER_APPLY, count)):
            kind, data = ("Secret", "stringData") if number % 2 else ("ConfigMap", "data")
            items.append({"apiVersion": "v1", "kind": kind, "metadata": {"name": f"object-{number}", "namespace": NAMESPACE},
                          data: {"value": f"{number} {VALUE}"}})
        site.cluster.kubectl("create", "-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(batch, range(0, count, PER_APPLY)))


def calls_of_api(site: Site) -> dict[str, int]:
    """Requests for ConfigMaps and Secrets so far, by verb."""
    totals: dict[str, int] = {}
    for line in site.kubectl("get", "--raw", "/metrics").splitlines():
        found = re.match(r'apiserver_request_total\{.*resource="(?:configmaps|secrets)".*verb="(\w+)".*\} (\S+)', line)
        if found:
            totals[found[1]] = totals.get(found[1], 0) + int(float(found[2]))
    return totals


class MemoryWatch:
    """Peak resident memory of every process of the product, by role, while it lives."""

    def __enter__(self):
        self.peaks: dict[str, int] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            for entry in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError, IndexError):
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    if words[0] != b"/usr/bin/dmaas":
                        continue
                    peak = re.search(r"VmHWM:\s+(\d+) kB", (entry / "status").read_text())
                    role = words[1].decode()
                    self.peaks[role] = max(self.peaks.get(role, 0), int(peak[1]) if peak else 0)


def measured(site: Site, title: str, *command: str) -> str:
    before = calls_of_api(site)
    with MemoryWatch() as memory:
        started = time.monotonic()
        site.dmaas(*command, seconds=1800)
        seconds = time.monotonic() - started
    calls = {verb: count - before.get(verb, 0) for verb, count in calls_of_api(site).items()}
    told = ", ".join(f"{verb} {count:,}" for verb, count in sorted(calls.items()) if count > 0)
    peaks = ", ".join(f"{role} {peak >> 10} MiB" for role, peak in sorted(memory.peaks.items()))
    return f"| {title} | {seconds:.1f} | {told} | {peaks} |"


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    password = Path(DIRECTORY) / "recovery"
    site = Site("bench", f"{DIRECTORY}/storage")
    try:
        password.parent.mkdir(parents=True)
        password.write_text("only for this measurement\n")
        site.install()
        site.add_main_storage(password)
        say(f"==> making {count:,} objects")
        make_objects(site, count)
        site.dmaas("protect", "all", "-n", NAMESPACE, "--name", "many")
        rows = []
        for title, command in (
                ("first backup", ("backup", "many", "-n", NAMESPACE)),
                ("backup, nothing changed", ("backup", "many", "-n", NAMESPACE)),
                ("restore into an empty namespace",
                 ("restore", "--storage", "main", "--path", f"bench/ns/{NAMESPACE}/many", "--map-namespace",
                  f"{NAMESPACE}={RESTORED}"))):
            say(f"==> {title}")
            rows.append(measured(site, title, *command))
        restored = len(site.kubectl("get", "configmaps,secrets", "-n", RESTORED, "-o", "name").split())
        assert restored >= count, f"only {restored} of {count} objects came back"
        print(f"| {count:,} objects | seconds | calls | peak memory |\n|---|--:|---|---|\n" + "\n".join(rows))
    finally:
        site.cluster.down()
        shutil.rmtree(DIRECTORY, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
