"""Drives the product as a person would: the program, kubectl, stock restic."""

import json
import os
import subprocess
import time
from pathlib import Path

from deploy.image import product as product_image
from testbed import cluster as testbed_cluster
from testbed.images import catalogue

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = Path(os.environ.get("DMAAS", ROOT / "build/release/src/dmaas"))
IMAGE = product_image.IMAGE
SESSION_LABEL = "dmaas.io/session-uid"
# A pod's end takes the kubelet a few seconds, and what it uses is held until then.
REMOVAL_SECONDS = 60


def run(*arguments, seconds=300, environment=None):
    """Standard output of a command; its whole output is in the error when it fails."""
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=seconds,
                          env={**os.environ, **(environment or {})})
    assert done.returncode == 0, f"{' '.join(map(str, arguments))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


class Site:
    """A cluster of the test bed with the product in it."""

    def __init__(self, name, storage_directory, images=(catalogue.mariadb, catalogue.demo_web, catalogue.debian_base)):
        self.name = name
        self.storage_directory = storage_directory
        self.cluster = testbed_cluster.up(name)
        for archive in (product_image.build(PROGRAM), *(image() for image in images)):
            self.cluster.load_image(archive)

    def dmaas(self, *arguments, seconds=300, environment=None):
        return run(PROGRAM, *arguments, seconds=seconds,
                   environment={"KUBECONFIG": str(self.cluster.kubeconfig), **(environment or {})})

    def kubectl(self, *arguments):
        return self.cluster.kubectl(*arguments)

    def get(self, kind, name, namespace):
        return json.loads(self.kubectl("get", kind, name, "-n", namespace, "-o", "json"))

    def list(self, kind, namespace=None):
        scope = ["-n", namespace] if namespace else ["-A"]
        return json.loads(self.kubectl("get", kind, *scope, "-o", "json"))["items"]

    def list_selected(self, kind, selector, namespace=None):
        """Only objects with these labels."""
        scope = ["-n", namespace] if namespace else ["-A"]
        return json.loads(self.kubectl("get", kind, *scope, "-l", selector, "-o", "json"))["items"]

    def leftovers(self, seconds=REMOVAL_SECONDS):
        """What sessions made and nothing has removed, as "kind namespace/name"; waits until there is none."""
        deadline = time.monotonic() + seconds
        while True:
            found = json.loads(self.kubectl("get", "pods,pvc,pv,configmaps,jobs", "-A", "-l", SESSION_LABEL, "-o", "json"))["items"]
            if not found or time.monotonic() > deadline:
                return [f"{item['kind']} {item['metadata'].get('namespace', '')}/{item['metadata']['name']}" for item in found]
            time.sleep(1)

    def install(self):
        self.dmaas("install", "--image", IMAGE, "--image-pull-policy", "Never", "--cluster-name", self.name,
                   "--local-directory", self.storage_directory)

    def add_storage(self, password_file):
        self.dmaas("storage", "add", "main", "--local", self.storage_directory, "--recovery-password-file", password_file,
                   "--default", "--all-namespaces")

    def rows(self, namespace, up_to=None):
        """Every row of the shop's table, as text."""
        limit = f" where id <= {up_to}" if up_to else ""
        query = f"select id, created, payload, checksum from orders{limit} order by id"
        return self.kubectl("exec", "-n", namespace, "mariadb-0", "--", "sh", "-c",
                            f'mariadb -N -u"$MARIADB_USER" -p"$MARIADB_PASSWORD" "$MARIADB_DATABASE" -e "{query}"')


def restic(directory, password_file, *arguments):
    return run("restic", "-r", directory, "-p", password_file, "--no-cache", *arguments)
