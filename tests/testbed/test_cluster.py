"""The test bed's clusters do what everything else relies on. Needs root; takes minutes."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from testbed import cluster, control_groups, leftovers, registry
from testbed.errors import TestbedError
from testbed.images import catalogue

FIRST, SECOND = "bed-one", "bed-two"

WRITER = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Mi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: writer}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: writer
    image: %s
    imagePullPolicy: Never
    command: [sh, -c, "echo written >>/data/file; echo started; exec sleep 100000"]
    volumeMounts: [{name: data, mountPath: /data}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
""" % catalogue.DEBIAN_BASE_IMAGE


@pytest.fixture(scope="module")
def first():
    yield from _fresh(FIRST)


@pytest.fixture(scope="module")
def second():
    yield from _fresh(SECOND)


def _fresh(name):
    cluster.down(name)
    try:
        yield cluster.up(name)
    finally:
        cluster.down(name)


@pytest.fixture(scope="module")
def writer(first):
    first.apply(WRITER)
    first.wait("pod/writer", "condition=Ready")
    return first


def inside(cluster_, *command):
    return cluster_.kubectl("exec", "writer", "--", *command)


def can_connect(cluster_, address, port):
    script = f"exec 3<>/dev/tcp/{address}/{port} && echo connected"
    return inside(cluster_, "timeout", "5", "bash", "-c", script) == "connected\n"


def test_pod_writes_into_a_claim_of_the_default_class(writer):
    assert inside(writer, "cat", "/data/file") == "written\n"
    claim = writer.get("pvc", "data", "default")
    assert claim["spec"]["storageClassName"] == "local-path"
    assert claim["status"]["phase"] == "Bound"
    on_the_host = list(writer.layout.volumes.glob("*/file"))
    assert [path.read_text() for path in on_the_host] == ["written\n"]


def test_logs_can_be_read(writer):
    assert writer.kubectl("logs", "writer").endswith("started\n")


def test_exec_returns_what_the_command_says_on_failure(writer):
    with pytest.raises(TestbedError, match="exit code 3"):
        inside(writer, "sh", "-c", "exit 3")


def test_dns_knows_services_and_the_host_and_nothing_else(writer):
    addresses = writer.layout.network.addresses
    answer = inside(writer, "getent", "ahostsv4", "kubernetes.default")
    assert answer.startswith(addresses.kubernetes_service)
    assert inside(writer, "getent", "ahostsv4", "any.testbed").startswith("10.231.255.1")
    with pytest.raises(TestbedError, match="exit code 2"):
        inside(writer, "getent", "ahostsv4", "example.com")


def test_pod_reaches_the_api_server_by_its_service(writer):
    assert can_connect(writer, writer.layout.network.addresses.kubernetes_service, 443)


def test_role_bindings_are_enforced(first):
    answer = subprocess.run(
        first.kubectl_command("auth", "can-i", "list", "secrets",
                              "--as=system:serviceaccount:default:default"),
        capture_output=True, text=True)
    assert answer.stdout == "no\n"


def test_running_cluster_is_up_within_a_second(first):
    started = time.monotonic()
    again = cluster.up(FIRST)
    assert time.monotonic() - started < 1.0
    assert again.running() == first.running()


def test_image_is_loaded_once(first):
    archive = catalogue.demo_web()
    assert first.load_image(archive)
    assert not first.load_image(archive)


def test_two_clusters_run_at_once_and_reach_each_other(writer, second):
    mine, others = writer.layout.network.addresses, second.layout.network.addresses
    assert (mine.pods, mine.services, mine.node) != (others.pods, others.services, others.node)
    assert can_connect(writer, second.node_ip, 6443)
    second.apply(WRITER)
    second.wait("pod/writer", "condition=Ready")
    pod = second.get("pod", "writer", "default")["status"]["podIP"]
    assert inside(writer, "bash", "-c", f"exec 3<>/dev/tcp/{pod}/1 2>/dev/null || echo refused") \
        == "refused\n"
    assert second.kubectl("logs", "writer") == "started\n"


def test_pods_go_on_while_the_api_server_is_down(writer):
    writer.kill("kube-apiserver")
    with pytest.raises(TestbedError):
        writer.kubectl("get", "nodes")
    assert writer.running()["kube-apiserver"] is None
    writer.start("kube-apiserver")
    assert inside(writer, "cat", "/data/file") == "written\n"


def test_up_repairs_what_was_killed(writer):
    for program in ("kubelet", "etcd", "containerd", "coredns"):
        writer.kill(program)
    repaired = cluster.up(FIRST)
    assert None not in repaired.running().values()
    assert inside(writer, "cat", "/data/file") == "written\n"


def test_up_brings_pods_and_data_back_after_everything_was_killed(writer):
    kill_all(writer)
    cluster.up(FIRST)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(TestbedError):
            if inside(writer, "cat", "/data/file") == "written\nwritten\n":
                break
        time.sleep(0.5)
    status = writer.get("pod", "writer", "default")["status"]
    assert status["containerStatuses"][0]["restartCount"] == 1
    assert inside(writer, "cat", "/data/file") == "written\nwritten\n"


def test_deleting_a_claim_deletes_its_directory(second):
    second.apply(WRITER)
    second.wait("pod/writer", "condition=Ready")
    second.kubectl("delete", "pod/writer", "pvc/data", "--timeout=60s")
    deadline = time.monotonic() + 60
    while list(second.layout.volumes.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert list(second.layout.volumes.iterdir()) == []


@pytest.mark.parametrize("killed_before", [False, True])
def test_down_leaves_nothing(killed_before):
    name = "bed-three"
    cluster.down(name)
    sockets = shim_sockets()
    running = cluster.up(name)
    running.apply(WRITER)
    running.wait("pod/writer", "condition=Ready")
    layout = running.layout
    assert leftovers.mounts_below(layout.directory)
    assert control_groups.existing(layout.control_group)
    if killed_before:
        kill_all(running)
    cluster.down(name)
    assert leftovers.processes_of(layout) == set()
    assert leftovers.mounts_below(layout.directory) == []
    assert control_groups.existing(layout.control_group) == []
    assert not layout.network.namespace_file.exists()
    assert not Path("/sys/class/net", layout.network.device).exists()
    assert not layout.directory.exists()
    assert name not in registry.known_names()
    assert shim_sockets() <= sockets


def test_names_that_cannot_be_are_refused():
    for name in ("", "Ost", "../east", "a-name-too-long"):
        with pytest.raises(TestbedError, match="no name for a cluster"):
            cluster.up(name)


def kill_all(running):
    pids = leftovers.processes_of(running.layout)
    assert len(pids) > len(running.running())
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def shim_sockets():
    return set(Path("/run/containerd/s").glob("*"))
