"""People with a role in one namespace, as who kubectl and the program act."""

import json
import subprocess

from sites.site import PROGRAM


class Person:
    """A service account with a ClusterRole in its own namespace."""

    def __init__(self, site, namespace, name, role):
        self.site, self.namespace = site, namespace
        site.kubectl("-n", namespace, "create", "serviceaccount", name)
        site.kubectl("-n", namespace, "create", "rolebinding", name, f"--clusterrole={role}", f"--serviceaccount={namespace}:{name}")
        document = json.loads(site.cluster.kubeconfig.read_text())
        document["users"][0]["user"] = {"token": site.kubectl("-n", namespace, "create", "token", name).strip()}
        self.kubeconfig = site.cluster.layout.directory / f"{namespace}-{name}.kubeconfig"
        self.kubeconfig.write_text(json.dumps(document))

    def kubectl(self, *arguments):
        return self.site.kubectl(f"--kubeconfig={self.kubeconfig}", *arguments)

    def dmaas(self, *arguments, seconds=120):
        """Exit code and all that was written."""
        done = subprocess.run([str(PROGRAM), *map(str, arguments), "-n", self.namespace, "--kubeconfig", str(self.kubeconfig)],
                              capture_output=True, text=True, timeout=seconds)
        return done.returncode, done.stdout + done.stderr
