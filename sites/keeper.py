"""A small stateful application: one pod with one claim, files of known content, a Secret and a ConfigMap."""

import json

MANIFEST = """
apiVersion: v1
kind: Namespace
metadata: {{name: {namespace}}}
---
apiVersion: v1
kind: Secret
metadata: {{name: keeper, namespace: {namespace}}}
stringData: {{password: "{secret}"}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: keeper, namespace: {namespace}}}
data: {{colour: green}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: keeper, namespace: {namespace}}}
spec:
  serviceName: keeper
  replicas: 1
  selector: {{matchLabels: {{app: keeper}}}}
  template:
    metadata: {{labels: {{app: keeper}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: keeper
        image: dmaas.io/testbed/debian-base:12
        imagePullPolicy: Never
        command: [sleep, infinity]
        env: [{{name: PASSWORD, valueFrom: {{secretKeyRef: {{name: keeper, key: password}}}}}}]
        volumeMounts: [{{name: data, mountPath: /data}}]
  volumeClaimTemplates:
  - metadata: {{name: data}}
    spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 64Mi}}}}}}
"""
FILL = "for i in $(seq {files}); do head -c {size} /dev/urandom > /data/file-$i; done; sync"


class Keeper:
    """The application in a namespace of its own, with a plan `keeper` that protects all of it."""

    def __init__(self, site, namespace, secret="keeper-secret-value"):
        self.site = site
        self.namespace = namespace
        self.secret = secret

    def deploy(self, files=20, size=100_000):
        self.site.cluster.apply(MANIFEST.format(namespace=self.namespace, secret=self.secret))
        self.site.kubectl("-n", self.namespace, "rollout", "status", "statefulset/keeper", "--timeout=120s")
        self.write(files, size)
        return self

    def protect(self, storage="main", **changes):
        """The plan as `dmaas protect` writes it; `changes` are merged into its spec."""
        self.site.dmaas("protect", "all", "-n", self.namespace, "--name", "keeper", "--storage", storage)
        if changes:
            self.site.kubectl("-n", self.namespace, "patch", "backupconfiguration", "keeper", "--type=merge", "-p",
                              json.dumps({"spec": changes}))
        return self

    def write(self, files=20, size=100_000):
        self.shell(FILL.format(files=files, size=size))

    def shell(self, command, namespace=None):
        return self.site.kubectl("exec", "-n", namespace or self.namespace, "keeper-0", "--", "sh", "-c", command)

    def checksums(self, namespace=None):
        """Of every file in the claim, as text."""
        return self.shell("cd /data && find . -type f | sort | xargs sha256sum", namespace)

    def remove(self):
        self.site.kubectl("delete", "namespace", self.namespace, "--ignore-not-found", "--wait=false")
