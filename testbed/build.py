"""Builds parts of the test bed: `python3 -m testbed.build all|PART…`, then a table of durations."""

import sys
import time
from pathlib import Path
from typing import Callable

from testbed import programs
from testbed.errors import TestbedError
from testbed.images import catalogue
from testbed.peers.restic import restic
from testbed.peers.rustic import rustic
from testbed.progress import say

# What `all` leaves out: needed by the benchmarks only, and slow to build.
ON_DEMAND: dict[str, Callable[[], Path]] = {"rustic": rustic}

PARTS: dict[str, Callable[[], Path]] = {
    **{program.name: program.build for program in programs.ALL},
    **catalogue.ARCHIVES,
    "restic": restic,
}


def build_parts(names: list[str]) -> None:
    known = {**PARTS, **ON_DEMAND}
    wanted = list(PARTS) if names == ["all"] else names
    for name in wanted:
        if name not in known:
            raise TestbedError(f"no part is called {name}: there are all, {', '.join(known)}")
    rows = []
    for name in wanted:
        started = time.monotonic()
        place = known[name]()
        rows.append((name, time.monotonic() - started, place))
    width = max(len(row[0]) for row in rows)
    for name, seconds, place in rows:
        print(f"{name:<{width}}  {seconds:7.1f} s  {place}")


def main() -> int:
    if len(sys.argv) < 2:
        say(__doc__)
        return 2
    try:
        build_parts(sys.argv[1:])
    except TestbedError as error:
        say(f"error: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
