"""One program run, with what it took."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Sequence

from testbed.errors import TestbedError


@dataclass(frozen=True)
class Usage:
    """`peak_bytes`: largest resident set. Linux counts from the fork on: never below a Python's."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int


def measure(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Usage:
    """Runs it after everything written before is on the disk. Its output goes to `log`."""
    os.sync()
    with open(log, "ab") as output:
        output.write(f"\n$ {' '.join(command)}\n".encode())
        output.flush()
        begun = time.monotonic()
        process = subprocess.Popen(command, env=dict(environment), stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=subprocess.STDOUT)
        try:
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
    wall = time.monotonic() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise TestbedError(f"{command[0]} failed with {process.returncode}: see {log}")
    return Usage(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)
