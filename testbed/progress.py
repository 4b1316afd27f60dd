"""Long commands with a progress line, their output kept for the case of failure."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable, Mapping, Sequence

from testbed.errors import TestbedError

TERMINAL_SECONDS = 1.0
PIPE_SECONDS = 30.0
LINES_SHOWN_ON_FAILURE = 30
SECONDS_TO_END = 10


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def run_with_progress(
    title: str,
    command: Sequence[str],
    *,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
    describe: Callable[[str], str] = lambda output: "",
) -> None:
    """Runs niced; `describe` turns the output so far into words for the progress line."""
    started = time.monotonic()
    with tempfile.NamedTemporaryFile("r", prefix="dmaas-testbed-", suffix=".log") as log:
        process = subprocess.Popen(
            ["nice", "-n", "10", *command], cwd=directory, env=environment,
            stdin=subprocess.DEVNULL, stdout=log.fileno(), stderr=subprocess.STDOUT)
        try:
            _follow(process, title, lambda: describe(_text_of(log.name)), started)
        except BaseException:
            _end(process)
            raise
        if process.returncode != 0:
            tail = "\n".join(_text_of(log.name).splitlines()[-LINES_SHOWN_ON_FAILURE:])
            raise TestbedError(f"{title} failed: {' '.join(command)}\n{tail}")
    say(f"    {title}: {time.monotonic() - started:.0f} s")


def _follow(process: subprocess.Popen, title: str, describe: Callable[[], str],
            started: float) -> None:
    terminal = sys.stderr.isatty()
    while True:
        try:
            process.wait(TERMINAL_SECONDS if terminal else PIPE_SECONDS)
            break
        except subprocess.TimeoutExpired:
            elapsed = int(time.monotonic() - started)
            line = f"    {title}: {elapsed // 60}:{elapsed % 60:02d} {describe()}".rstrip()
            print(f"\r\033[K{line}" if terminal else line,
                  end="" if terminal else "\n", file=sys.stderr, flush=True)
    if terminal:
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def _end(process: subprocess.Popen) -> None:
    # Asked to end, mmdebstrap takes its temporary files and mounts along.
    process.terminate()
    try:
        process.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _text_of(path: str) -> str:
    return Path(path).read_text(errors="replace")
