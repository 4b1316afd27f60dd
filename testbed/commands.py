"""Command lines of a cluster's programs."""

from pathlib import Path

from testbed import programs
from testbed.layout import Layout

# In the order of start; stopping goes the other way round.
FOUNDATION = ("containerd", "etcd", "kube-apiserver")
ABOVE_API = ("kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "coredns",
             "local-path-provisioner")
ALL = FOUNDATION + ABOVE_API


def command_of(name: str, layout: Layout) -> list[str]:
    """Of the program called `name` (one of ALL)."""
    return {
        "containerd": _containerd, "etcd": _etcd, "kube-apiserver": _api_server,
        "kube-controller-manager": _controller_manager, "kube-scheduler": _scheduler,
        "kubelet": _kubelet, "kube-proxy": _proxy, "coredns": _coredns,
        "local-path-provisioner": _local_path_provisioner,
    }[name](layout)


def kubernetes_program(name: str) -> str:
    return str(programs.KUBERNETES.build() / name)


def _versioned_program(name: str, layout: Layout) -> str:
    return str(programs.KUBERNETES_VERSIONS[layout.kubernetes].build() / name)


def _containerd(layout: Layout) -> list[str]:
    return ["containerd", "--config", str(layout.configuration / "containerd.toml"),
            "--log-level", "warn"]


def _etcd(layout: Layout) -> list[str]:
    # Reached inside the cluster's network namespace only.
    return [str(programs.ETCD.program()), "--name", layout.name,
            "--data-dir", str(layout.directory / "etcd"), "--unsafe-no-fsync",
            "--listen-client-urls", "http://127.0.0.1:2379",
            "--advertise-client-urls", "http://127.0.0.1:2379",
            "--listen-peer-urls", "http://127.0.0.1:2380",
            "--initial-advertise-peer-urls", "http://127.0.0.1:2380",
            "--initial-cluster", f"{layout.name}=http://127.0.0.1:2380",
            "--quota-backend-bytes", "4294967296", "--log-level", "warn"]


def _api_server(layout: Layout) -> list[str]:
    keys, addresses = layout.keys, layout.network.addresses
    return [
        _versioned_program("kube-apiserver", layout), "--etcd-servers=http://127.0.0.1:2379",
        "--secure-port=6443", f"--advertise-address={addresses.node}",
        f"--service-cluster-ip-range={addresses.services}", "--allow-privileged=true",
        "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
        f"--client-ca-file={keys}/ca.crt",
        f"--tls-cert-file={keys}/api-server.crt", f"--tls-private-key-file={keys}/api-server.key",
        f"--kubelet-certificate-authority={keys}/ca.crt",
        f"--kubelet-client-certificate={keys}/api-server-client.crt",
        f"--kubelet-client-key={keys}/api-server-client.key",
        "--kubelet-preferred-address-types=InternalIP",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={keys}/service-accounts.key",
        f"--service-account-signing-key-file={keys}/service-accounts.key",
        f"--requestheader-client-ca-file={keys}/front-proxy-ca.crt",
        "--requestheader-allowed-names=front-proxy",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={keys}/front-proxy.crt",
        f"--proxy-client-key-file={keys}/front-proxy.key"]


def _controller_manager(layout: Layout) -> list[str]:
    keys = layout.keys
    return [
        _versioned_program("kube-controller-manager", layout),
        f"--kubeconfig={keys}/controller-manager.kubeconfig",
        "--leader-elect=false", "--use-service-account-credentials=true",
        f"--service-account-private-key-file={keys}/service-accounts.key",
        f"--root-ca-file={keys}/ca.crt",
        f"--cluster-signing-cert-file={keys}/ca.crt", f"--cluster-signing-key-file={keys}/ca.key",
        f"--cluster-cidr={layout.network.addresses.pods}",
        f"--service-cluster-ip-range={layout.network.addresses.services}"]


def _scheduler(layout: Layout) -> list[str]:
    return [_versioned_program("kube-scheduler", layout), "--leader-elect=false",
            f"--kubeconfig={layout.keys}/scheduler.kubeconfig"]


def _kubelet(layout: Layout) -> list[str]:
    runtime = []
    if layout.kubernetes != programs.NEWEST:
        # Newer ones read it from their configuration.
        runtime = ["--container-runtime=remote",
                   f"--container-runtime-endpoint=unix://{layout.containerd_socket}"]
    return [_versioned_program("kubelet", layout),
            f"--config={layout.configuration}/kubelet.json",
            f"--kubeconfig={layout.keys}/kubelet.kubeconfig",
            f"--root-dir={layout.kubelet_root}", f"--hostname-override={layout.name}",
            f"--node-ip={layout.network.addresses.node}", *runtime]


def _proxy(layout: Layout) -> list[str]:
    return [_versioned_program("kube-proxy", layout), f"--config={layout.configuration}/proxy.json"]


def _coredns(layout: Layout) -> list[str]:
    return [str(programs.COREDNS.program()), "-conf", str(layout.configuration / "Corefile")]


def _local_path_provisioner(layout: Layout) -> list[str]:
    manifests = Path(__file__).parent / "manifests"
    return [str(programs.LOCAL_PATH_PROVISIONER.program()), "start",
            "--kubeconfig", str(layout.kubeconfig),
            "--config", str(layout.configuration / "local-path.json"),
            "--helper-pod-file", str(manifests / "local_path_pod.yaml"),
            "--namespace", "local-path-storage",
            "--service-account-name", "default", "--deletion-retry-count", "0",
            "--provisioning-retry-count", "0"]
