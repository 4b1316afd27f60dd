"""Configuration files of a cluster's programs; JSON where YAML is asked for."""

import base64
import json
from pathlib import Path

from testbed.images.catalogue import PAUSE_IMAGE
from testbed.layout import CLUSTER_DOMAIN, Layout
from testbed.network import HOST_ADDRESS
from testbed.programs import NEWEST

_CONTAINERD = """\
version = 2
root = "{directory}/containerd"
state = "{directory}/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
address = "{directory}/containerd.sock"
[ttrpc]
address = "{directory}/containerd.sock.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
path = "{directory}/opt"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
device_ownership_from_security_context = true
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{directory}/configuration/cni"
"""

_COREFILE = """\
.:53 {{
  errors
  health {node}:8080
  ready {node}:8181
  cache 5
  kubernetes {domain} in-addr.arpa {{
    kubeconfig {kubeconfig}
    pods verified
    ttl 5
    fallthrough in-addr.arpa
  }}
  template IN A testbed {{
    answer "{{{{ .Name }}}} 60 IN A {host}"
  }}
  template ANY ANY . {{
    rcode NXDOMAIN
  }}
  reload
}}
"""


def write_configuration(layout: Layout) -> None:
    directory = layout.configuration
    (directory / "cni").mkdir(parents=True, exist_ok=True)
    addresses = layout.network.addresses
    (directory / "containerd.toml").write_text(
        _CONTAINERD.format(directory=layout.directory, pause=PAUSE_IMAGE))
    (directory / "Corefile").write_text(_COREFILE.format(
        node=addresses.node, domain=CLUSTER_DOMAIN, host=HOST_ADDRESS,
        kubeconfig=layout.kubeconfig))
    # Answers from elsewhere never come: pods have no way to the outside.
    (directory / "resolv.conf").write_text(f"nameserver {addresses.node}\n")
    _write_json(directory / "cni" / "10-routed.conflist", _pod_network(layout))
    _write_json(directory / "kubelet.json", _kubelet(layout))
    _write_json(directory / "proxy.json", _proxy(layout))
    _write_json(directory / "local-path.json", {"nodePathMap": [
        {"node": "DEFAULT_PATH_FOR_NON_LISTED_NODES", "paths": [str(layout.volumes)]}]})


def write_kubeconfig(path: Path, layout: Layout, authority: Path, certificate: Path,
                     key: Path) -> None:
    """Self-contained: it holds the certificates and the key themselves."""
    name = layout.name
    _write_json(path, {
        "apiVersion": "v1", "kind": "Config", "current-context": name,
        "clusters": [{"name": name, "cluster": {
            "server": layout.api_server, "certificate-authority-data": _base64(authority)}}],
        "users": [{"name": f"{name}-{path.name}", "user": {
            "client-certificate-data": _base64(certificate), "client-key-data": _base64(key)}}],
        "contexts": [{"name": name,
                      "context": {"cluster": name, "user": f"{name}-{path.name}"}}]})
    path.chmod(0o600)


def _pod_network(layout: Layout) -> object:
    # Each pod has its own link to the node: replies always pass the node's packet filter, which a
    # bridge would short-cut between pods of one node.
    return {"cniVersion": "0.4.0", "name": "routed", "plugins": [
        {"type": "ptp", "ipMasq": False, "mtu": 1500, "ipam": {
            "type": "host-local", "dataDir": str(layout.directory / "ipam"),
            "ranges": [[{"subnet": layout.network.addresses.pods}]],
            "routes": [{"dst": "0.0.0.0/0"}]}},
        {"type": "portmap", "capabilities": {"portMappings": True}}]}


# What kubelets older than the newest do not read from their configuration.
_NEW_KUBELET_KEYS = ("containerRuntimeEndpoint", "failCgroupV1", "localStorageCapacityIsolation",
                     "podLogsDir")


def _kubelet(layout: Layout) -> object:
    certificate = layout.keys / "kubelet-server"
    configuration = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True},
                           "x509": {"clientCAFile": str(layout.keys / "ca.crt")}},
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{certificate}.crt", "tlsPrivateKeyFile": f"{certificate}.key",
        "containerRuntimeEndpoint": f"unix://{layout.containerd_socket}",
        "cgroupDriver": "cgroupfs", "cgroupRoot": f"/{layout.control_group}",
        "failCgroupV1": False, "failSwapOn": False, "localStorageCapacityIsolation": False,
        "featureGates": {"KubeletInUserNamespace": True},
        "clusterDNS": [layout.network.addresses.dns_service], "clusterDomain": CLUSTER_DOMAIN,
        "resolvConf": str(layout.configuration / "resolv.conf"),
        # Kubelets remove logs of pods they do not know: never share the directory.
        "podLogsDir": str(layout.directory / "podlogs"),
        # Images cannot be pulled again, and the machine's disk is not the cluster's business.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "0%",
                         "nodefs.inodesFree": "0%", "imagefs.available": "0%"},
        "maxPods": 200, "enforceNodeAllocatable": ["pods"],
        "shutdownGracePeriod": "0s", "serializeImagePulls": False}
    if layout.kubernetes != NEWEST:
        for key in _NEW_KUBELET_KEYS:
            del configuration[key]
        configuration["featureGates"]["LocalStorageCapacityIsolation"] = False
    return configuration


def _proxy(layout: Layout) -> object:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration",
        "mode": "iptables", "hostnameOverride": layout.name,
        "clusterCIDR": layout.network.addresses.pods,
        "clientConnection": {"kubeconfig": str(layout.keys / "proxy.kubeconfig")},
        "iptables": {"minSyncPeriod": "0s", "syncPeriod": "30s"},
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s",
                      "tcpCloseWaitTimeout": "0s"}}


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1))


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
