"""Any Kubernetes cluster, by its kubeconfig."""

import json
import os
import subprocess
from pathlib import Path

from testbed.commands import kubernetes_program
from testbed.errors import TestbedError

COMMAND_SECONDS = 300


class KubernetesAccess:
    """A cluster that is reached through kubectl. Usable by several threads."""

    def __init__(self, name: str, kubeconfig: Path, *options: str) -> None:
        """`options` of kubectl that every command gets."""
        self.name = name
        self.kubeconfig = kubeconfig
        self._options = options

    def kubectl_command(self, *arguments: str) -> list[str]:
        return [kubernetes_program("kubectl"), f"--kubeconfig={self.kubeconfig}", *self._options,
                *arguments]

    def kubectl(self, *arguments: str, input: str | None = None) -> str:
        """Standard output; raises with what kubectl said when it fails."""
        done = subprocess.run(self.kubectl_command(*arguments), input=input, capture_output=True,
                              text=True, timeout=COMMAND_SECONDS)
        if done.returncode != 0:
            raise TestbedError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def apply(self, manifests: str) -> str:
        """YAML or JSON documents."""
        return self.kubectl("apply", "-f", "-", input=manifests)

    def get(self, kind: str, name: str = "", namespace: str = "") -> dict:
        """The object, or the list of a kind; all namespaces when none is given for a list."""
        where = [f"--namespace={namespace}"] if namespace else [] if name else ["-A"]
        return json.loads(self.kubectl("get", kind, *([name] if name else []), *where, "-ojson"))

    def wait(self, resource: str, condition: str, *, namespace: str = "default",
             seconds: float = 60) -> None:
        """`condition` as `kubectl wait --for` takes it; the resource must exist."""
        self.kubectl("wait", resource, f"--for={condition}", f"--namespace={namespace}",
                     f"--timeout={seconds:g}s")


def clusters_from_environment() -> list[KubernetesAccess]:
    """One for each context of a given KUBECONFIG; none when the test bed's own are to be used."""
    given = os.environ.get("KUBECONFIG")
    if not given:
        return []
    path = Path(given)
    if not path.is_file():
        raise TestbedError(f"KUBECONFIG names {given}, which is not one readable file")
    names = KubernetesAccess("given", path).kubectl("config", "get-contexts", "-oname").split()
    return [KubernetesAccess(name, path, f"--context={name}") for name in names]
