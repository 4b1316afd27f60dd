"""Raw block volumes: a static local volume that is a loop device, backed up as an image and restored into another one."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from sites.site import restic

NAMESPACE = "raw"
SIZE = 48 << 20
DIRECTORY = Path("/var/lib")
CLASS = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: manual-block}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
"""
VOLUME = """
apiVersion: v1
kind: PersistentVolume
metadata: {{name: {name}}}
spec:
  capacity: {{storage: 48Mi}}
  accessModes: [ReadWriteOnce]
  volumeMode: Block
  storageClassName: manual-block
  persistentVolumeReclaimPolicy: Retain
  local: {{path: {device}}}
  nodeAffinity: {{required: {{nodeSelectorTerms: [{{matchExpressions: [{{key: kubernetes.io/hostname, operator: In, values: [{node}]}}]}}]}}}}
"""
APPLICATION = f"""
apiVersion: v1
kind: Namespace
metadata: {{name: {NAMESPACE}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: raw, namespace: {NAMESPACE}}}
spec:
  serviceName: raw
  replicas: 1
  selector: {{matchLabels: {{app: raw}}}}
  template:
    metadata: {{labels: {{app: raw}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: raw
        image: dmaas.io/testbed/debian-base:12
        imagePullPolicy: Never
        command: [sleep, infinity]
        volumeDevices: [{{name: disk, devicePath: /dev/disk}}]
  volumeClaimTemplates:
  - metadata: {{name: disk}}
    spec: {{accessModes: [ReadWriteOnce], volumeMode: Block, storageClassName: manual-block, resources: {{requests: {{storage: 48Mi}}}}}}
"""


class LoopDevice:
    """A file that the node has as a block device."""

    def __init__(self, name):
        self.name = name
        self.file = DIRECTORY / f"dmaas-{name}.img"
        self.path = None

    def attach(self, content):
        self.file.write_bytes(content)
        self.path = subprocess.run(["losetup", "--find", "--show", self.file], check=True, capture_output=True, text=True).stdout.strip()

    def detach(self):
        if self.path:
            subprocess.run(["losetup", "--detach", self.path], check=False)
        self.file.unlink(missing_ok=True)

    def content(self):
        subprocess.run(["blockdev", "--flushbufs", self.path], check=True)
        return Path(self.path).read_bytes()


def image():
    """Data, a hole of many blocks, data in the middle of a block, and a hole until the end."""
    content = bytearray(SIZE)
    content[:3 << 20] = os.urandom(3 << 20)
    content[(21 << 20) + 4096:(21 << 20) + 9000] = os.urandom(9000 - 4096)
    return bytes(content)


class Raw:
    """An application whose only data is a raw block volume."""

    def __init__(self, site, password_file, devices):
        self.site = site
        self.password_file = password_file
        self.source, self.destination = devices

    def add_volume(self, device):
        self.site.cluster.apply(VOLUME.format(name=device.name, device=device.path, node=self.site.name))

    def deploy(self):
        self.site.cluster.apply(CLASS)
        self.add_volume(self.source)
        self.site.cluster.apply(APPLICATION)
        self.await_pod(NAMESPACE)
        self.site.dmaas("protect", "all", "-n", NAMESPACE, "--name", "raw")
        return self

    def await_pod(self, namespace):
        self.site.await_rollout("statefulset/raw", namespace)

    def scale(self, replicas):
        self.site.kubectl("-n", NAMESPACE, "scale", "statefulset/raw", f"--replicas={replicas}")
        if replicas:
            self.await_pod(NAMESPACE)
        else:
            self.site.kubectl("-n", NAMESPACE, "wait", "--for=delete", "pod/raw-0", "--timeout=60s")

    def back_up(self):
        """The status of a session at its end."""
        namespace, name = self.site.begin("backup", "raw", "-n", NAMESPACE)
        return self.site.await_end("backupsession", name, namespace)

    @property
    def repository(self):
        return f"{self.site.storage_directory}/{self.site.name}/ns/{NAMESPACE}/{NAMESPACE}"

    def restic(self, *arguments):
        return restic(self.repository, self.password_file, *arguments)

    def image_of(self, snapshot):
        return subprocess.run(["restic", "-r", self.repository, "-p", self.password_file, "--no-cache", "dump", snapshot,
                               "/disk.img"], check=True, capture_output=True).stdout


@pytest.fixture(scope="module")
def raw(site, password_file):
    devices = [LoopDevice(f"{site.name}-block-{role}") for role in ("source", "destination")]
    try:
        devices[0].attach(image())
        # What is there before must be gone afterwards, where the image has holes too.
        devices[1].attach(b"\xff" * SIZE)
        yield Raw(site, password_file, devices).deploy()
    finally:
        site.kubectl("delete", "namespace", NAMESPACE, "raw-copy", "--ignore-not-found", "--timeout=90s")
        site.kubectl("delete", "pv", *(device.name for device in devices), "--ignore-not-found", "--timeout=60s")
        for device in devices:
            device.detach()


def component(status, name="volume/disk-raw-0"):
    return next(component for component in status["components"] if component["name"] == name)


@pytest.fixture(scope="module")
def backed_up(raw):
    """The status of a backup while nobody used the volume."""
    raw.scale(0)
    status = raw.back_up()
    assert status["phase"] == "Succeeded", status["message"]
    return status


def test_a_volume_in_use_is_read_only_on_demand(raw):
    refused = raw.back_up()
    assert refused["phase"] == "Failed"
    assert "pod raw-0 writes to this raw block volume" in refused["message"]
    plan = raw.site.get("backupconfiguration", "raw", NAMESPACE)
    targets = plan["spec"]["targets"]
    targets[0]["volumes"] = {"method": "mount"}
    raw.site.patch("backupconfiguration", "raw", NAMESPACE, {"spec": {"targets": targets}})
    status = raw.back_up()
    assert status["phase"] == "Succeeded", status["message"]
    assert any("used the raw volume" in warning for warning in status["warnings"])
    assert raw.image_of(component(status)["snapshotId"]) == raw.source.content()
    assert raw.site.leftovers() == []


def test_the_image_is_byte_equal_and_holes_cost_nothing(raw, backed_up):
    disk = component(backed_up)
    assert disk["volumeMode"] == "Block" and disk["bytesTotal"] == SIZE
    assert raw.image_of(disk["snapshotId"]) == raw.source.content()
    document = json.loads(raw.restic("dump", component(backed_up, "resources")["snapshotId"], "/backup.json"))
    assert component(document)["volumeMode"] == "Block"
    assert sum(file.stat().st_size for file in Path(raw.repository).rglob("data/*/*")) < 8 << 20
    assert "no errors were found" in raw.restic("check", "--read-data")


def test_a_restored_volume_is_byte_equal(raw, backed_up):
    expected = raw.image_of(component(backed_up)["snapshotId"])
    raw.scale(1)
    # Written after the backup: it must not come back.
    raw.site.kubectl("exec", "-n", NAMESPACE, "raw-0", "--", "dd", "if=/dev/urandom", "of=/dev/disk", "bs=1M", "count=1", "conv=fsync")
    raw.add_volume(raw.destination)
    raw.site.dmaas("restore", "--storage", "main", "--path", f"{raw.site.name}/ns/{NAMESPACE}/{NAMESPACE}",
                   "--snapshot", component(backed_up, "resources")["snapshotId"][:12], "--map-namespace", f"{NAMESPACE}=raw-copy", seconds=240)
    assert raw.destination.content() == expected
    claim = raw.site.get("pvc", "disk-raw-0", "raw-copy")
    assert claim["spec"]["volumeMode"] == "Block" and claim["spec"]["volumeName"] == raw.destination.name
    assert raw.site.leftovers() == []

    # The application was stopped when it was backed up.
    raw.site.kubectl("-n", "raw-copy", "scale", "statefulset/raw", "--replicas=1")
    raw.await_pod("raw-copy")
    inside = raw.site.kubectl("exec", "-n", "raw-copy", "raw-0", "--", "sha256sum", "/dev/disk").split()[0]
    assert inside == hashlib.sha256(expected).hexdigest()
