"""A cluster's network: a namespace of its own, joined to the host by one pair of interfaces.

Everything is routed, nothing is translated on the way: the host, the clusters' nodes, pods and
services reach each other by address. There is no way to the outside.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from testbed.errors import TestbedError

# Programs on the host that all clusters use (MinIO) listen here.
HOST_ADDRESS = "10.231.255.1"
CLUSTERS_AT_MOST = 32


@dataclass(frozen=True)
class Addresses:
    """All ranges of a cluster follow from its index."""

    index: int

    @property
    def host(self) -> str:
        return f"10.231.{self.index}.1"

    @property
    def node(self) -> str:
        return f"10.231.{self.index}.2"

    @property
    def pods(self) -> str:
        return f"10.232.{self.index}.0/24"

    @property
    def services(self) -> str:
        return f"10.233.{self.index}.0/24"

    @property
    def kubernetes_service(self) -> str:
        return f"10.233.{self.index}.1"

    @property
    def dns_service(self) -> str:
        return f"10.233.{self.index}.10"


@dataclass(frozen=True)
class Network:
    cluster: str
    addresses: Addresses

    @property
    def namespace(self) -> str:
        return f"dmaas-{self.cluster}"

    @property
    def device(self) -> str:
        """The host's end; at most 15 characters."""
        return f"dm-{self.cluster}"

    @property
    def namespace_file(self) -> Path:
        return Path("/var/run/netns") / self.namespace

    def exists(self) -> bool:
        return _is_namespace(self.namespace_file)

    def create(self) -> None:
        """Anew; what was left of an earlier one is removed."""
        self.remove()
        ensure_host_address()
        a = self.addresses
        _ip("netns", "add", self.namespace)
        _ip("link", "add", self.device, "type", "veth", "peer", "name", "eth0",
            "netns", self.namespace)
        _ip("address", "add", f"{a.host}/24", "dev", self.device)
        _ip("link", "set", self.device, "up")
        _ip("-n", self.namespace, "link", "set", "lo", "up")
        _ip("-n", self.namespace, "address", "add", f"{a.node}/24", "dev", "eth0")
        _ip("-n", self.namespace, "link", "set", "eth0", "up")
        _ip("-n", self.namespace, "route", "add", "default", "via", a.host)
        for range_ in (a.pods, a.services):
            _ip("route", "replace", range_, "via", a.node)
        _run("nsenter", f"--net={self.namespace_file}", "sysctl", "-q", "-w",
             "net.ipv4.ip_forward=1")

    def remove(self) -> None:
        """Takes interfaces, routes and packet filter rules inside along."""
        device = Path("/sys/class/net", self.device)
        try:
            # Before the namespace, which would take it along some time later.
            if device.exists():
                _ip("link", "delete", self.device)
        except TestbedError:
            if device.exists():
                raise
        if self.namespace_file.exists():
            _ip("netns", "delete", self.namespace)


def ensure_host_address() -> None:
    """The host answers on HOST_ADDRESS and forwards between clusters."""
    _ip("address", "replace", f"{HOST_ADDRESS}/32", "dev", "lo")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def _is_namespace(path: Path) -> bool:
    # A namespace file that nothing is mounted on any more (after a reboot) is an ordinary file.
    return path.exists() and path.stat().st_dev != path.parent.stat().st_dev


def _ip(*arguments: str) -> None:
    _run("ip", *arguments)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise TestbedError(f"{' '.join(command)}: {done.stderr.strip()} (root is needed)")
