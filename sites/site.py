"""Drives the product as a person would: the program, kubectl, stock restic."""

import json
import os
import re
import subprocess
import time
from pathlib import Path

from deploy.image import product as product_image
from sites.waiting import PAUSE_SECONDS, wait_for
from testbed import cluster as testbed_cluster
from testbed.images import catalogue
from testbed.programs import NEWEST

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = Path(os.environ.get("DMAAS", ROOT / "build/release/src/dmaas"))
IMAGE = product_image.IMAGE
SYSTEM = "dmaas-system"
SESSION_LABEL = "dmaas.io/session-uid"
FINAL = ("Succeeded", "Failed", "Cancelled")
# A pod's end takes the kubelet a few seconds, and what it uses is held until then.
REMOVAL_SECONDS = 60
SESSION_SECONDS = 180


def run(*arguments, seconds=300, environment=None):
    """Standard output of a command; its whole output is in the error when it fails."""
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=seconds,
                          env={**os.environ, **(environment or {})})
    assert done.returncode == 0, f"{' '.join(map(str, arguments))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def restic(location, password_file, *arguments, environment=None):
    """The distribution's own."""
    return run("restic", "-r", location, "-p", password_file, "--no-cache", *arguments, environment=environment)


def session_in(text):
    """Namespace and name of the session that a command has told to be created; None before."""
    found = re.search(r"session (\S+)/(\S+) created", text)
    return (found[1], found[2]) if found else None


def phase_of(status):
    """Of a session; restores call it stage."""
    return status.get("phase") or status.get("stage") or "Pending"


class Site:
    """A cluster of the test bed with the product in it."""

    def __init__(self, name, storage_directory, images=(catalogue.mariadb, catalogue.demo_web), kubernetes=NEWEST):
        """`images` beside those that every cluster has; `kubernetes` is its version."""
        self.name = name
        self.storage_directory = storage_directory
        self.cluster = testbed_cluster.up(name, kubernetes)
        for archive in (product_image.build(PROGRAM), *(image() for image in images)):
            self.cluster.load_image(archive)

    def install(self):
        self.dmaas("install", "--image", IMAGE, "--image-pull-policy", "Never", "--cluster-name", self.name,
                   "--local-directory", self.storage_directory)

    def add_storage(self, name, password_file, *flags, environment=None):
        """For every namespace; `flags` say where it is."""
        self.dmaas("storage", "add", name, *flags, "--recovery-password-file", password_file, "--all-namespaces", environment=environment)

    def add_main_storage(self, password_file):
        self.add_storage("main", password_file, "--local", self.storage_directory, "--default")

    def add_bucket(self, name, password_file, minio, bucket):
        """A storage in a bucket of MinIO, which is made."""
        self.add_storage(name, password_file, "--bucket", bucket, "--endpoint", minio.account.endpoint, "--create-bucket",
                         environment=minio.account.environment)

    @property
    def environment(self):
        """In which the program finds the cluster."""
        return {"KUBECONFIG": str(self.cluster.kubeconfig)}

    def dmaas(self, *arguments, seconds=300, environment=None):
        return run(PROGRAM, *arguments, seconds=seconds, environment={**self.environment, **(environment or {})})

    def begin(self, *arguments):
        """A backup or a restore, which goes on by itself; namespace and name of its session."""
        return session_in(self.dmaas(*arguments, "--no-wait"))

    def await_end(self, kind, name, namespace, seconds=SESSION_SECONDS):
        """The status of a session that is over."""
        def ended():
            status = self.status(kind, name, namespace)
            return status if phase_of(status) in FINAL else None
        return wait_for(lambda: f"the end of {kind} {namespace}/{name}\n{json.dumps(self.status(kind, name, namespace), indent=1)}",
                        ended, seconds)

    def back_up(self, *plans):
        """A backup of each (namespace, plan), side by side; their statuses."""
        sessions = [self.begin("backup", plan, "-n", namespace) for namespace, plan in plans]
        statuses = [self.await_end("backupsession", name, namespace) for namespace, name in sessions]
        assert [phase_of(status) for status in statuses] == ["Succeeded"] * len(plans), json.dumps(statuses, indent=1)
        return statuses

    def kubectl(self, *arguments):
        return self.cluster.kubectl(*arguments)

    def apply(self, *objects):
        self.cluster.apply(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))

    def patch(self, kind, name, namespace, change):
        """`change` is merged into the object."""
        self.kubectl("-n", namespace, "patch", kind, name, "--type=merge", "-p", json.dumps(change))

    def await_rollout(self, workload, namespace, seconds=180):
        self.kubectl("-n", namespace, "rollout", "status", workload, f"--timeout={seconds}s")

    def get(self, kind, name, namespace):
        return self.cluster.get(kind, name, namespace)

    def list(self, kind, namespace=None, selector=""):
        """Objects of all namespaces when none is given; only those with the selector's labels."""
        scope = ["-n", namespace] if namespace else ["-A"]
        return json.loads(self.kubectl("get", kind, *scope, "-l", selector, "-o", "json"))["items"]

    def status(self, kind, name, namespace):
        return self.get(kind, name, namespace).get("status", {})

    def condition(self, kind, name, namespace, wanted="Ready"):
        """(status, message) of a condition of an object; ("", "") when there is none."""
        for found in self.status(kind, name, namespace).get("conditions", []):
            if found["type"] == wanted:
                return found["status"], found.get("message", "")
        return "", ""

    def leftovers(self, seconds=REMOVAL_SECONDS):
        """What sessions made and nothing has removed, as "kind namespace/name"; waits until there is none."""
        deadline = time.monotonic() + seconds
        while found := self.list("pods,pvc,pv,configmaps,jobs", selector=SESSION_LABEL):
            if time.monotonic() > deadline:
                break
            time.sleep(PAUSE_SECONDS)
        return [f"{item['kind']} {item['metadata'].get('namespace', '')}/{item['metadata']['name']}" for item in found]
