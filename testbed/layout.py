"""The files of one cluster."""

from dataclasses import dataclass
from pathlib import Path

from testbed.network import Network

CLUSTER_DOMAIN = "cluster.local"
SOCKET_PATH_LIMIT = 107


@dataclass(frozen=True)
class Layout:
    """Everything of a cluster lies below `directory`."""

    name: str
    directory: Path
    network: Network
    kubernetes: str  # one of programs.KUBERNETES_VERSIONS

    @property
    def kubeconfig(self) -> Path:
        return self.directory / "kubeconfig"

    @property
    def keys(self) -> Path:
        return self.directory / "keys"

    @property
    def configuration(self) -> Path:
        return self.directory / "configuration"

    @property
    def containerd_socket(self) -> Path:
        return self.directory / "containerd.sock"

    @property
    def image_store(self) -> Path:
        """containerd's persistent data."""
        return self.directory / "containerd"

    @property
    def control_group(self) -> str:
        """Of all pods, below every controller's root."""
        return self.network.namespace

    @property
    def volumes(self) -> Path:
        """Where the local-path provisioner makes volumes."""
        return self.directory / "volumes"

    @property
    def kubelet_root(self) -> Path:
        return self.directory / "kubelet"

    @property
    def api_server(self) -> str:
        return f"https://{self.network.addresses.node}:6443"
