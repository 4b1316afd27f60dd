"""Real one-node Kubernetes clusters on this machine.

    python3 -m testbed.cluster up NAME [VERSION]        start it, repair it, or leave it as it runs
    python3 -m testbed.cluster down NAME                remove all of it, whatever its state
    python3 -m testbed.cluster status [NAME]            what runs
    python3 -m testbed.cluster kubectl NAME ARGUMENT…   kubectl for this cluster
    python3 -m testbed.cluster load NAME ARCHIVE        bring a container image in, as nothing is pulled
    python3 -m testbed.cluster exec-node NAME COMMAND…  a command in the node's network

VERSION is that of Kubernetes: 1.34 (default) or 1.24.
"""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable

from testbed import commands, control_groups, leftovers, programs, registry
from testbed.api_server import ApiServer
from testbed.certificates import Authority, make_signing_key
from testbed.configuration import write_configuration, write_kubeconfig
from testbed.errors import TestbedError
from testbed.image_store import load_archive
from testbed.images import catalogue
from testbed.kubernetes_access import KubernetesAccess
from testbed.layout import Layout
from testbed.locking import locked
from testbed.network import ensure_host_address
from testbed.paths import RECIPES
from testbed.processes import Processes
from testbed.progress import say

READY_SECONDS = 60
POLL_SECONDS = 0.05
REPAIR_ATTEMPTS = 2
IMAGE_STORE_SIZE = "4g"
# Each cluster takes a dozen, each pod that follows files one; 128 is a common default.
INOTIFY_INSTANCES = 1024


class Cluster(KubernetesAccess):
    """A cluster of the test bed. Not for use by several threads but for what reads."""

    def __init__(self, layout: Layout) -> None:
        # The next cluster at this address serves other kinds: what kubectl remembers goes with it.
        super().__init__(layout.name, layout.kubeconfig,
                         f"--cache-dir={layout.directory / 'kubectl-cache'}")
        self.layout = layout
        self._processes = Processes(layout.directory, layout.network.namespace_file)
        self._api = ApiServer(layout)

    @property
    def node_ip(self) -> str:
        return self.layout.network.addresses.node

    def running(self) -> dict[str, int | None]:
        """Each program's pid; None when it does not run."""
        return {name: self._processes.pid(name) for name in commands.ALL}

    def is_healthy(self) -> bool:
        return (self.can_be_repaired() and None not in self.running().values()
                and self._api.is_ready())

    def can_be_repaired(self) -> bool:
        """Starting what does not run may be enough."""
        return self.layout.network.exists() and registry.is_of_this_boot(self.layout)

    def kill(self, program: str) -> None:
        """SIGKILL for one of `commands.ALL`; nothing restarts it but `start` and `up`."""
        self._processes.kill(program)

    def start(self, program: str) -> None:
        """Starts one of `commands.ALL`; the API server is ready when this returns."""
        self._processes.start(program, commands.command_of(program, self.layout))
        if program == "kube-apiserver":
            self._await("the API server", self._api.is_ready, program)

    def load_image(self, archive: Path) -> bool:
        """Makes an image archive usable by pods; False when this very image is there already."""
        return load_archive(self.layout.containerd_socket, archive)

    def bring_up(self) -> None:
        """Everything that does not run is started; returns when the node can run pods."""
        started = time.monotonic()
        layout = self.layout
        if not layout.network.exists():
            layout.network.create()
        ensure_host_address()
        _raise_inotify_limit()
        control_groups.create(layout.control_group)
        self._write_files()
        self._mount_image_store()
        for program in commands.FOUNDATION:
            self._processes.start(program, commands.command_of(program, layout))
        with ThreadPoolExecutor(1) as background:
            images = background.submit(self._load_node_images)
            self._await("the API server", self._api.is_ready, "kube-apiserver")
            # What the API server remembers of an earlier kubelet says nothing about a new one.
            since = time.time() if self._processes.pid("kubelet") is None else 0
            for program in commands.ABOVE_API:
                self._processes.start(program, commands.command_of(program, layout))
            self._apply_manifests()
            images.result()
        self._await("the node", lambda: self._api.node_is_ready(layout.name, since), "kubelet")
        self._await("the default service account", self._api.has_default_service_account,
                    "kube-controller-manager")
        self._await("cluster DNS", self._api.dns_is_ready, "coredns")
        say(f"cluster {layout.name} is ready after {time.monotonic() - started:.1f} s:"
            f" KUBECONFIG={layout.kubeconfig}")

    def down(self) -> None:
        """Removes all of it."""
        with locked(registry.lock_of(self.name)):
            leftovers.remove_everything(self.layout)

    def _write_files(self) -> None:
        layout = self.layout
        for directory in (layout.volumes, layout.kubelet_root, layout.directory / "podlogs"):
            directory.mkdir(parents=True, exist_ok=True)
        addresses = layout.network.addresses
        authority = Authority(layout.keys)
        authority.issue("api-server", common_name="kube-apiserver", alternative_names=[
            "DNS:kubernetes", "DNS:kubernetes.default", "DNS:kubernetes.default.svc",
            "DNS:kubernetes.default.svc.cluster.local", "DNS:localhost", "IP:127.0.0.1",
            f"IP:{addresses.node}", f"IP:{addresses.kubernetes_service}"])
        authority.issue("api-server-client", common_name="kube-apiserver-kubelet-client",
                        organization="system:masters")
        authority.issue("kubelet-server", common_name=f"system:node:{layout.name}",
                        alternative_names=[f"DNS:{layout.name}", f"IP:{addresses.node}"])
        Authority(layout.keys, "front-proxy-ca").issue("front-proxy", common_name="front-proxy")
        make_signing_key(layout.keys / "service-accounts.key")
        for path, user, organization in (
            (layout.kubeconfig, "admin", "system:masters"),
            (layout.keys / "controller-manager.kubeconfig", "system:kube-controller-manager", ""),
            (layout.keys / "scheduler.kubeconfig", "system:kube-scheduler", ""),
            (layout.keys / "proxy.kubeconfig", "system:kube-proxy", ""),
            (layout.keys / "kubelet.kubeconfig", f"system:node:{layout.name}", "system:nodes"),
        ):
            if not path.exists():
                pair = authority.issue(path.stem, common_name=user, organization=organization)
                write_kubeconfig(path, layout, authority.certificate, *pair)
        write_configuration(layout)

    def _mount_image_store(self) -> None:
        # In memory: images are copies of archives, and writing and removing their many thousand
        # files would be most of the time of a start and of an end.
        store = self.layout.image_store
        store.mkdir(exist_ok=True)
        if not store.is_mount():
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={IMAGE_STORE_SIZE},mode=0700",
                            "tmpfs", store], check=True)

    def _load_node_images(self) -> None:
        socket = self.layout.containerd_socket
        self._await("containerd", socket.is_socket, "containerd")
        for archive in (catalogue.pause(), catalogue.debian_base()):
            self._load_when_served(archive)

    def _load_when_served(self, archive: Path) -> None:
        # The socket file of an earlier run may lie there before the new one is served.
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                self.load_image(archive)
                return
            except TestbedError:
                if time.monotonic() > deadline:
                    raise
                self._processes.require("containerd")
                time.sleep(POLL_SECONDS)

    def _apply_manifests(self) -> None:
        addresses = self.layout.network.addresses
        text = (RECIPES / "manifests" / "cluster.yaml").read_text()
        self.apply(text.replace("@NODE@", addresses.node).replace("@DNS@", addresses.dns_service))

    def _await(self, what: str, is_so: Callable[[], bool], program: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not is_so():
            self._processes.require(program)
            if time.monotonic() > deadline:
                raise TestbedError(f"{what} was not ready after {READY_SECONDS} s: see"
                                   f" {self._processes.log(program)}")
            time.sleep(POLL_SECONDS)


def up(name: str, kubernetes: str = programs.NEWEST) -> Cluster:
    """The running cluster of this name; started, repaired or made anew when it does not run.
    `kubernetes` is its version."""
    if os.geteuid() != 0:
        raise TestbedError("clusters need root: network namespaces, mounts, control groups")
    if kubernetes not in programs.KUBERNETES_VERSIONS:
        raise TestbedError(f"no Kubernetes {kubernetes}: there are"
                           f" {', '.join(programs.KUBERNETES_VERSIONS)}")
    registry.layout_of(name)
    _build_parts(kubernetes)
    with locked(registry.lock_of(name)):
        cluster = Cluster(registry.layout_of(name))
        if cluster.layout.kubernetes != kubernetes and any(cluster.running().values()):
            raise TestbedError(f"cluster {name} runs with Kubernetes {cluster.layout.kubernetes}:"
                               f" remove it first, by ./x cluster down {name}")
        if cluster.is_healthy():
            return cluster
        same = cluster.layout.kubernetes == kubernetes
        if same and cluster.can_be_repaired() and _repair(cluster):
            return cluster
        leftovers.remove_everything(cluster.layout)
        cluster = Cluster(registry.record(name, kubernetes))
        cluster.bring_up()
        return cluster


def _repair(cluster: Cluster) -> bool:
    # A program that was killed a moment ago may still look alive to the first attempt.
    for _ in range(REPAIR_ATTEMPTS):
        try:
            cluster.bring_up()
            return True
        except TestbedError as error:
            say(f"cluster {cluster.name}, repair: {str(error).splitlines()[0]}")
    say(f"cluster {cluster.name} is made anew, its objects and volumes are lost")
    return False


def get(name: str) -> Cluster:
    """A cluster that was started before; fails when there is none of this name."""
    if not registry.is_known(name):
        raise TestbedError(f"no cluster is called {name}: start it with ./x cluster up {name}")
    return Cluster(registry.layout_of(name))


def down(name: str) -> None:
    """Also removes what is left of a cluster that is not known any more."""
    Cluster(registry.layout_of(name)).down()


def _build_parts(kubernetes: str) -> None:
    # Before the clock of a start runs, and not while a lock of the cluster is held.
    for program in (programs.KUBERNETES, programs.KUBERNETES_VERSIONS[kubernetes], programs.ETCD, programs.COREDNS,
                    programs.LOCAL_PATH_PROVISIONER):
        program.build()
    catalogue.pause()
    catalogue.debian_base()


def _raise_inotify_limit() -> None:
    limit = Path("/proc/sys/fs/inotify/max_user_instances")
    if int(limit.read_text()) < INOTIFY_INSTANCES:
        limit.write_text(str(INOTIFY_INSTANCES))


def _status(names: list[str]) -> int:
    healthy = True
    for name in names or registry.known_names():
        cluster = get(name)
        running = cluster.running()
        stopped = [program for program, pid in running.items() if pid is None]
        ready = cluster.is_healthy()
        healthy = healthy and ready
        state = "ready" if ready else "stopped" if len(stopped) == len(running) else "not ready"
        print(f"{name}: {state}, node {cluster.node_ip}, kubeconfig {cluster.kubeconfig}")
        for program in stopped:
            print(f"  {program} does not run")
    return 0 if healthy else 1


def _kubectl(name: str, arguments: list[str]) -> int:
    command = get(name).kubectl_command(*arguments)
    os.execv(command[0], command)


def _exec_node(name: str, command: list[str]) -> int:
    cluster = get(name)
    os.execvpe("nsenter",
               ["nsenter", f"--net={cluster.layout.network.namespace_file}", *command],
               {**os.environ, "KUBECONFIG": str(cluster.kubeconfig)})


def main(arguments: list[str]) -> int:
    verb, names = (arguments[0] if arguments else "help"), arguments[1:]
    try:
        if verb == "up" and len(names) in (1, 2):
            print(up(*names).kubeconfig)
            return 0
        if verb == "down" and len(names) == 1:
            down(names[0])
            return 0
        if verb == "status" and len(names) <= 1:
            return _status(names)
        if verb == "kubectl" and names:
            return _kubectl(names[0], names[1:])
        if verb == "load" and len(names) == 2:
            get(names[0]).load_image(Path(names[1]))
            return 0
        if verb == "exec-node" and len(names) > 1:
            return _exec_node(names[0], names[1:])
    except TestbedError as error:
        say(f"error: {error}")
        return 1
    say(__doc__)
    return 0 if verb in ("help", "-h", "--help") else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
