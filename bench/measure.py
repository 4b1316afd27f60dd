"""One program run, with what it took."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Sequence

from testbed.errors import TestbedError

_RUNNER = Path(__file__).resolve().parent / "run_measured.py"


@dataclass(frozen=True)
class Usage:
    """`peak_bytes`: largest resident set."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int


def measure(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Usage:
    """Runs it after everything written before is on the disk. Its output goes to `log`."""
    os.sync()
    answer = subprocess.run([sys.executable, "-I", "-S", _RUNNER, log, *command],
                            env=dict(environment), check=True, stdout=subprocess.PIPE).stdout
    used = json.loads(answer)
    if used.pop("exit") != 0:
        raise TestbedError(f"{command[0]} failed: see {log}")
    return Usage(**used)
