"""Processes of a site that a test kills: SIGKILL, at any moment, and what nothing restarts is brought back."""

import contextlib
import errno
import json
import os
import signal
import threading
import time

from sites.site import SESSION_LABEL, SYSTEM
from testbed import control_groups
from testbed.errors import TestbedError
from tests.faults.pods import PAUSE_PROGRAM, anonymous_bytes, containers, is_mover, pids_in, program
from tests.faults.trap import Trap, release

COMPONENT = "dmaas.io/component"
POLL_SECONDS = 0.2
SCAN_SECONDS = 0.02
SPARE_BYTES = 64 << 10
MOST_SPARE_BYTES = 4 << 20
MEMORY_LIMITS = ("memory.limit_in_bytes", "memory.max")  # of control groups version 1 and 2


def patiently(read, seconds=60):
    """What `read` gives, once the API server answers again."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return read()
        except TestbedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)


class Victims:
    """Counts its kills. One thread uses it."""

    def __init__(self, site, minio=None):
        self.site = site
        self.minio = minio
        self.kills = []
        self._returning = []

    def controller(self, renew=False):
        self._kill_service("controller", renew)

    def gateway(self, renew=False):
        self._kill_service("gateway", renew)

    def minio_server(self, away_seconds):
        self._await_return()
        self.minio.kill()
        self._note("minio")
        timer = threading.Timer(away_seconds, self.minio.start)
        timer.start()
        self._returning.append(timer)

    def api_server(self, away_seconds=0.0):
        self.site.cluster.kill("kube-apiserver")
        self._note("kube-apiserver")
        time.sleep(away_seconds)
        self.site.cluster.start("kube-apiserver")

    def mover(self, pod):
        """True when it still ran."""
        if not self.signal(pod, signal.SIGKILL):
            return False
        self._note(f"mover {pod['metadata']['annotations'][COMPONENT]}")
        # Until it has ended it looks like the next mover of its component.
        while self._processes(pod["metadata"]["uid"]):
            time.sleep(SCAN_SECONDS)
        return True

    def signal(self, pod, number):
        """To every process of a pod; True when there was one."""
        found = False
        for pid in self._processes(pod["metadata"]["uid"]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
                found = True
        return found

    def movers(self, session=None):
        """Pods of movers that run now, of one session or of all."""
        pods = patiently(lambda: self.site.list("pods"))
        return [pod for pod in pods if pod["metadata"].get("labels", {}).get(SESSION_LABEL)
                and pod["status"].get("phase") == "Running" and "deletionTimestamp" not in pod["metadata"]
                and session in (None, pod["metadata"]["labels"]["dmaas.io/session"])]

    def stop_mover(self, session, component, seconds=60):
        """Stops (SIGSTOP) the next mover of a component, named by its beginning; SIGCONT lets it go on. Gives its pod.

        Of the maintenance of a repository, `session` is the repository and the component `maintenance`.

        A mover may be done sooner than the API server tells of it, so every one is stopped first and asked then.
        """
        deadline = time.monotonic() + seconds
        with Trap(self._group()) as trap:
            while time.monotonic() < deadline:
                for uid, pids in trap.take():
                    pod = next((pod for pod in patiently(lambda: self.site.list("pods")) if pod["metadata"]["uid"] == uid), None)
                    if pod and (pod["metadata"]["labels"]["dmaas.io/session"] == session
                                and pod["metadata"]["annotations"][COMPONENT].startswith(component)):
                        return pod
                    release(pids)
                time.sleep(SCAN_SECONDS)
        pods = patiently(lambda: self.site.list("pods", selector=f"dmaas.io/session={session}"))
        states = [(pod["metadata"]["name"], pod["status"]) for pod in pods]
        raise AssertionError(f"no mover of {session} works on {component}; its pods: {json.dumps(states, indent=1)}")

    def starve(self, pod):
        """Takes from a stopped mover all memory but what it has, so that it is killed as soon as it needs more."""
        for tree in control_groups.existing(self.site.cluster.layout.control_group):
            for group in containers(tree, pod["metadata"]["uid"]):
                limit = next((group / name for name in MEMORY_LIMITS if (group / name).exists()), None)
                if limit and any(is_mover(pid) for pid in pids_in(group)):
                    _limit(limit, anonymous_bytes(group))
                    self._note("mover's memory")
        self.signal(pod, signal.SIGCONT)

    def settle(self):
        """Everything that was killed is back."""
        self._await_return()
        for role in ("controller", "gateway"):
            patiently(lambda: self.site.await_rollout(f"deployment/dmaas-{role}", SYSTEM, seconds=90))

    def _await_return(self):
        for timer in self._returning:
            timer.join()
        self._returning.clear()

    def _kill_service(self, role, renew):
        # A container that is killed again and again is restarted later and later; a new pod is not.
        pods = [pod for pod in patiently(lambda: self.site.list("pods", SYSTEM))
                if pod["metadata"].get("labels", {}).get("app.kubernetes.io/component") == role]
        for pod in pods:
            if self.signal(pod, signal.SIGKILL):
                self._note(role + (" (new pod)" if renew else ""))
            if renew:
                patiently(lambda: self.site.kubectl("-n", SYSTEM, "delete", "pod", pod["metadata"]["name"], "--force",
                                                    "--grace-period=0", "--wait=false", "--ignore-not-found"))

    def _processes(self, pod_uid):
        pids = {pid for container in containers(self._group(), pod_uid) for pid in pids_in(container)}
        return {pid for pid in pids if program(pid) not in ("", PAUSE_PROGRAM)}

    def _group(self):
        """Of version 1, any of its trees: each shows all processes."""
        return control_groups.existing(self.site.cluster.layout.control_group)[0]

    def _note(self, victim):
        self.kills.append(victim)


def _limit(file, used_bytes):
    """To the least that the kernel takes: it has itself charged some to the group."""
    for spare in range(SPARE_BYTES, MOST_SPARE_BYTES, SPARE_BYTES):
        try:
            file.write_text(str(used_bytes + spare))
            return
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
    raise AssertionError(f"the kernel does not take {used_bytes} and {MOST_SPARE_BYTES} bytes as a limit")


def grants(site):
    """What the gateway lets pods do now."""
    maps = [item for item in site.list("configmaps", SYSTEM) if item["metadata"]["name"] == "dmaas-gateway-grants"]
    return json.loads(maps[0]["data"]["grants.json"]) if maps else []
