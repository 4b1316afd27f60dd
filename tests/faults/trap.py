"""Stops every mover that begins; whoever takes one decides what becomes of it, the others go on in the end."""

import contextlib
import os
import queue
import signal
import threading
import time

from tests.faults.pods import STARTING_PROGRAMS, containers, is_mover, pids_in, pod_of, program, state

# A mover may be done within a twentieth of a second.
SCAN_SECONDS = 0.002
STOP_SECONDS = 1
STOPPED = ("T", "t")
GONE = ("", "X", "Z")


class Trap:
    """Over the pods below a control group."""

    def __init__(self, tree):
        self._tree = tree
        self._caught = queue.SimpleQueue()
        self._settled = set()  # uids of pods that are caught, or run something else
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
        for _, pids in self.take():
            release(pids)

    def take(self):
        """Of those that were stopped since: the pod's uid, and its processes."""
        while not self._caught.empty():
            yield self._caught.get()

    def _run(self):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -20)  # the machine is busy
        while not self._over.wait(SCAN_SECONDS):
            for container in containers(self._tree):
                if pod_of(container) not in self._settled:
                    self._look_at(container)

    def _look_at(self, container):
        pids = pids_in(container)
        if any(is_mover(pid) for pid in pids):
            _send(pids, signal.SIGSTOP)
            # One that has ended meanwhile takes the signal too, and is not caught.
            if any([_stands_still(pid) for pid in pids]):
                self._settled.add(pod_of(container))
                self._caught.put((pod_of(container), pids))
        elif any(_is_another_program(program(pid)) for pid in pids):
            self._settled.add(pod_of(container))


def release(pids):
    """Lets what was stopped go on."""
    _send(pids, signal.SIGCONT)


def _is_another_program(name):
    return bool(name) and name != "dmaas" and not name.startswith(STARTING_PROGRAMS)


def _send(pids, number):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _stands_still(pid):
    """Once the signal has reached it; False when it has ended."""
    deadline = time.monotonic() + STOP_SECONDS
    while (now := state(pid)) not in STOPPED + GONE and time.monotonic() < deadline:
        time.sleep(SCAN_SECONDS)
    return now in STOPPED
