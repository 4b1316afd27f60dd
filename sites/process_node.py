"""A node without kubelet and containers: pods run as processes of this machine, so that thousands
of short ones can be run. Everything else is real: the API server, the scheduler, tokens bound to
the pods, and the product's own program."""

import contextlib
import datetime
import http.client
import json
import shutil
import ssl
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sites.site import PROGRAM, Site
from testbed.progress import say

POLL_SECONDS = 0.2
HEARTBEAT_SECONDS = 10
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
# Every process has mounts of its own: what kubelet would mount, and the cluster's name server.
ENTER = """
mkdir -p /run/secrets && mount -t tmpfs tmpfs /run/secrets && cp -r "$1/secrets/." /run/secrets
mount --bind "$1/resolv.conf" /etc/resolv.conf
shift
exec "$@"
"""


class ProcessNode:
    """Used as a context; `slots` pods run at one time, others wait."""

    def __init__(self, site: Site, name: str, slots: int) -> None:
        self.most_at_once = 0
        self._site, self._name, self._slots = site, name, slots
        self._local = threading.local()
        self._lock = threading.Lock()
        self._known: dict[str, subprocess.Popen | None] = {}
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._run_pods), threading.Thread(target=self._renew)]

    def __enter__(self) -> "ProcessNode":
        self._authority = (self._site.cluster.layout.keys / "ca.crt").read_text()
        capacity = {"cpu": "1000", "memory": "1000Gi", "pods": "10000"}
        self._request("POST", "/api/v1/nodes", {"kind": "Node", "apiVersion": "v1",
                                                "metadata": {"name": self._name}})
        self._patch(f"/api/v1/nodes/{self._name}/status", {"status": {
            "capacity": capacity, "allocatable": capacity,
            "conditions": [{"type": "Ready", "status": "True", "reason": "ProcessNode",
                            "lastHeartbeatTime": now(), "lastTransitionTime": now()}]}})
        self._request("POST", LEASES, {"kind": "Lease", "apiVersion": "coordination.k8s.io/v1",
                                       "metadata": {"name": self._name},
                                       "spec": {"holderIdentity": self._name, "leaseDurationSeconds": 40,
                                                "renewTime": now(".000000")}})
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _renew(self) -> None:
        while not self._ended.wait(HEARTBEAT_SECONDS):
            self._patch(f"{LEASES}/{self._name}", {"spec": {"renewTime": now(".000000")}})

    def _run_pods(self) -> None:
        with ThreadPoolExecutor(self._slots) as pool:
            while not self._ended.wait(POLL_SECONDS):
                query = f"fieldSelector=spec.nodeName%3D{self._name}&resourceVersion=0"
                for pod in self._request("GET", f"/api/v1/pods?{query}")["items"]:
                    self._look_at(pod, pool)

    def _look_at(self, pod: dict, pool: ThreadPoolExecutor) -> None:
        uid = pod["metadata"]["uid"]
        if "deletionTimestamp" in pod["metadata"]:
            process = self._known.get(uid)
            if process is not None:
                process.kill()
            self._request("DELETE", path_of(pod), {"gracePeriodSeconds": 0})
        elif uid not in self._known:
            with self._lock:  # of those who go through all of them
                self._known[uid] = None
            pool.submit(self._run, pod)

    def _run(self, pod: dict) -> None:
        directory = Path(tempfile.mkdtemp(prefix="dmaas-pod-"))
        try:
            self._write_mounts(pod, directory)
            self._report(pod, "Running", {"running": {"startedAt": now()}})
            code = self._execute(pod, directory)
            ended = {"exitCode": code, "reason": "Completed" if code == 0 else "Error", "finishedAt": now()}
            self._report(pod, "Failed" if code else "Succeeded", {"terminated": ended})
        except FileNotFoundError:
            pass  # The pod is gone.
        except Exception as error:  # Which the pool would keep to itself.
            say(f"error: {path_of(pod)} stays as it is: {error!r}")
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def _execute(self, pod: dict, directory: Path) -> int:
        container = pod["spec"]["containers"][0]
        addresses = self._site.cluster.layout.network.addresses
        environment = {entry["name"]: entry["value"] for entry in container["env"]}
        environment |= {"KUBERNETES_SERVICE_HOST": addresses.kubernetes_service,
                        "KUBERNETES_SERVICE_PORT": "443", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        command = ["unshare", "--mount", "sh", "-ec", ENTER, "sh", directory, PROGRAM, *container["args"]]
        with open(directory / "log", "w+") as log:
            process = subprocess.Popen(list(map(str, command)), env=environment, stdout=log, stderr=log)
            with self._lock:
                self._known[pod["metadata"]["uid"]] = process
                running = sum(1 for known in self._known.values() if known and known.poll() is None)
                self.most_at_once = max(self.most_at_once, running)
            return process.wait()

    def _write_mounts(self, pod: dict, directory: Path) -> None:
        dns = self._site.cluster.layout.network.addresses.dns_service
        (directory / "resolv.conf").write_text(f"nameserver {dns}\nsearch cluster.local\noptions ndots:5\n")
        mounts = {mount["name"]: mount["mountPath"] for mount in pod["spec"]["containers"][0]["volumeMounts"]}
        for volume in pod["spec"]["volumes"]:
            place = directory / mounts[volume["name"]].removeprefix("/var/run/").lstrip("/")
            place.mkdir(parents=True, exist_ok=True)
            for source in volume.get("projected", {}).get("sources", []):
                self._write_source(pod, source, place)

    def _write_source(self, pod: dict, source: dict, place: Path) -> None:
        if wanted := source.get("serviceAccountToken"):
            metadata = pod["metadata"]
            spec = {"expirationSeconds": wanted["expirationSeconds"],
                    "boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": metadata["name"],
                                       "uid": metadata["uid"]}}
            if "audience" in wanted:
                spec["audiences"] = [wanted["audience"]]
            account = f"/api/v1/namespaces/{metadata['namespace']}/serviceaccounts/{pod['spec']['serviceAccountName']}"
            answer = self._request("POST", f"{account}/token", {
                "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "spec": spec})
            (place / wanted["path"]).write_text(answer["status"]["token"])
        elif "configMap" in source:
            (place / "ca.crt").write_text(self._authority)
        elif "downwardAPI" in source:
            (place / "namespace").write_text(pod["metadata"]["namespace"])

    def _report(self, pod: dict, phase: str, state: dict) -> None:
        container = pod["spec"]["containers"][0]
        self._patch(f"{path_of(pod)}/status", {"status": {"phase": phase, "startTime": now(), "containerStatuses": [
            {"name": container["name"], "image": container["image"], "imageID": "", "restartCount": 0,
             "ready": phase == "Running", "state": state}]}})

    def _patch(self, path: str, change: dict) -> None:
        self._request("PATCH", path, change, "application/merge-patch+json")

    def _request(self, method: str, path: str, body: object = None, kind: str = "application/json") -> dict:
        """FileNotFoundError when there is no such object; one that exists already is as good."""
        text = None if body is None else json.dumps(body)
        for attempt in range(3):
            try:
                connection = self._connection()
                connection.request(method, path, text, {"Content-Type": kind})
                answer = connection.getresponse()
                content = answer.read()
                break
            except (OSError, http.client.HTTPException):
                self._local.connection = None
                time.sleep(attempt)
        else:
            raise ConnectionError(f"{method} {path}: no answer")
        if answer.status == 404:
            if method == "DELETE":
                return {}
            raise FileNotFoundError(path)
        if answer.status >= 400 and answer.status != 409:
            raise AssertionError(f"{method} {path}: {answer.status} {content!r}")
        return json.loads(content)

    def _connection(self) -> http.client.HTTPSConnection:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            layout = self._site.cluster.layout
            tls = ssl.create_default_context(cafile=str(layout.keys / "ca.crt"))
            with contextlib.suppress(AttributeError):
                tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
            tls.load_cert_chain(layout.keys / "kubeconfig.crt", layout.keys / "kubeconfig.key")
            connection = http.client.HTTPSConnection(layout.network.addresses.node, 6443, timeout=30, context=tls)
            self._local.connection = connection
        return connection


def path_of(pod: dict) -> str:
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"


def now(fraction: str = "") -> str:
    return f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%dT%H:%M:%S}{fraction}Z"
