"""10,000 backups are shown in a cluster: the controller's memory is bounded, lists come in pages, and work goes on beside them."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.objects import MemoryWatch
from sites.applications import deploy_settings
from sites.plans import custom_resource, plan_of
from sites.site import SYSTEM
from sites.waiting import wait_for

NAMESPACE = "many-backups"
COUNT = 10_000
PER_CALL = 250
WRITERS = 6
PAGE = 500
# Measured: 234 MiB and 1.4 s. The controller's limit is 512 MiB.
CONTROLLER_BYTES = 320 << 20
COMMAND_SECONDS = 10
COMPONENTS = [{"name": name, "kind": kind, "snapshotId": f"{number:064x}", "bytes": 1 << 30, "bytesAdded": 1 << 20, "files": 1000}
              for number, (name, kind) in enumerate([("resources", "resources"), ("volume/data-0", "volume"), ("volume/data-1", "volume"),
                                                     ("volume/data-2", "volume")])]


def snapshot(number):
    """As a backup of the plan that is there, in a repository that is not: nothing says that it is gone."""
    made = custom_resource("Snapshot", f"backup-{number:05}", NAMESPACE, {
        "repositoryRef": {"name": "elsewhere"}, "snapshotId": f"{number:064x}", "run": "backup", "type": "incremental",
        "time": f"2026-01-{1 + number % 28:02}T{number // 28 % 24:02}:{number // 672 % 60:02}:00Z"})
    made["status"] = {"complete": True, "plan": f"{NAMESPACE}/{NAMESPACE}", "session": f"session-{number}", "objectCount": 100,
                      "totalBytes": 3 << 30, "addedBytes": 3 << 20, "size": "3 GiB", "chainPosition": number % 7, "components": COMPONENTS,
                      "conditions": [{"type": "Ready", "status": "True", "reason": "Complete", "message": "every component is stored",
                                      "lastTransitionTime": "2026-01-01T00:00:00Z"}]}
    return made


def lists_of_snapshots(site):
    """Requests for lists of Snapshots that the API server has answered so far."""
    found = re.findall(r'^apiserver_request_total\{[^}]*resource="snapshots"[^}]*verb="LIST"[^}]*\} (\S+)$', site.kubectl("get", "--raw", "/metrics"), re.M)
    return sum(int(float(count)) for count in found)


@pytest.fixture(scope="module")
def peaks(site):
    """Largest resident sets by role while the objects are made and the controller begins anew with them."""
    deploy_settings(site, NAMESPACE)
    site.apply(plan_of(NAMESPACE, NAMESPACE))

    def make(first):
        items = [snapshot(number) for number in range(first, min(first + PER_CALL, COUNT))]
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
        site.cluster.kubectl("create", "-f", "-", input=text)
        site.cluster.kubectl("apply", "--server-side", "--subresource=status", "-f", "-", input=text)

    with MemoryWatch(site) as memory:
        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(make, range(0, COUNT, PER_CALL)))
        before = lists_of_snapshots(site)
        site.kubectl("-n", SYSTEM, "delete", "pod", "-l", "app.kubernetes.io/component=controller")
        site.await_rollout("deployment/dmaas-controller", SYSTEM)
        wait_for("it has listed them", lambda: lists_of_snapshots(site) >= before + COUNT // PAGE)
        (status,) = site.back_up((NAMESPACE, NAMESPACE))
    yield memory.peaks
    site.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def test_the_controllers_memory_is_bounded(peaks):
    print(f"controller: {peaks['controller'] >> 20} MiB")
    assert peaks["controller"] < CONTROLLER_BYTES


def test_the_command_shows_all_of_them_page_by_page(site, peaks):
    before = lists_of_snapshots(site)
    started = time.monotonic()
    lines = site.dmaas("get", "snapshots", "-n", NAMESPACE).splitlines()
    seconds = time.monotonic() - started
    print(f"dmaas get snapshots: {seconds:.1f} s")
    assert len(lines) == 1 + COUNT + 1
    assert lists_of_snapshots(site) - before == COUNT // PAGE + 1
    assert seconds < COMMAND_SECONDS


def test_backups_go_on_beside_them(site, peaks):
    started = time.monotonic()
    (status,) = site.back_up((NAMESPACE, NAMESPACE))
    assert status["phase"] == "Succeeded"
    print(f"a backup: {time.monotonic() - started:.1f} s")
    shown = json.loads(site.dmaas("get", "snapshots", "-n", NAMESPACE, "-o", "json"))
    assert len(shown.get("items", shown)) == COUNT + 2
