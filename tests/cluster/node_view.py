"""What the node's administrator sees of a pod: its processes, its tokens, the logs of pods that are gone."""

import contextlib
import os
import signal
import threading
from pathlib import Path

from sites.site import SESSION_LABEL, SYSTEM
from sites.waiting import wait_for


def processes_of(pod_uid):
    """Pids of the pod's containers, without the one that holds its network."""
    pids = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"pod{pod_uid}" in (entry / "cgroup").read_text() and b"/dmaas" in (entry / "cmdline").read_bytes():
                pids.append(int(entry.name))
    return pids


def text_of_process(pid, name):
    """`cmdline` or `environ`, with a line for each entry."""
    return Path(f"/proc/{pid}/{name}").read_bytes().replace(b"\0", b"\n").decode(errors="replace")


@contextlib.contextmanager
def stopped(*pids):
    """These processes do nothing meanwhile."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


class Node:
    """The one node of a site."""

    def __init__(self, site):
        self.site = site
        self.layout = site.cluster.layout

    def pods(self, part, session):
        return self.site.list("pods", selector=f"dmaas.io/part={part},{SESSION_LABEL}={session['metadata']['uid']}")

    def token(self, pod, audience):
        """The token for `gateway` or `controller`, as kubelet has put it into the pod."""
        volumes = self.layout.kubelet_root / "pods" / pod["metadata"]["uid"] / "volumes"
        return (volumes / "kubernetes.io~projected/dmaas-tokens" / f"{audience}-token").read_text()

    def log(self, pod):
        """What the pod's containers have written so far."""
        name = f"{SYSTEM}_{pod['metadata']['name']}_{pod['metadata']['uid']}"
        return "".join(path.read_text() for path in (self.layout.directory / "podlogs" / name).glob("*/*.log"))

    def process(self, pod):
        return wait_for(f"a process of pod {pod['metadata']['name']}", lambda: processes_of(pod["metadata"]["uid"]))[0]

    def process_of(self, role):
        """Of controller or gateway."""
        pods = self.site.list("pods", SYSTEM, f"app.kubernetes.io/component={role}")
        return self.process(pods[0])


class LogKeeper:
    """Keeps what every container of the system namespace writes, and every command line of the product, also of pods that end meanwhile.

    A log file that was opened stays readable after kubelet has removed it.
    """

    EVERY_SECONDS = 0.05

    def __init__(self, site):
        self._directory = site.cluster.layout.directory / "podlogs"
        self._files = {}
        self._command_lines = set()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._end.wait(self.EVERY_SECONDS):
            # A directory that goes while it is read ends this look, not the next one.
            with contextlib.suppress(OSError):
                self._look_at_logs()
            self._look_at_processes()

    def _look_at_logs(self):
        for path in self._directory.glob(f"{SYSTEM}_*/*/*.log"):
            with contextlib.suppress(OSError):
                key = (str(path), path.stat().st_ino)
                if key not in self._files:
                    self._files[key] = open(path, "rb")  # noqa: SIM115: stays open on purpose

    def _look_at_processes(self):
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes()
                if command.startswith((b"/usr/bin/dmaas", b"/dmaas/")):
                    self._command_lines.add(command.replace(b"\0", b" ").decode(errors="replace"))

    def logs(self):
        """By path, all that was written so far."""
        texts = {}
        for (path, _), file in list(self._files.items()):
            file.seek(0)
            texts[path] = texts.get(path, "") + file.read().decode(errors="replace")
        return texts

    def command_lines(self):
        return "\n".join(self._command_lines)

    def close(self):
        assert self._thread.is_alive(), "it did not see everything"
        self._end.set()
        self._thread.join()
        for file in self._files.values():
            file.close()
