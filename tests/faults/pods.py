"""Pods as the kernel shows them: control groups and processes. All of it may go while it is looked at."""

import contextlib
import os
from pathlib import Path

PAUSE_PROGRAM = "pause"
# What a container's control group holds before its program begins.
STARTING_PROGRAMS = (PAUSE_PROGRAM, "runc")


def containers(tree, pod_uid=""):
    """Control groups of the containers of one pod, or of all, below a directory."""
    for directory, children, _ in os.walk(tree):
        name = os.path.basename(directory)
        if name.rpartition("pod")[1] and name.endswith(pod_uid) and "kubepods" not in name:
            yield from (Path(directory) / child for child in children)
            children.clear()


def pod_of(container):
    """Its uid."""
    return container.parent.name.rpartition("pod")[2]


def pids_in(container):
    with contextlib.suppress(OSError):
        return [int(pid) for pid in (container / "cgroup.procs").read_text().split()]
    return []


def program(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def is_mover(pid):
    """False of one that has ended and was not waited for yet."""
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return words[0].endswith(b"dmaas") and words[1] in (b"mover", b"resources", b"maintain")
    return False


def state(pid):
    """The kernel's letter, such as R or T; "" when it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return ""


def anonymous_bytes(container):
    """What cannot be taken back from a control group's processes."""
    values = dict(line.split() for line in (container / "memory.stat").read_text().splitlines())
    return int(values.get("rss", values.get("anon")))
