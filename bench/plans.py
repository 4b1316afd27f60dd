"""Very many plans that are due in the same minute, again and again, in a real cluster.

Movers are real programs that back up real objects; only the containers around them are left out
(sites/process_node.py), for two cores cannot start thousands of them. There is no peer to measure
beside it.
"""

import datetime
import re
import shutil
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

from bench.data import FULL, QUICK, Size
from bench.objects import MemoryWatch
from sites.plans import custom_resource
from sites.process_node import ProcessNode
from sites.site import SYSTEM, Site
from testbed.errors import TestbedError
from testbed.progress import say

SCENARIO = "plans"
PLANS = {FULL.name: 500, QUICK.name: 50}
ROUNDS = {FULL.name: 10, QUICK.name: 3}
CLUSTER = "bench-plans"
DIRECTORY = Path("/var/lib/dmaas-bench-plans")
# Kept by the controller; more movers than that would be run if it made them.
MOVERS_AT_MOST = 8
SLOTS = 32
# A multiple of what a team has: a namespace and what is in it come by one call.
PER_CALL = 99
WRITERS = 4
POLL_SECONDS = 5
LEAD_SECONDS = 40  # in which every plan is given its schedule
ROUND_SECONDS = 900
FLOW = "dmaas-controller"


@dataclass(frozen=True)
class PlansUsage:
    """Delays are from the time that a schedule names, in seconds: 50th and 99th percentile."""

    plans: int
    sessions: int
    wall_seconds: float
    controller_calls: int
    controller_peak_bytes: int
    gateway_peak_bytes: int
    created_delay: tuple[float, float]
    ended_delay: tuple[float, float]
    movers_at_once: int


def usage_of(fields: dict) -> PlansUsage:
    pairs = {name: tuple(fields[name]) for name in ("created_delay", "ended_delay")}
    return PlansUsage(**fields | pairs)


def median_of(repetitions: Sequence[PlansUsage]) -> PlansUsage:
    """The repetition whose time is the middle one."""
    ordered = sorted(repetitions, key=lambda usage: usage.wall_seconds)
    return ordered[(len(ordered) - 1) // 2]


def measure_plans(size: Size) -> PlansUsage:
    """In a cluster made for it; nothing is left."""
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    site = Site(CLUSTER, str(DIRECTORY / "storage"), images=())
    try:
        _prepare(site)
        plans, rounds = PLANS[size.name], ROUNDS[size.name]
        with ProcessNode(site, "processes", SLOTS) as node, MemoryWatch(site) as memory:
            names = [f"team-{number}" for number in range(plans)]
            say(f"    {plans} plans are made")
            _apply_side_by_side(site, [item for name in names for item in _team(name)])
            calls, started = _controller_calls(site), time.monotonic()
            for number in range(rounds):
                _run_round(site, names, number + 1)
                say(f"    the controller took {memory.peaks['controller'] >> 20} MiB at most,"
                    f" {_controller_calls(site) - calls} requests")
            seconds = time.monotonic() - started
            calls = _controller_calls(site) - calls
        _refuse_restarts(site)
        made, ended = _delays(site)
        return PlansUsage(plans, plans * rounds, seconds, calls, memory.peaks["controller"],
                          memory.peaks["gateway"], percentiles(made), percentiles(ended),
                          node.most_at_once)
    finally:
        site.cluster.down()
        shutil.rmtree(DIRECTORY, ignore_errors=True)


def percentiles(values: Sequence[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return cuts[49], cuts[98]


def _prepare(site: Site) -> None:
    password = DIRECTORY / "recovery-password"
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    password.write_text("only for this measurement\n")
    site.install()
    site.add_main_storage(password)
    site.patch("backupstorage", "main", SYSTEM, {"spec": {"maxConcurrentMovers": MOVERS_AT_MOST}})
    # Movers go to the other node, and the controller's requests are counted by themselves.
    site.kubectl("cordon", site.name)
    site.apply({"apiVersion": "flowcontrol.apiserver.k8s.io/v1", "kind": "FlowSchema",
                "metadata": {"name": FLOW}, "spec": {
                    "priorityLevelConfiguration": {"name": "workload-high"},
                    "matchingPrecedence": 10, "rules": [{
                        "subjects": [{"kind": "ServiceAccount", "serviceAccount": {
                            "name": "dmaas-controller", "namespace": SYSTEM}}],
                        "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"],
                                           "namespaces": ["*"], "clusterScope": True}]}]}})


def _apply_side_by_side(site: Site, objects: Sequence[dict]) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda first: site.apply(*objects[first:first + PER_CALL]),
                      range(0, len(objects), PER_CALL)))


def _team(name: str) -> list[dict]:
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": name},
         "data": {"team": name}},
        _plan(name, schedule="")]


def _plan(namespace: str, schedule: str) -> dict:
    return custom_resource("BackupConfiguration", "all", namespace, {
        "targets": [{"name": "all", "allObjects": True}], "historyLimit": 200,
        "runs": [{"name": "backup", "schedule": schedule}]})


def _run_round(site: Site, names: Sequence[str], number: int) -> None:
    """Every plan is given the same due time, a full minute; returns when all have run."""
    now = datetime.datetime.now(datetime.timezone.utc)
    due = (now + datetime.timedelta(seconds=60 + LEAD_SECONDS)).replace(second=0, microsecond=0)
    schedule = f"{due.minute} {due.hour} {due.day} {due.month} *"
    _apply_side_by_side(site, [_plan(name, schedule) for name in names])
    if datetime.datetime.now(datetime.timezone.utc) > due:
        raise TestbedError(f"{len(names)} schedules were not written within {LEAD_SECONDS} s")
    started = time.monotonic()
    wanted = len(names) * number
    while True:
        phases = _phases(site)
        if failed := [phase for phase in phases if phase in ("Failed", "Cancelled")]:
            raise TestbedError(f"{len(failed)} sessions failed in round {number}")
        if phases.count("Succeeded") == wanted:
            say(f"    round {number:2} {time.monotonic() - started:6.1f} s")
            return
        if time.monotonic() - started > ROUND_SECONDS:
            raise TestbedError(f"round {number} did not end: {wanted} sessions are due,"
                               f" {phases.count('Succeeded')} of {len(phases)} are over")
        time.sleep(POLL_SECONDS)


def _refuse_restarts(site: Site) -> None:
    """A process that ran out of memory is started again and goes on; no session tells of it."""
    counts = site.kubectl("get", "pods", "-n", SYSTEM, "-o",
                          "jsonpath={.items[*].status.containerStatuses[*].restartCount}").split()
    if any(int(count) for count in counts):
        raise TestbedError(f"processes of the product were restarted: {' '.join(counts)}")


def _phases(site: Site) -> list[str]:
    return site.kubectl("get", "backupsessions.dmaas.io", "-A", "-o",
                        "jsonpath={range .items[*]}{.status.phase}{'\\n'}{end}").split()


def _delays(site: Site) -> tuple[list[float], list[float]]:
    made, ended = [], []
    for session in site.list("backupsessions.dmaas.io"):
        due = _seconds(session["spec"]["scheduledTime"])
        made.append(_seconds(session["metadata"]["creationTimestamp"]) - due)
        ended.append(_seconds(session["status"]["completionTime"]) - due)
    return made, ended


def _seconds(text: str) -> float:
    return datetime.datetime.fromisoformat(text).timestamp()


def _controller_calls(site: Site) -> int:
    return calls_in(site.kubectl("get", "--raw", "/metrics"))


def calls_in(metrics: str) -> int:
    """Requests that the API server has let through for the controller's account."""
    counts = re.findall(r"^apiserver_flowcontrol_dispatched_requests_total\{"
                        rf'[^}}]*flow_schema="{FLOW}"[^}}]*\}} (\S+)$', metrics, re.MULTILINE)
    return sum(int(float(count)) for count in counts)
