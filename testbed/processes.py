"""Long-running programs of a cluster or of the host, found again by their pid files."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Mapping, Sequence

from testbed.errors import TestbedError

LINES_SHOWN_ON_FAILURE = 20


class Processes:
    """Pid files and logs lie in `directory`. Programs go on when the test bed's command ends.

    A pid file holds the pid and the start time, so a reused pid is never taken for the program.
    """

    def __init__(self, directory: Path, network_namespace: Path | None = None) -> None:
        self._pids = directory / "pids"
        self._logs = directory / "logs"
        self._network_namespace = network_namespace

    def log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def start(self, name: str, command: Sequence[str],
              environment: Mapping[str, str] | None = None) -> None:
        """Starts the program unless it runs."""
        if self.pid(name) is not None:
            return
        self._pids.mkdir(parents=True, exist_ok=True)
        self._logs.mkdir(parents=True, exist_ok=True)
        prefix = [f"--net={self._network_namespace}"] if self._network_namespace else []
        # nsenter replaces itself by the program, and unlike `ip netns exec` it leaves the mounts
        # alone: containers' mounts must be seen by every program of the cluster.
        with open(self.log(name), "ab") as log:
            process = subprocess.Popen(
                ["nsenter", *prefix, *command] if prefix else command,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, **(environment or {})})
        (self._pids / name).write_text(f"{process.pid} {_start_time(process.pid)}")

    def pid(self, name: str) -> int | None:
        """None when the program does not run."""
        try:
            pid, started = (self._pids / name).read_text().split()
        except (FileNotFoundError, ValueError):
            return None
        _reap(int(pid))
        return int(pid) if _start_time(int(pid)) == started else None

    def kill(self, name: str) -> None:
        """At once (SIGKILL), and waits until it is gone."""
        self._end(name, signal.SIGKILL, 10.0)

    def stop(self, name: str, seconds: float) -> None:
        """Asks first (SIGTERM), and kills what goes on for longer."""
        self._end(name, signal.SIGTERM, seconds)
        self.kill(name)

    def require(self, name: str) -> None:
        """Fails with the end of the program's log when it does not run."""
        if self.pid(name) is None:
            lines = self.log(name).read_text(errors="replace").splitlines()
            tail = "\n".join(lines[-LINES_SHOWN_ON_FAILURE:])
            raise TestbedError(f"{name} ended by itself; its log {self.log(name)} ends:\n{tail}")

    def _end(self, name: str, with_signal: signal.Signals, seconds: float) -> None:
        pid = self.pid(name)
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, with_signal)
        deadline = time.monotonic() + seconds
        while self.pid(name) is not None and time.monotonic() < deadline:
            time.sleep(0.02)


def _start_time(pid: int) -> str | None:
    """In clock ticks since boot; None for a process that is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else fields[19]


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
